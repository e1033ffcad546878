"""From risks to chances: as shipped without labels, drawn to what is observed as labels come, never falling."""

from __future__ import annotations

from datetime import timedelta
from math import exp
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authshield.learn import chances, labels
from authshield.learn.calibration import SHIPPED, Bin, Scale, calibrate, from_plain
from authshield.learn.labels import Target, Word
from authshield.models import Calibration
from tests.learn.making import START, recorded

BINS = st.lists(
    st.builds(Bin, st.integers(0, 100).map(float), st.integers(0, 200), st.integers(0, 5000)),
    max_size=40,
    unique_by=lambda one: one.risk,
)


@given(BINS)
def test_a_higher_risk_is_never_a_smaller_chance(bins: list[Bin]) -> None:
    """Whatever was labelled; and it is a chance, and stored as it is."""
    scale = calibrate(bins)
    told = [scale.chance(risk / 2) for risk in range(201)]
    assert told == sorted(told)
    assert 0 <= told[0] <= told[-1] <= 1
    assert from_plain(scale.plain()) == scale


def test_without_labels_the_shipped_scale_stays() -> None:
    """Risk 100 is even odds, ten points a nat; four frauds change nothing."""
    assert SHIPPED.chance(100) == 0.5
    assert SHIPPED.chance(110) == pytest.approx(1 / (1 + exp(-1)))
    few = calibrate([Bin(40, 4, 1000)])
    assert (few.method, few.chance(40)) == ("shipped", SHIPPED.chance(40))


def drawn(slope: float, shift: float, number: int, seed: int = 5) -> list[Bin]:
    """Events of a world in which risks mean this."""
    random, truth = Random(seed), Scale(slope=slope, shift=shift)
    found: dict[float, list[int]] = {}
    for _ in range(number):
        risk = float(min(100, int(random.expovariate(1 / 36))))
        found.setdefault(risk, [0, 0])[random.random() >= truth.chance(risk)] += 1
    return [Bin(risk, frauds, others) for risk, (frauds, others) in found.items()]


@pytest.mark.parametrize(("number", "method"), [(700, "shifted"), (6_000, "stretched"), (60_000, "bent")])
def test_more_labels_let_it_bend_further_and_come_closer(number: int, method: str) -> None:
    """A site with a lower base rate and a flatter slope: each method is nearer than what is shipped."""
    slope, shift = (1.0 if method == "shifted" else 0.7), -1.5
    truth, scale = Scale(slope=slope, shift=shift), calibrate(drawn(slope, shift, number))
    assert scale.method == method
    off = abs(scale.chance(90) - truth.chance(90))
    assert off < abs(SHIPPED.chance(90) - truth.chance(90)) / 2


def test_five_frauds_move_it_less_than_five_hundred() -> None:
    """Drawn towards what is shipped by how little is known."""
    little, much = calibrate([Bin(60, 5, 45)]), calibrate([Bin(60, 40, 360)])
    assert SHIPPED.chance(60) < little.chance(60) < much.chance(60) < 0.11


@pytest.mark.django_db
def test_the_daily_count_waits_for_labels_and_takes_the_rest_as_ordinary() -> None:
    """Of sign-ins and orders apart; events of the last two weeks are left out."""
    for number in range(1, 9):
        recorded(number, risk=80.4)
    recorded(9, kind="login", risk=10.0)
    recorded(10, kind="login", risk=10.0, final="failed")
    recorded(24 * 30, risk=80.0)
    labels.put(Target("7", event_id="e-1"), "fraud", Word("aoi"), START + timedelta(days=2))
    now = START + timedelta(days=20)
    assert chances.counted(chances.ORDER, now) == [Bin(80.5, 1, 7)]
    assert chances.counted(chances.LOGIN, now) == [Bin(10.5, 0, 1)]
    chances.renew(now)
    assert Calibration.objects.count() == 2
    row = chances.latest(chances.ORDER)
    assert row is not None
    assert chances.bands(chances.bins_of(row)) == [Bin(80.5, 1, 7)]
    assert chances.scale_of(chances.ORDER).frauds == 1
