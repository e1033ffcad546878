"""What AuthShield's own stages cost, one by one, on the event of a real request. Must not be used by the site."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from itertools import count, cycle
from typing import TYPE_CHECKING, Any

from bench.variants import LOGIN, ORDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.traffic import Site, Traffic

ROUNDS = 5
EVENTS = 40
"""Requests of as many people that the calls take in turn, so that no one's windows fill up."""


def stages(site: Site, traffic: Traffic, calls: int) -> dict[str, float]:
    """Microseconds a call: the best of five rounds, since noise only ever adds."""
    from authshield.measure.store import default_store

    store = default_store()
    found = {"ping": _best(lambda: store.command("PING"), calls)}
    decided: list[Any] = []
    for scenario in (LOGIN, ORDER):
        decided = _decided(site, traffic, scenario)
        for stage, call in _calls(decided, store).items():
            with _server(store) as server:
                found[f"{stage} {scenario}"] = _best(call, calls)
            if server:
                found[f"{stage} {scenario}, server"] = server["microseconds"]
    found["ledger line"] = _ledger_line(decided[0], calls)
    return found


def _calls(decided: Sequence[Any], store: Any) -> dict[str, Callable[[], object]]:
    """Each stage as one call, on the next of the events."""
    from authshield import clock, pipeline
    from authshield.judge import judge
    from authshield.measure import measure
    from authshield.tune import rulebook
    from authshield.vocabulary.assessment import Assessment

    ruleset, switches = rulebook.active(clock.now())
    turns, numbers = cycle(decided), count()

    def judging() -> object:
        event, features, _, _ = next(turns)
        return judge(event, features, ruleset, switches)

    def measuring() -> object:
        return measure(replace(next(turns)[0], id=f"again-{next(numbers)}"), ruleset, store)

    def settling() -> None:
        event, features, decision, outcome = next(turns)
        pipeline.conclude(Assessment(event, features, decision), outcome)

    return {"judge": judging, "measure": measuring, "settle": settling}


def _ledger_line(decided: Any, calls: int) -> float:
    from django.db import transaction

    from authshield.record import ledger

    event, features, decision, outcome = decided
    with transaction.atomic():
        taken = _best(lambda: ledger.write(event, features, decision, outcome, None, event.at), calls)
        transaction.set_rollback(True)
    return taken


def _decided(site: Site, traffic: Traffic, scenario: str) -> list[Any]:
    """What the public signal tells of real requests."""
    from authshield import signals

    told: list[Any] = []

    def listen(**kwargs: Any) -> None:
        told.append(tuple(kwargs[name] for name in ("event", "features", "decision", "outcome")))

    signals.decided.connect(listen)
    for _ in range(EVENTS):
        site.call(traffic.environ(scenario)[0])
    signals.decided.disconnect(listen)
    return told


def _best(call: Callable[[], object], calls: int) -> float:
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(calls):
            call()
        taken.append((time.perf_counter() - began) / calls * 1e6)
    return min(taken)


@contextmanager
def _server(store: Any) -> Iterator[dict[str, float]]:
    """How long the server's own clock says that a script call took; empty where none was made."""
    seen: dict[str, float] = {}
    store.command("CONFIG", "RESETSTAT")
    yield seen
    script = store.command("INFO", "commandstats").get("cmdstat_evalsha")
    if script:
        seen["microseconds"] = float(script["usec_per_call"])
