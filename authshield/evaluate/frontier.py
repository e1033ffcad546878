"""The frontier: how much fraudulent value is stopped at which friction, for every place that the desk can choose.

It is recomputed from the risks of one run; docs/evaluation.md says what that assumes. Must not replay anything.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from math import inf
from typing import Any

from authshield.evaluate.curves import threshold_for
from authshield.evaluate.facts import Mark
from authshield.evaluate.pooled import Money, Pool
from authshield.evaluate.seen import risk_of

SIGN_IN_RATES = (None, 0.005, 0.01, 0.015)
THRESHOLDS = range(101)
_OVER_ALL = 101.0


def frontier(pool: Pool) -> list[dict[str, Any]]:
    """Value stopped against friction for every risk from which orders are held, with and without sign-ins asked.

    Recomputed from the risks that this run gave: an order of at least the risk is held; a sign-in of at least its own
    threshold is asked for a code, and whoever cannot pass is stopped with everything that follows.
    """
    if not pool.legit or not any(one.minor for one in pool.fraud_money):
        return []
    return [row for rate in SIGN_IN_RATES for row in _along(pool, rate)]


def _along(pool: Pool, rate: float | None) -> list[dict[str, Any]]:
    """One line of the frontier: sign-ins are asked at one rate, or never."""
    asked_from = _OVER_ALL if rate is None else _risk_for(pool.legit_sign_ins, rate)
    value = _Risks([_risk_if_not_shut(one, asked_from) for one in pool.fraud_money], pool.fraud_money)
    highest = _highest_orders(pool)
    asked = [one for one in pool.legit if risk_of(one.sign_in) >= asked_from]
    stopped = sum(not one.mark & Mark.MAY_PASS for one in asked)
    return [
        {
            "sign_in_rate": rate,
            "asked_from": asked_from,
            "held_from": float(held_from),
            "value_stopped": value.share_from(held_from),
            "sessions_challenged": len(asked) / len(pool.legit),
            "sessions_held": (len(highest) - bisect_left(highest, held_from)) / len(pool.legit),
            "sessions_stopped": stopped / len(pool.legit),
        }
        for held_from in (*THRESHOLDS, _OVER_ALL)
    ]


def _risk_if_not_shut(one: Money, asked_from: float) -> float:
    """The order's risk; beyond all thresholds where its session's sign-in would have been stopped."""
    is_shut = risk_of(one.session_sign_in) >= asked_from and not one.session_mark & Mark.MAY_PASS
    return inf if is_shut else risk_of(one.score)


class _Risks:
    """Fraudulent value by risk."""

    def __init__(self, risks: Sequence[float], money: Sequence[Money]) -> None:
        pairs = sorted((risk, one.minor) for risk, one in zip(risks, money, strict=True))
        self._risks = [risk for risk, _ in pairs]
        self._under = list(accumulate((minor for _, minor in pairs), initial=0))

    def share_from(self, threshold: float) -> float:
        """The share of the value at or over a threshold."""
        return 1 - self._under[bisect_left(self._risks, threshold)] / self._under[-1]


def _highest_orders(pool: Pool) -> list[float]:
    """The highest risk of an order in each ordinary session that has any, ascending."""
    highest: dict[tuple[int, int], float] = {}
    for one in pool.legit_orders:
        key = one.file, one.session
        highest[key] = max(highest.get(key, 0.0), risk_of(one.score))
    return sorted(highest.values())


def _risk_for(ordered: Sequence[float], rate: float) -> float:
    """The lowest whole risk that asks at most this share of ordinary sign-ins."""
    threshold = threshold_for(ordered, rate)
    return next((float(risk) for risk in THRESHOLDS if risk >= threshold), _OVER_ALL)
