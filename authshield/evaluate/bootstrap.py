"""Intervals by resampling whole clusters: an attack or a customer is one observation, however many rows it has.

Pure; the same seed gives the same interval. Must not know what is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random

from authshield.evaluate.curves import quantile

RESAMPLES = 1000
_LEVEL = 0.95

Interval = tuple[float, float]


def draws(clusters: int, seed: int, resamples: int = RESAMPLES) -> Iterator[list[int]]:
    """Sets of cluster numbers, each as large as there are clusters, drawn with replacement."""
    random = Random(seed)  # noqa: S311 - a resampling that must repeat
    places = range(clusters)
    for _ in range(resamples):
        yield random.choices(places, k=clusters)


def interval(figures: Sequence[float]) -> Interval | None:
    """The middle 95 % of what the resamples gave."""
    low, high = quantile(figures, (1 - _LEVEL) / 2), quantile(figures, (1 + _LEVEL) / 2)
    return None if low is None or high is None else (low, high)


def of_shares(
    parts: Sequence[Sequence[float]],
    wholes: Sequence[Sequence[float]],
    seed: int,
    resamples: int = RESAMPLES,
) -> list[Interval | None]:
    """Intervals of several shares over the same clusters, from the same resamples.

    ``parts[k][c]`` of ``wholes[k][c]`` is what cluster ``c`` adds to share ``k``. Cost: clusters x resamples.
    """
    figures: list[list[float]] = [[] for _ in parts]
    clusters = len(parts[0]) if parts else 0
    for drawn in draws(clusters, seed, resamples) if clusters else ():
        for own, part, whole in zip(figures, parts, wholes, strict=True):
            total = sum(map(whole.__getitem__, drawn))
            if total > 0:
                own.append(sum(map(part.__getitem__, drawn)) / total)
    return [interval(own) for own in figures]


def of_statistic(
    clusters: Sequence[object],
    statistic: Callable[[dict[object, int]], float | None],
    seed: int,
    resamples: int = RESAMPLES,
) -> Interval | None:
    """The interval of any statistic: it is told how often each cluster was drawn."""
    figures = []
    for drawn in draws(len(clusters), seed, resamples) if clusters else ():
        counts: dict[object, int] = {}
        for place in drawn:
            counts[clusters[place]] = counts.get(clusters[place], 0) + 1
        figure = statistic(counts)
        if figure is not None:
            figures.append(figure)
    return interval(figures)
