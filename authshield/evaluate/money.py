"""Fraudulent money: what was executed, what was not, and whom it cost what, as it was really decided; and by rank.

Value is that of orders and withdrawals in minor units of the base currency. Must not move thresholds of risk
(frontier.py does) nor rank sign-ins (ranking.py does).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from authshield.evaluate import bootstrap
from authshield.evaluate.curves import threshold_for
from authshield.evaluate.pooled import Money, Pool, Session
from authshield.evaluate.seen import End

FLAG_RATES = (0.001, 0.003, 0.01, 0.02)
HELD_RATE = 0.001

Plain = Callable[[int], int | float]
_T = TypeVar("_T")
_K = TypeVar("_K")


def outcome(pool: Pool, plain: Plain, seed: int) -> dict[str, Any]:
    """What became of the fraudulent value: over all with an interval over attacks, by kind, campaign and file."""
    return {
        **_ends(pool.fraud_money, plain),
        "interval": _not_executed_interval(pool.fraud_money, seed),
        "by_type": {
            name: {**_ends(rows, plain), "interval": _not_executed_interval(rows, seed)}
            for name, rows in _by(pool.fraud_money, lambda one: one.attack).items()
        },
        "by_campaign": {
            f"{pool.files[file]}: {name}": _ends(rows, plain)
            for (file, name), rows in _by(
                pool.fraud_money, lambda one: (one.file, one.campaign or one.cluster[1])
            ).items()
        },
        "by_file": {
            pool.files[file]: _ends(rows, plain)
            for file, rows in _by(pool.fraud_money, lambda one: one.file).items()
        },
    }


def _ends(rows: Sequence[Money], plain: Plain) -> dict[str, Any]:
    attempted = sum(one.minor for one in rows)
    stopped = sum(one.minor for one in rows if one.end & End.STOPPED)
    held = sum(one.minor for one in rows if one.end & End.HELD and not one.end & End.STOPPED)
    return {
        "attempted": plain(attempted),
        "held": plain(held),
        "stopped": plain(stopped),
        "executed": plain(attempted - held - stopped),
        "not_executed": (held + stopped) / attempted if attempted else None,
    }


def _not_executed_interval(rows: Sequence[Money], seed: int) -> bootstrap.Interval | None:
    flags = [bool(one.end & (End.STOPPED | End.HELD)) for one in rows]
    return _interval(rows, flags, seed)


def _interval(rows: Sequence[Money], flags: Sequence[bool], seed: int) -> bootstrap.Interval | None:
    parts: dict[tuple[str, str], int] = defaultdict(int)
    wholes: dict[tuple[str, str], int] = defaultdict(int)
    for one, flag in zip(rows, flags, strict=True):
        wholes[one.cluster] += one.minor
        parts[one.cluster] += one.minor * flag
    names = sorted(wholes)
    return (
        bootstrap.of_shares([[parts[n] for n in names]], [[wholes[n] for n in names]], seed)[0]
        if names
        else None
    )


def recall(pool: Pool, seed: int) -> dict[str, Any]:
    """The share of fraudulent value in orders that were flagged before or with them, at small shares of customers.

    ``sessions`` flags a session by its highest score so far. ``orders`` holds an order by its own score, at most one
    in a thousand of the ordinary orders.
    """
    found: dict[str, Any] = {"sessions": {}}
    for rate in FLAG_RATES:
        threshold = threshold_for(pool.legit_tops, rate)
        found["sessions"][f"{rate:g}"] = _recalled(pool.fraud_money, threshold, seed, so_far=True)
    threshold = threshold_for(sorted(one.score for one in pool.legit_orders), HELD_RATE)
    found["orders"] = {
        **_recalled(pool.fraud_money, threshold, seed, so_far=False),
        "by_type": {
            name: _recalled(rows, threshold, seed, so_far=False)
            for name, rows in _by(pool.fraud_money, lambda one: one.attack).items()
        },
    }
    return found


def _recalled(rows: Sequence[Money], threshold: float, seed: int, *, so_far: bool) -> dict[str, Any]:
    flags = [(one.so_far if so_far else one.score) >= threshold for one in rows]
    total = sum(one.minor for one in rows)
    caught = sum(one.minor for one, flag in zip(rows, flags, strict=True) if flag)
    return {"share": caught / total if total else None, "interval": _interval(rows, flags, seed)}


def recall_curve(pool: Pool) -> list[tuple[float, float]]:
    """Points (share of ordinary sessions flagged, share of fraudulent value flagged), by rising share."""
    total, tops = sum(one.minor for one in pool.fraud_money), pool.legit_tops
    if not total or not tops:
        return []
    points, caught = {0.0: 0.0}, 0
    for one in sorted(pool.fraud_money, key=lambda one: -one.so_far):
        caught += one.minor
        points[(len(tops) - bisect_left(tops, one.so_far)) / len(tops)] = caught / total
    return sorted(points.items())


def friction(pool: Pool, seed: int) -> dict[str, Any]:
    """Ordinary customers' sessions that were challenged, had an event held, or were stopped; and victims' own.

    Intervals are over customers.
    """
    return {
        "legit": _disturbed(pool.legit, seed),
        "victims": _disturbed(pool.victims, seed),
        "by_file": {
            pool.files[file]: _disturbed(rows, None)
            for file, rows in _by(pool.legit, lambda one: one.file).items()
        },
    }


def _disturbed(sessions: Sequence[Session], seed: int | None) -> dict[str, Any]:
    names = ("challenged", "held", "stopped")
    bits = (End.CHALLENGED, End.HELD, End.STOPPED)
    customers: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for one in sessions:
        own = customers[one.file, one.account]
        own[3] += 1
        for place, bit in enumerate(bits):
            own[place] += bool(one.end & bit)
    rows = [customers[key] for key in sorted(customers)]
    columns = [[row[place] for row in rows] for place in range(4)]
    intervals: list[bootstrap.Interval | None] = [None] * 3
    if seed is not None and rows:
        intervals = bootstrap.of_shares(columns[:3], [columns[3]] * 3, seed)
    total = len(sessions)
    return {
        "sessions": total,
        **{
            name: {
                "sessions": sum(column),
                "share": sum(column) / total if total else None,
                "interval": found,
            }
            for name, column, found in zip(names, columns, intervals, strict=False)
        },
    }


def _by(rows: Sequence[_T], key: Callable[[_T], _K]) -> dict[_K, list[_T]]:
    found: dict[_K, list[_T]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return dict(sorted(found.items(), key=lambda item: str(item[0])))
