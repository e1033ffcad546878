"""Small runs of the simulator for tests: each is made once and shared. Must not judge them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any

from authshield.simulate.parameters import Parameters, scenario
from authshield.simulate.simulation import Run, Simulation

START = 1_743_465_600_000  # 1 April 2025, nine in the morning in Tokyo
Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Made:
    """A run, and what it wrote."""

    simulation: Simulation
    text: str
    events: list[Event]

    def of(self, kind: str, label: str = "") -> list[Event]:
        """The events of a kind, and of a label where one is asked for."""
        return [e for e in self.events if e["kind"] == kind and label in ("", e.get("label"))]

    def fraud(self) -> list[Event]:
        """What thieves did."""
        return [e for e in self.events if e.get("label") == "fraud"]

    def accounts(self) -> Iterator[tuple[str, list[Event]]]:
        """The events of each account, in order of time."""
        known = sorted((e for e in self.events if e["account"]), key=lambda e: (e["account"], e["id"]))
        yield from ((name, list(part)) for name, part in groupby(known, key=lambda e: str(e["account"])))


@cache
def made(name: str, accounts: int = 150, days: int = 30, **more: float) -> Made:
    """A run; ``seed``, ``evasion`` and ``hijacked`` as the command has them."""
    chosen = scenario(name)
    run = Run(
        scenario=chosen,
        accounts=accounts,
        days=days,
        seed=int(more.get("seed", 0)),
        evasion=int(more.get("evasion", chosen.evasion)),
        hijacked=more.get("hijacked", chosen.hijacked),
        start=START,
    )
    written: list[str] = []
    simulation = Simulation(run, Parameters(), written.append)
    for _ in simulation.steps():
        pass
    text = "".join(written)
    return Made(simulation, text, [json.loads(line) for line in text.splitlines()])


def seconds(event: Event) -> float:
    """The event's time, since 1970."""
    return datetime.fromisoformat(event["time"]).timestamp()


def value(event: Event) -> float:
    """Yen that an order is about."""
    order = event["order"]
    return float(order["quantity"] * order["price"] * order["fx"])
