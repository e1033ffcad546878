"""What AuthShield's own stages cost within real requests. Must not be used by the site, nor call a stage itself."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from statistics import median
from typing import TYPE_CHECKING, Any

from redis import Redis

from bench.variants import LOGIN, ORDER, PAGE, TYPO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

STAGES = {
    "observe": ("authshield.observe", "observe"),
    "measure": ("authshield.measure", "measure"),
    "judge": ("authshield.judge", "judge"),
    "settle": ("authshield.pipeline", "conclude"),
    "ledger line": ("authshield.record.ledger", "write"),
}
"""Where a request passes through; a stage may hold another one."""

INSERT = "INSERT"
"""The statement that writes the ledger's line, apart from what leads up to it."""

SCENARIOS = (TYPO, LOGIN, ORDER, PAGE)
PING_CALLS = 300


def stages(call: Callable[[str], object], calls: int, redis_url: str) -> dict[str, dict[str, float]]:
    """By scenario, the median microseconds of each stage that such a request passes; ``call`` sends one.

    ``server`` is what Valkey's own clock says of one call of a script, ``ping`` a PING in a tight loop.
    """
    from django.db import connection

    looking = Redis.from_url(redis_url)
    taken: dict[str, list[float]] = {}
    found: dict[str, dict[str, float]] = {}
    with _watched(taken), connection.execute_wrapper(_inserting(taken.setdefault(INSERT, []))):
        for scenario in SCENARIOS:
            looking.config_resetstat()
            for _ in range(calls):
                call(scenario)
            found[scenario] = {stage: median(seen) for stage, seen in taken.items() if seen}
            found[scenario] |= _server(looking.info("commandstats"))
            for seen in taken.values():
                seen.clear()
    return found | {"ping": {"ping": _ping(looking)}}


@contextmanager
def _watched(taken: dict[str, list[float]]) -> Iterator[None]:
    """Every name in AuthShield's modules that stands for a stage stands for the stage with a clock around it."""
    put_back = []
    for stage, (module, name) in STAGES.items():
        function = getattr(import_module(module), name)
        clocked = _clocked(function, taken.setdefault(stage, []))
        for place in [one for key, one in sys.modules.items() if key.startswith("authshield")]:
            if vars(place).get(name) is function:
                setattr(place, name, clocked)
                put_back.append((place, name, function))
    try:
        yield
    finally:
        for place, name, function in put_back:
            setattr(place, name, function)


def _clocked(function: Callable[..., Any], taken: list[float]) -> Callable[..., Any]:
    clock = time.perf_counter

    @wraps(function)
    def clocked(*args: Any, **options: Any) -> Any:
        began = clock()
        try:
            return function(*args, **options)
        finally:
            taken.append((clock() - began) * 1e6)

    return clocked


def _inserting(taken: list[float]) -> Callable[..., Any]:
    def insert(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.lstrip().startswith("INSERT") and "authshield" in sql:
            return _clocked(execute, taken)(sql, *rest)
        return execute(sql, *rest)

    return insert


def _server(stats: Mapping[str, Any]) -> dict[str, float]:
    scripts = [one for name, one in stats.items() if name in {"cmdstat_evalsha", "cmdstat_eval"}]
    calls = sum(one["calls"] for one in scripts)
    return {"server": sum(one["usec"] for one in scripts) / calls} if calls else {}


def _ping(looking: Redis) -> float:
    taken: list[float] = []
    ping = _clocked(looking.ping, taken)
    for _ in range(PING_CALLS):
        ping()
    return median(taken)
