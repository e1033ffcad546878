"""The public code's behaviour: golden vectors from running it, and its known flaws, kept on purpose."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authshield.evaluate.freeman import UNSCORED, Freeman, agent_of, network_of
from authshield.vocabulary.event import Client, Event, Kind, Login, Network

A = (("ip1", "AS1", "JP"), ("ua1", "b1", "o1", "d1"))
B = (("ip2", "AS1", "JP"), ("ua2", "b2", "o2", "d1"))
C = (("ip3", "AS2", "US"), ("ua3", "b3", "o3", "d2"))


def _model() -> Freeman:
    model = Freeman()
    for user, sign_in, times in (("A", A, 4), ("B", B, 4), ("C", C, 2)):
        for _ in range(times):
            model.learn(user, *sign_in)
    return model


@pytest.mark.parametrize(
    ("network", "agent", "score"),
    [
        (A[0], A[1], 0.083410),
        (("ip9", "AS1", "JP"), A[1], 0.182459),
        (A[0], B[1], 16.333962),
        (A[0], C[1], 1.371429),
        (("x", "y", "z"), ("1", "2", "3", "4"), 13.333333),
    ],
    ids=["as ever", "new address", "another's device", "stranger's device", "all new"],
)
def test_the_golden_vectors_are_met(network: tuple[str, ...], agent: tuple[str, ...], score: float) -> None:
    """To a millionth; the public code gave these for A's history of four, B's of four and C's of two."""
    assert _model().score("A", network, agent) == pytest.approx(score, abs=1e-6)


def test_its_inversion_is_kept() -> None:
    """Sharing the device type alone scores higher than sharing nothing: a flaw of the public code."""
    model = _model()
    shares_type, shares_nothing = model.score("A", A[0], B[1]), model.score("A", A[0], C[1])
    assert shares_type is not None
    assert shares_nothing is not None
    assert shares_type > shares_nothing


def test_a_first_sign_in_is_not_scored() -> None:
    """Nobody is challenged for being new there, and nothing ranks lower."""
    assert _model().score("D", *A) is None
    assert Freeman().log_odds(_event("D")) == UNSCORED


@given(st.lists(st.sampled_from("ABC"), min_size=1, max_size=20))
def test_a_score_is_a_positive_number(users: list[str]) -> None:
    """After any history, for everybody who has one."""
    model, sign_ins = Freeman(), dict(zip("ABC", (A, B, C), strict=True))
    for user in users:
        model.learn(user, *sign_ins[user])
    for user in set(users):
        for other in sign_ins.values():
            score = model.score(user, *other)
            assert score is not None
            assert score > 0


def _event(account: str, agent: str = "") -> Event:
    return Event(
        id="e",
        at=datetime(2025, 4, 1, tzinfo=UTC),
        kind=Kind.LOGIN,
        account=account,
        session="s",
        client=Client("203.0.113.7", agent),
        network=Network(asn=0, country="JP"),
        subject=Login(succeeded=True),
    )


def test_an_event_has_three_network_levels_and_four_of_its_browser() -> None:
    """An unknown carrier is a value of its own; systems come with their version."""
    assert network_of(_event("A")) == ("203.0.113.7", 0, "JP")
    phone = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/134.0.0.0 Mobile Safari/537.36"
    assert agent_of(phone)[1:] == ("Chrome Mobile 134", "Android 10", "mobile")
    desk = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/135.0.0.0 Safari/537.36"
    assert agent_of(desk)[2:] == ("Windows 10.0", "desktop")


def test_events_are_learnt_as_they_are_scored() -> None:
    """The second sign-in of the same kind is likelier to be the customer's than a stranger's."""
    model = Freeman()
    model.learn_event(_event("A", "one"))
    model.learn_event(_event("B", "two"))
    assert model.log_odds(_event("A", "one")) < model.log_odds(_event("A", "two"))
