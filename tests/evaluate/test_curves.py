"""Ranking measures, held against the plainest way to count."""

from __future__ import annotations

from itertools import pairwise
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authshield.evaluate.curves import (
    auc,
    average_precision,
    median,
    quantile,
    roc,
    share_from,
    threshold_for,
)

SCORES = st.lists(st.integers(-5, 5).map(float), max_size=30)
SOME = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=30)


@given(SOME, SOME)
def test_the_area_is_the_share_of_pairs_in_the_right_order(
    positives: list[float], negatives: list[float]
) -> None:
    """Each pair counts 1, a tie one half."""
    naive = sum((p > n) + (p == n) / 2 for p in positives for n in negatives) / (
        len(positives) * len(negatives)
    )
    assert auc(positives, negatives) == pytest.approx(naive)


@given(SOME, SOME)
def test_the_area_is_that_under_the_curve(positives: list[float], negatives: list[float]) -> None:
    """Trapezoids under the ROC give the same figure."""
    points = roc(positives, negatives)
    area = sum((x2 - x1) * (y1 + y2) / 2 for (x1, y1), (x2, y2) in pairwise(points))
    assert auc(positives, negatives) == pytest.approx(area)
    assert [points[0], points[-1]] == [(0, 0), (1, 1)]
    assert points == sorted(points)


@given(SOME, SCORES)
def test_average_precision_is_the_mean_precision_at_each_positive(
    positives: list[float], negatives: list[float]
) -> None:
    """At each positive: positives over all, among what scores as high or higher."""

    def precision(at: float) -> float:
        found = sum(p >= at for p in positives)
        return found / (found + sum(n >= at for n in negatives))

    naive = sum(map(precision, positives)) / len(positives)
    assert average_precision(positives, negatives) == pytest.approx(naive)


@given(st.lists(st.tuples(st.integers(-5, 5).map(float), st.integers(0, 3)), min_size=1, max_size=12), SCORES)
def test_a_weight_counts_a_positive_so_many_times(
    weighted: list[tuple[float, int]], negatives: list[float]
) -> None:
    """A drawn cluster may come twice, or not at all."""
    scores, weights = [score for score, _ in weighted], [float(weight) for _, weight in weighted]
    repeated = [score for score, weight in weighted for _ in range(weight)]
    found = average_precision(scores, negatives, weights)
    expected = average_precision(repeated, negatives)
    assert found == (None if expected is None else pytest.approx(expected))


@given(SOME, st.floats(0, 1))
def test_a_threshold_keeps_its_promise_and_wastes_nothing(scores: list[float], share: float) -> None:
    """At most the share is flagged, and the next lower score would break that."""
    ordered = sorted(scores)
    threshold = threshold_for(ordered, share)
    flagged = share_from(ordered, threshold)
    assert flagged is not None
    assert flagged <= share + 1e-9
    lower = [score for score in ordered if score < threshold]
    assert not lower or sum(score >= lower[-1] for score in ordered) / len(ordered) > share


def test_one_in_a_hundred_is_one_of_a_hundred() -> None:
    """Rounding of doubles takes nobody out: 1 % of 300 are three."""
    ordered = [float(number) for number in range(300)]
    assert share_from(ordered, threshold_for(ordered, 0.01)) == 0.01
    assert threshold_for(ordered, 1.0) == -inf


@given(SOME)
def test_quantiles_lie_between_the_ends(values: list[float]) -> None:
    """From the least to the greatest, and the median in the middle."""
    assert quantile(values, 0) == min(values)
    assert quantile(values, 1) == max(values)
    middle = median(values)
    assert middle is not None
    assert sum(value < middle for value in values) <= len(values) / 2


def test_nothing_has_no_figure() -> None:
    """Empty input is said to be so, never a made-up 0."""
    assert auc([], [1.0]) is None
    assert auc([1.0], []) is None
    assert average_precision([], [1.0]) is None
    assert quantile([], 0.5) is None
    assert share_from([], 1.0) is None
    assert roc([], [1.0]) == []
