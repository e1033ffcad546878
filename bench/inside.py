"""What AuthShield's own stages cost, one by one, on the event of a real request. Must not be used by the site."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

from bench.variants import LOGIN, ORDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.traffic import Site, Traffic

ROUNDS = 5


def stages(site: Site, traffic: Traffic, calls: int) -> dict[str, float]:
    """Microseconds a call: the best of five rounds, since noise only ever adds."""
    from django.db import transaction  # noqa: PLC0415 - AuthShield and Django's models are there only now

    from authshield import clock, pipeline  # noqa: PLC0415
    from authshield.judge import judge  # noqa: PLC0415
    from authshield.measure import measure  # noqa: PLC0415
    from authshield.measure.store import default_store  # noqa: PLC0415
    from authshield.record import ledger  # noqa: PLC0415
    from authshield.tune import rulebook  # noqa: PLC0415
    from authshield.vocabulary.assessment import Assessment  # noqa: PLC0415

    number, store = count(), default_store()
    ruleset, switches = rulebook.active(clock.now())
    found: dict[str, float] = {"ping": _best(lambda: store.command("PING"), calls)}
    for scenario in (LOGIN, ORDER):
        event, features, decision, outcome = _decided(site, traffic, scenario)
        assessment = Assessment(event, features, decision)
        found[f"judge {scenario}"] = _best(lambda e=event, f=features: judge(e, f, ruleset, switches), calls)
        with _server(store) as server:
            found[f"measure {scenario}"] = _best(lambda e=event: measure(replace(e, id=f"again-{next(number)}"), ruleset, store), calls)
        found[f"measure {scenario}, server"] = server["microseconds"]
        with _server(store) as server:
            found[f"settle {scenario}"] = _best(
                lambda a=assessment, o=outcome: pipeline.conclude(a, o), calls
            )
        found[f"settle {scenario}, server"] = server["microseconds"]
    with transaction.atomic():
        found["ledger line"] = _best(
            lambda: ledger.write(event, features, decision, outcome, None, event.at), calls
        )
        transaction.set_rollback(True)
    return found


def _decided(site: Site, traffic: Traffic, scenario: str) -> Any:
    """What the public signal tells of one real request."""
    from authshield import signals  # noqa: PLC0415

    told: list[Any] = []

    def listen(**kwargs: Any) -> None:
        told.append(tuple(kwargs[name] for name in ("event", "features", "decision", "outcome")))

    signals.decided.connect(listen)
    environ, _ = traffic.environ(scenario)
    site.call(environ)
    signals.decided.disconnect(listen)
    return told[-1]


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
    """How long the server's own clock says that a script call took."""
    seen = {"microseconds": 0.0}
    store.command("CONFIG", "RESETSTAT")
    yield seen
    script = store.command("INFO", "commandstats")["cmdstat_evalsha"]
    seen["microseconds"] = float(script["usec_per_call"])
