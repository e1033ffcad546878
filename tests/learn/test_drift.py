"""Drift is told where the weeks differ by more than chance, and nowhere else."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authshield import signals
from authshield.learn import weeks
from authshield.learn.drift import DRIFTED, STEADY, drift
from authshield.models import DriftReport
from tests.learn.making import START, recorded

COUNTS = st.dictionaries(st.integers(0, 6), st.integers(0, 500), min_size=1)
NOW = START + timedelta(days=60)


@given(COUNTS, COUNTS)
def test_the_index_is_never_below_0_and_the_same_both_ways(
    before: dict[int, int], now: dict[int, int]
) -> None:
    """And 0 for the same shares."""
    assert drift(before, now).psi >= 0
    assert drift(before, before).psi == pytest.approx(0)
    flat = dict.fromkeys(range(3), 100)
    assert drift(flat, {0: 100, 1: 0, 2: 0}).psi == pytest.approx(drift({0: 100, 1: 0, 2: 0}, flat).psi)


def test_the_figure_of_the_book() -> None:
    """(0.4 - 0.5) ln(0.4 / 0.5) twice, by hand."""
    found = drift({0: 50_000, 1: 50_000}, {0: 40_000, 1: 60_000})
    assert found.psi == pytest.approx(0.0405, abs=1e-3)
    assert found.level == STEADY


def test_chance_alone_hardly_ever_raises_an_alarm() -> None:
    """Small samples of the same ten steps: one in a thousand at most is even worth a look."""
    random, alarms = Random(3), 0
    for _ in range(1000):
        old, new = (Counter(random.choices(range(10), k=size)) for size in (800, 200))
        alarms += drift(old, new).level != STEADY
    assert alarms <= 1


def weeks_of(number: int, pace: int, *, latest: int) -> None:
    """Five weeks of orders, so many in ten minutes; in the last one ``latest``, and a rule answers."""
    for place in range(number):
        age = timedelta(days=35 * (place + 0.5) / number)
        is_latest = age < weeks.WEEK
        facts = {"event.kind": "order", "order.count_10m": latest if is_latest else pace}
        recorded(place, at=NOW - age, facts=facts, rules=["thin"] if is_latest and place % 2 else [])


@pytest.mark.django_db
def test_a_week_that_differs_is_reported_and_told() -> None:
    """By sign and by rule; whoever listens to the signal has it in his own metrics."""
    told: list[DriftReport] = []

    def hear(report: DriftReport, **_: object) -> None:
        told.append(report)

    signals.drift_measured.connect(hear)
    try:
        weeks_of(1200, 1, latest=9)
        made = weeks.report(NOW)
    finally:
        signals.drift_measured.disconnect(hear)
    assert made.is_alarming
    assert told == [made]
    found = {(row["what"], row["name"]): row for row in weeks.drifted(made)}
    assert set(found) == {("sign", "order:pace"), ("rule", "thin")}
    assert found["sign", "order:pace"]["level"] == DRIFTED
    assert made.content["numbers"]["order"] == [960, 240]


@pytest.mark.django_db
def test_a_week_like_the_others_and_a_week_of_nobody_are_no_news() -> None:
    """The same, and too few."""
    weeks_of(1200, 1, latest=1)
    rows = weeks.report(NOW).content["rows"]
    assert {row["level"] for row in rows if row["what"] == "sign"} == {STEADY}
    empty = weeks.report(NOW + timedelta(days=90))
    assert (empty.content["rows"], empty.is_alarming) == ([], False)
