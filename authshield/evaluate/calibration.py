"""Are the probabilities right? ECE, Brier, log-loss, and what isotonic regression says of them.

Pure. Must not know where a probability comes from, but for ``probability``, which reads a risk as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

BINS = 10
APRIL = 1 / 26_600
"""The base rate at which risk 100 means even odds: 4,852 accesses among some 129 million sign-ins (April 2025)."""
POINTS_A_NAT = 10.0
_EVEN = 100.0
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far probabilities are off. ``band`` is the base rate, which an ECE is to be held against.

    ``brier`` is ``miscalibration`` - ``discrimination`` + ``uncertainty`` (Dimitriadis, Gneiting and Jordan 2021).
    """

    items: int
    band: float
    ece: float
    brier: float
    log_loss: float
    miscalibration: float
    discrimination: float
    uncertainty: float


def probability(points: float, base_rate: float) -> float:
    """The chance of an attack that points stand for, where ``base_rate`` of all sessions are attacks.

    Ten points are a nat, and 100 are even odds at April's base rate; another base rate shifts the log odds.
    """
    shift = _logit(base_rate) - _logit(APRIL)
    return _sigmoid((points - _EVEN) / POINTS_A_NAT + shift)


def calibration(chances: Sequence[float], truths: Sequence[bool]) -> Calibration | None:
    """All figures; None for nothing."""
    if not chances:
        return None
    pairs = sorted(zip(chances, truths, strict=True))
    ordered, labels = [chance for chance, _ in pairs], [float(truth) for _, truth in pairs]
    n, band = len(pairs), sum(labels) / len(pairs)
    brier = _brier(ordered, labels)
    fitted = pava(_tied(ordered, labels))
    best, unsure = _brier(fitted, labels), band * (1 - band)
    return Calibration(
        items=n,
        band=band,
        ece=ece(ordered, labels),
        brier=brier,
        log_loss=-sum(_log_of(p, y) for p, y in zip(ordered, labels, strict=True)) / n,
        miscalibration=brier - best,
        discrimination=unsure - best,
        uncertainty=unsure,
    )


def ece(chances: Sequence[float], labels: Sequence[float], bins: int = BINS) -> float:
    """The mean distance between what was said and what was true, over bins of equal mass.

    Both in ascending order of the chance. Source: scoring reference, 5.5.
    """
    n, off = len(chances), 0.0
    for number in range(bins):
        first, last = n * number // bins, n * (number + 1) // bins
        off += abs(sum(chances[first:last]) - sum(labels[first:last]))
    return off / n if n else 0.0


def pava(values: Sequence[float]) -> list[float]:
    """The rising sequence that is nearest to the values in squares (pool adjacent violators)."""
    blocks: list[tuple[float, int]] = []
    for value in values:
        total, size = value, 1
        while blocks and blocks[-1][0] * size >= total * blocks[-1][1]:
            before, count = blocks.pop()
            total, size = total + before, size + count
        blocks.append((total, size))
    return [total / size for total, size in blocks for _ in range(size)]


def _tied(chances: Sequence[float], labels: Sequence[float]) -> list[float]:
    """Labels, where equal chances share their mean: an isotonic fit may not tell them apart."""
    means: list[float] = []
    first = 0
    while first < len(chances):
        last = first
        while last < len(chances) and chances[last] == chances[first]:
            last += 1
        means += [sum(labels[first:last]) / (last - first)] * (last - first)
        first = last
    return means


def _brier(chances: Sequence[float], labels: Sequence[float]) -> float:
    return sum((p - y) ** 2 for p, y in zip(chances, labels, strict=True)) / len(labels)


def _log_of(chance: float, label: float) -> float:
    return log(max(chance if label else 1 - chance, _TINY))


def _logit(rate: float) -> float:
    kept = min(max(rate, _TINY), 1 - _TINY)
    return log(kept / (1 - kept))


def _sigmoid(z: float) -> float:
    return 1 / (1 + exp(-z)) if z >= 0 else exp(z) / (1 + exp(z))
