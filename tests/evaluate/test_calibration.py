"""Probabilities: the laws of isotonic regression and of the figures that are made with it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authshield.evaluate.calibration import APRIL, calibration, ece, pava, probability

VALUES = st.lists(st.floats(-100, 100), max_size=30)
PAIRS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


@given(VALUES)
def test_pooling_gives_a_rising_sequence_of_the_same_sum(values: list[float]) -> None:
    """Blocks carry their mean: nothing is lost, and twice is once."""
    fitted = pava(values)
    assert len(fitted) == len(values)
    assert all(a <= b + 1e-9 for a, b in pairwise(fitted))
    assert sum(fitted) == pytest.approx(sum(values), abs=1e-6)
    assert pava(fitted) == pytest.approx(fitted)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=8), st.lists(st.floats(-100, 100), max_size=8))
def test_no_rising_sequence_is_nearer(values: list[float], other: list[float]) -> None:
    """In squares, among all rising ones of that length."""
    rival = sorted((other + values)[: len(values)])

    def distance(to: list[float]) -> float:
        return sum((a - b) ** 2 for a, b in zip(values, to, strict=True))

    assert distance(pava(values)) <= distance(rival) + 1e-6


@given(st.lists(st.floats(-100, 100), max_size=20).map(sorted))
def test_what_rises_already_stays(values: list[float]) -> None:
    """An isotonic fit of rising values is they themselves."""
    assert pava(values) == pytest.approx(values)


@given(PAIRS)
def test_the_parts_of_a_brier_score_add_up(pairs: list[tuple[float, bool]]) -> None:
    """Miscalibration less discrimination plus uncertainty; the first two are never negative."""
    found = calibration([chance for chance, _ in pairs], [truth for _, truth in pairs])
    assert found is not None
    assert found.miscalibration - found.discrimination + found.uncertainty == pytest.approx(found.brier)
    assert found.miscalibration >= -1e-12
    assert found.discrimination >= -1e-12
    assert 0 <= found.ece <= 1
    assert found.log_loss >= 0


@given(PAIRS)
def test_the_order_of_the_items_does_not_matter(pairs: list[tuple[float, bool]]) -> None:
    """A bag of items has one calibration."""
    there = calibration([chance for chance, _ in pairs], [truth for _, truth in pairs])
    back = calibration([chance for chance, _ in pairs[::-1]], [truth for _, truth in pairs[::-1]])
    assert there == back


def test_a_true_probability_has_no_error() -> None:
    """Ten bins of ten items, of which as many happen as was said."""
    pairs = [(tenth / 10, item < tenth) for tenth in range(10) for item in range(10)]
    ordered = sorted(pairs)
    assert ece([p for p, _ in ordered], [float(y) for _, y in ordered]) == pytest.approx(0, abs=1e-12)
    always_wrong = calibration([1.0] * 5, [False] * 5)
    assert always_wrong is not None
    assert always_wrong.ece == always_wrong.brier == 1
    assert calibration([], []) is None


@given(st.floats(-50, 150), st.floats(1e-6, 0.5))
def test_more_points_are_a_higher_chance(points: float, base_rate: float) -> None:
    """At any base rate, and always within 0 and 1."""
    assert 0 <= probability(points, base_rate) <= probability(points + 1, base_rate) <= 1


def test_a_hundred_points_are_even_odds_in_april() -> None:
    """Ten points are a nat: e to 1 after ten more; a base rate moves the odds by its own."""
    assert probability(100, APRIL) == pytest.approx(0.5)
    assert probability(110, APRIL) == pytest.approx(0.7310586)
    assert probability(100, 0.5) == pytest.approx((1 - APRIL) / 1, rel=1e-4)
