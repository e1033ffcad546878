"""One run from its arguments to its last line. Read this first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from authshield.simulate.crowds import Crowds
from authshield.simulate.customers import Customers
from authshield.simulate.days import Days
from authshield.simulate.draws import Draws
from authshield.simulate.engine import Engine
from authshield.simulate.guessing import Guessing
from authshield.simulate.heists import Heist, Planner
from authshield.simulate.market import Market
from authshield.simulate.networks import Networks
from authshield.simulate.parameters import Parameters, Scenario
from authshield.simulate.people import Population
from authshield.simulate.takeovers import Takeovers
from authshield.simulate.trading import Desk
from authshield.simulate.world import World

# Streams of chance: the same customers, whoever comes.
_WORLD, _CUSTOMERS, _THIEVES, _CHANGES, _CROWDS = range(1, 6)
_STEP_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Run:
    """What is to be simulated. ``start`` in ms since 1970; ``hijacked`` is the share of the accounts."""

    scenario: Scenario
    accounts: int
    days: int
    seed: int
    evasion: int
    hijacked: float
    start: int


class Simulation:
    """A brokerage, made and run."""

    def __init__(self, run: Run, parameters: Parameters, write: Callable[[str], object]) -> None:
        """``write`` takes the lines, some thousand at a time."""
        self.run = run
        made = Draws(run.seed, _WORLD)
        self._thieves = Draws(run.seed, _THIEVES)
        engine = Engine(run.start, write)
        market, networks = Market(parameters, made), Networks(parameters)
        population = Population(parameters, made, market, networks)
        population.add(run.accounts)
        draws = Draws(run.seed, _CUSTOMERS)
        market.rng = draws.rng
        desk = Desk(draws, parameters["orders.limit_fills"])
        self.world = World(parameters, engine, draws, market, networks, population, desk, run.start, run.days)
        self._prepare()

    def steps(self) -> Iterator[float]:
        """Run it hour by hour; yields how much of it is done."""
        engine, end = self.world.engine, self.world.day_start(self.run.days)
        while engine.now < end:
            engine.run(min(end, engine.now + _STEP_MS))
            yield (engine.now - self.run.start) / (end - self.run.start)
        engine.flush()

    def summary(self) -> dict[str, Any]:
        """What was written, in figures."""
        trading = [heist for heist in self._taken() if heist.sold]
        return {
            "scenario": self.run.scenario.name,
            "seed": self.run.seed,
            "accounts": self.run.accounts,
            "days": self.run.days,
            "evasion": self.run.evasion,
            "events": self.world.engine.written,
            "by_kind": dict(sorted(self.world.engine.counts.items())),
            "hijacked": len(self._taken()),
            "traded": len(trading),
            "campaigns": len(self._planner.campaigns),
            "fraud_sold": round(sum(heist.sold for heist in trading)),
            "fraud_bought": round(sum(heist.bought for heist in trading)),
        }

    def _taken(self) -> list[Heist]:
        return self._takeovers.taken

    def _prepare(self) -> None:
        run, world, thieves = self.run, self.world, self._thieves
        scenario, customers = run.scenario, Customers(world)
        guessing = Guessing(world, thieves, run.evasion)
        self._takeovers = Takeovers(world, thieves, customers, guessing)
        self._planner = Planner(world, thieves, scenario, run.evasion)
        guessing.plan(tuple(scenario.guessing), self._planner.first_day)
        self._planner.bursts = guessing.bursts
        days = Days(world, customers, self._takeovers, thieves)
        count = max(1, round(run.hijacked * run.accounts)) if run.hijacked and scenario.takeovers else 0
        days.take(self._planner.heists(count))
        crowds = Crowds(world, Draws(run.seed, _CROWDS), customers, days)
        world.engine.start(run.start, days.run())
        crowds.plan()
        if scenario.special:
            crowds.special(scenario.special, scenario.at if scenario.at < run.days else run.days // 2)


def perturbed(parameters: Parameters, share: float, seed: int) -> None:
    """Change every number by up to that share."""
    parameters.perturb(share, Draws(seed, _CHANGES).uniform)
