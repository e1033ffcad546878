"""Ranking measures over scores: ROC, its area, precision and recall, thresholds that keep a promised rate.

Pure arithmetic over plain sequences. A higher score means more suspicious; an item is flagged at a threshold if its
score is not below it. Must not know what was scored.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import floor, inf, nextafter

_ROUNDING = 1e-9  # 0.01 x 300 is a hair below 3 in doubles


def threshold_for(ordered: Sequence[float], share: float) -> float:
    """The lowest threshold that flags at most ``share`` of the scores, which are in ascending order.

    Ties are never broken: where many scores are equal, fewer are flagged than allowed.
    """
    allowed = floor(share * len(ordered) + _ROUNDING)
    if allowed >= len(ordered):
        return -inf
    return nextafter(ordered[len(ordered) - allowed - 1], inf)


def share_from(ordered: Sequence[float], threshold: float) -> float | None:
    """The share of ascending scores at or over a threshold; None of none."""
    if not ordered:
        return None
    return (len(ordered) - bisect_left(ordered, threshold)) / len(ordered)


def auc(positives: Sequence[float], negatives: Sequence[float]) -> float | None:
    """The chance that a positive scores over a negative, ties counting half; None where either is missing."""
    if not positives or not negatives:
        return None
    ordered = sorted(negatives)
    over = sum(bisect_left(ordered, score) + bisect_right(ordered, score) for score in positives)
    return over / (2 * len(positives) * len(negatives))


def average_precision(
    positives: Sequence[float], negatives: Sequence[float], weights: Sequence[float] | None = None
) -> float | None:
    """The area under precision over recall, as a step function; equal scores count as one step.

    ``weights`` count the positives, for resampling. None where there is no positive.
    """
    marks = weights if weights is not None else [1.0] * len(positives)
    total = sum(marks)
    if total <= 0:
        return None
    ordered = sorted(negatives)
    found = area = 0.0
    pairs = sorted(zip(positives, marks, strict=True), reverse=True)
    place = 0
    while place < len(pairs):
        score, step = pairs[place][0], 0.0
        while place < len(pairs) and pairs[place][0] == score:
            step += pairs[place][1]
            place += 1
        found += step
        if step > 0:
            false = len(ordered) - bisect_left(ordered, score)
            area += step / total * found / (found + false)
    return area


def roc(positives: Sequence[float], negatives: Sequence[float]) -> list[tuple[float, float]]:
    """Points (false positive rate, true positive rate) from (0, 0) to (1, 1), one a distinct score."""
    if not positives or not negatives:
        return []
    up, down = sorted(positives), sorted(negatives)
    points = [(0.0, 0.0)]
    for threshold in sorted({*up, *down}, reverse=True):
        false = (len(down) - bisect_left(down, threshold)) / len(down)
        true = (len(up) - bisect_left(up, threshold)) / len(up)
        points.append((false, true))
    return points


def median(values: Sequence[float]) -> float | None:
    """The middle value, the mean of both middle ones where their number is even; None of none."""
    return quantile(values, 0.5)


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value below which ``share`` lies, interpolated; None of none."""
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = floor(place)
    high = min(low + 1, len(ordered) - 1)
    if ordered[low] == ordered[high]:
        return ordered[low]
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
