"""How far two weeks are apart: the population stability index, and how much of it is chance. Pure.

0.1 is worth a look and 0.25 a change, as a rule of thumb; but a small sample drifts by chance alone, so nothing
counts that chance explains (scoring reference, 5.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log, sqrt

WATCH, ALARM = 0.1, 0.25
_CHANCE_SDS = 5.0
_HALF = 0.5
"""Added to each step, so that one that was never seen is rare and not impossible."""

STEADY, WATCHED, DRIFTED = "steady", "watch", "drifted"


@dataclass(frozen=True, slots=True)
class Drift:
    """``psi`` between two samples; ``chance`` is what it hardly exceeds where nothing has changed."""

    psi: float
    chance: float

    @property
    def level(self) -> str:
        """Steady, worth a look, or drifted."""
        if self.psi <= max(WATCH, self.chance):
            return STEADY
        return DRIFTED if self.psi > max(ALARM, self.chance) else WATCHED


def drift(before: Mapping[int, int], now: Mapping[int, int]) -> Drift:
    """The drift between two counts of the same steps; nothing at all is no drift."""
    steps = sorted(before.keys() | now.keys())
    n, m = sum(before.values()), sum(now.values())
    if not n or not m:
        return Drift(0.0, 0.0)
    extra = _HALF * len(steps)
    psi = 0.0
    for step in steps:
        old = (before.get(step, 0) + _HALF) / (n + extra)
        new = (now.get(step, 0) + _HALF) / (m + extra)
        psi += (new - old) * log(new / old)
    free = len(steps) - 1
    both = 1 / n + 1 / m
    return Drift(psi, both * (free + _CHANCE_SDS * sqrt(2 * free)))
