"""Scores of decisions: they rank as the risk does, and go on where it is clipped."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from authshield.evaluate.seen import Scores, risk_of, score_of
from authshield.replay.decided import Decided
from authshield.replay.record import Record
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.decision import Final, Reason
from authshield.vocabulary.event import Client, Event, Kind
from tests.replay.replaying import START


def _decided(points: list[float], evidence: float) -> Decided:
    event = Event("e", START, Kind.LOGIN, "A", "s", Client("203.0.113.7"))
    return Decided(
        Record(event, "e", ""),
        Action.ALLOW,
        Strength.NONE,
        Final.ALLOWED,
        risk=min(max(sum(points), 0.0), 100.0),
        reasons=tuple(Reason("code", each, "") for each in points),
        evidence=evidence,
    )


@given(st.lists(st.floats(-80, 80), max_size=6), st.floats(-40, 40))
def test_a_clipped_score_is_the_risk(points: list[float], evidence: float) -> None:
    """Whatever thresholds are held against can be had from the score."""
    decided = _decided(points, evidence)
    assert risk_of(score_of(decided)) == decided.risk


def test_scores_go_on_where_a_risk_is_clipped() -> None:
    """Beyond 100 by points, below 0 by ten points a nat for the customer."""
    assert score_of(_decided([80.0, 45.0], 25.0)) == 125
    assert score_of(_decided([], -6.0)) == -60
    assert score_of(_decided([], 1.0)) == 0
    assert score_of(_decided([20.0], -6.0)) == 20


def test_a_page_that_nobody_weighed_says_nothing() -> None:
    """A session's highest score comes from its sign-in, its orders, and whatever counts against it."""
    scores = Scores()
    scores.add(0, -1, -30.0, is_sign_in=True)
    scores.add(0, -1, 0.0, is_sign_in=False)
    assert list(scores.top) == [-30]
    scores.add(0, 0, -5.0, is_sign_in=False)
    assert (list(scores.top), list(scores.so_far)) == ([-5], [-5])
    scores.add(0, -1, 20.0, is_sign_in=False)
    scores.add(0, 1, -9.0, is_sign_in=False)
    assert (list(scores.top), list(scores.money), list(scores.so_far)) == ([20], [-5, -9], [-5, 20])
