"""From a risk to the chance of fraud, by as many labels as there are. Pure.

Shipped is one scale: 100 is even odds where one sign-in in some 27,000 is a thief's, and ten points are a nat. Labels
shift it, then stretch it, then bend it (scoring reference, 5.2); each step is drawn towards the one before, so that
few labels change little. Ranking is left to the risk itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Any

from authshield.judge.evidence.weigh import POINTS_A_NAT

EVEN = 100.0
LEAST = 5
"""Frauds below which the shipped scale stays as it is."""

STRETCH_FROM, BEND_FROM = 50, 300
_SHIFT_SD, _STRETCH_SD = 2.0, 0.25
"""How far, by the shipped belief, a site may be from the shipped base rate (nats) and slope."""

_PULL = 20.0
"""So many events is the stretched line worth beside what was observed in a bin."""

_ROUNDS = 50
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Bin:
    """Events of about one risk: how many turned out fraudulent, and how many did not."""

    risk: float
    frauds: int
    others: int


@dataclass(frozen=True, slots=True)
class Scale:
    """What a risk means. ``knots`` pair risks and log odds where labels were many enough to bend the line."""

    method: str = "shipped"
    slope: float = 1.0
    shift: float = 0.0
    knots: tuple[tuple[float, float], ...] = ()
    frauds: int = 0
    others: int = 0

    def chance(self, risk: float) -> float:
        """The chance that an event of this risk is fraud; never falls with the risk."""
        return _sigmoid(_between(self.knots, risk) if self.knots else self._line(risk))

    def _line(self, risk: float) -> float:
        return self.slope * _nats(risk) + self.shift

    def plain(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "method": self.method,
            "slope": self.slope,
            "shift": self.shift,
            "knots": [list(knot) for knot in self.knots],
            "frauds": self.frauds,
            "others": self.others,
        }


SHIPPED = Scale()


def from_plain(stored: dict[str, Any]) -> Scale:
    """What ``plain`` made."""
    knots = tuple((float(risk), float(nats)) for risk, nats in stored["knots"])
    return Scale(**{**stored, "knots": knots})


def calibrate(bins: Sequence[Bin]) -> Scale:
    """The scale that these events support."""
    frauds, others = sum(one.frauds for one in bins), sum(one.others for one in bins)
    if frauds < LEAST or not others:
        return Scale(frauds=frauds, others=others)
    slope, shift = _fit(bins, is_stretched=frauds >= STRETCH_FROM)
    if frauds <= BEND_FROM:
        method = "shifted" if frauds < STRETCH_FROM else "stretched"
        return Scale(method, slope, shift, (), frauds, others)
    line = Scale("stretched", slope, shift)
    return Scale("bent", slope, shift, _bend(bins, line), frauds, others)


def _fit(bins: Sequence[Bin], *, is_stretched: bool) -> tuple[float, float]:
    """Slope and shift by penalised logistic regression (Newton's method, halved where it overshoots)."""
    slope, shift = 1.0, 0.0
    loss = _loss(bins, slope, shift)
    for _ in range(_ROUNDS):
        step = _newton(bins, slope, shift)
        down, size = (step[0] if is_stretched else 0.0, step[1]), 1.0
        if not is_stretched:
            down = (0.0, _newton_of_shift(bins, slope, shift))
        while size > _TINY and _loss(bins, slope - size * down[0], shift - size * down[1]) > loss:
            size /= 2
        slope, shift = max(0.05, slope - size * down[0]), shift - size * down[1]
        before, loss = loss, _loss(bins, slope, shift)
        if before - loss < _TINY:
            break
    return slope, shift


def _loss(bins: Sequence[Bin], slope: float, shift: float) -> float:
    total = (shift / _SHIFT_SD) ** 2 / 2 + ((slope - 1) / _STRETCH_SD) ** 2 / 2
    for one in bins:
        z = slope * _nats(one.risk) + shift
        total += one.frauds * _softplus(-z) + one.others * _softplus(z)
    return total


def _slopes(bins: Sequence[Bin], slope: float, shift: float) -> tuple[list[float], list[float]]:
    """Gradient (slope, shift) and Hessian (slope², slope·shift, shift²) of the loss."""
    g = [(slope - 1) / _STRETCH_SD**2, shift / _SHIFT_SD**2]
    h = [1 / _STRETCH_SD**2, 0.0, 1 / _SHIFT_SD**2]
    for one in bins:
        x = _nats(one.risk)
        p, n = _sigmoid(slope * x + shift), one.frauds + one.others
        off, bow = n * p - one.frauds, n * p * (1 - p)
        g[0] += off * x
        g[1] += off
        h[0] += bow * x * x
        h[1] += bow * x
        h[2] += bow
    return g, h


def _newton(bins: Sequence[Bin], slope: float, shift: float) -> tuple[float, float]:
    g, h = _slopes(bins, slope, shift)
    size = h[0] * h[2] - h[1] ** 2
    return (h[2] * g[0] - h[1] * g[1]) / size, (h[0] * g[1] - h[1] * g[0]) / size


def _newton_of_shift(bins: Sequence[Bin], slope: float, shift: float) -> float:
    g, h = _slopes(bins, slope, shift)
    return g[1] / h[2]


def _bend(bins: Sequence[Bin], line: Scale) -> tuple[tuple[float, float], ...]:
    """What was observed, smoothed by the line and made to rise (pool adjacent violators)."""
    pools: list[tuple[float, float, float]] = []
    for one in sorted(bins, key=lambda one: one.risk):
        mass = one.frauds + one.others + _PULL
        pool = (one.frauds + _PULL * line.chance(one.risk), mass, one.risk * mass)
        while pools and pools[-1][0] * pool[1] >= pool[0] * pools[-1][1]:
            before = pools.pop()
            pool = (before[0] + pool[0], before[1] + pool[1], before[2] + pool[2])
        pools.append(pool)
    return tuple((weighted / mass, _logit(share / mass)) for share, mass, weighted in pools)


def _between(knots: Sequence[tuple[float, float]], risk: float) -> float:
    """Straight lines between the knots; beyond the ends as the shipped scale rises, and never beyond flat."""
    first, last = knots[0], knots[-1]
    if risk <= first[0]:
        return first[1]
    if risk >= last[0]:
        return last[1]
    for (left, low), (right, high) in itertools.pairwise(knots):
        if risk <= right:
            return low + (high - low) * (risk - left) / (right - left)
    return last[1]


def _nats(risk: float) -> float:
    return (risk - EVEN) / POINTS_A_NAT


def _softplus(z: float) -> float:
    return max(z, 0.0) + log(1 + exp(-abs(z)))


def _sigmoid(z: float) -> float:
    return 1 / (1 + exp(-z)) if z >= 0 else exp(z) / (1 + exp(z))


def _logit(rate: float) -> float:
    kept = min(max(rate, _TINY), 1 - _TINY)
    return log(kept / (1 - kept))
