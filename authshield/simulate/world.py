"""What everybody in the made-up world shares. Nothing here decides anything."""

from __future__ import annotations

from dataclasses import dataclass

from authshield.simulate.draws import Draws
from authshield.simulate.engine import DAY_MS, Engine
from authshield.simulate.market import Market
from authshield.simulate.networks import Networks
from authshield.simulate.parameters import Parameters
from authshield.simulate.people import Person, Population
from authshield.simulate.trading import Desk


@dataclass(slots=True)
class World:
    """One run. ``start`` is in ms; ``days`` whole days; ``draws`` the customers' own stream of chance."""

    p: Parameters
    engine: Engine
    draws: Draws
    market: Market
    networks: Networks
    population: Population
    desk: Desk
    start: int
    days: int

    @property
    def people(self) -> list[Person]:
        """All customers."""
        return self.population.people

    def day_start(self, day: int) -> int:
        """When a day of the run begins."""
        return self.start + day * DAY_MS

    def day(self) -> int:
        """Which day of the run it is."""
        return (self.engine.now - self.start) // DAY_MS
