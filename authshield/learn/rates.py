"""Thresholds that keep a promised rate: the conformal quantile of the latest ordinary risks. Pure.

The promise holds for whatever risks look like, as long as the next customers are like the latest ones: of all ways
to pick which of n + 1 decisions is the next one, at most the promised share is over the threshold that the other n
give (split conformal prediction; scoring reference, 5.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, inf, sqrt

MOST = 100.0
_STEPS = 100
"""Thresholds are told in hundredths."""


@dataclass(frozen=True, slots=True)
class Ordinary:
    """A decision on somebody who is presumed to be the customer.

    ``is_asked``: by rules and limits, whatever the risk.
    """

    risk: float
    is_asked: bool = False

    @property
    def score(self) -> float:
        """What is compared with the threshold."""
        return inf if self.is_asked else self.risk


@dataclass(frozen=True, slots=True)
class Found:
    """The threshold for a rate, None where there is none: then ``why`` says why.

    ``spread``: one standard deviation of the rate that will be met, by chance alone.
    """

    threshold: float | None
    number: int
    spread: float
    why: str = ""


TOO_FEW, RULES_ALONE = "too_few", "rules_alone"


def threshold_for(ordinary: Sequence[Ordinary], rate: float) -> Found:
    """The least threshold that asks at most this share of such decisions, 0 < rate < 1."""
    number = len(ordinary)
    spread = sqrt(rate * (1 - rate) / (number + 2))
    place = ceil(round((number + 1) * (1 - rate), 9))
    if place > number:
        return Found(None, number, spread, TOO_FEW)
    quantile = sorted(one.score for one in ordinary)[place - 1]
    threshold = (floor(round(quantile * _STEPS, 6)) + 1) / _STEPS if quantile < inf else inf
    if threshold > MOST:
        return Found(None, number, spread, RULES_ALONE)
    return Found(threshold, number, spread)


def rate_at(ordinary: Sequence[Ordinary], threshold: float | None) -> float:
    """The share of these decisions that such a threshold asks, rules and limits included."""
    if not ordinary:
        return 0.0
    edge = inf if threshold is None else threshold
    return sum(one.score >= edge for one in ordinary) / len(ordinary)


def needed_for(rate: float) -> int:
    """So many decisions are the least that a rate can be promised by."""
    return ceil(round(1 / rate, 9)) - 1


def curve(ordinary: Sequence[Ordinary], *, step: float = 2.0) -> list[tuple[float, float]]:
    """The rate against the threshold, over the whole scale."""
    scores = sorted(one.score for one in ordinary)
    points, below = [], 0
    for number in range(round(MOST / step) + 1):
        threshold = number * step
        while below < len(scores) and scores[below] < threshold:
            below += 1
        points.append((threshold, 1 - below / len(scores) if scores else 0.0))
    return points
