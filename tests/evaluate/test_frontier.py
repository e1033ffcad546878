"""The frontier: value against friction at every threshold, worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from authshield.evaluate.facts import Facts
from authshield.evaluate.frontier import frontier
from authshield.evaluate.money import recall, recall_curve
from authshield.evaluate.pooled import Pool
from authshield.evaluate.seen import Ends, Scores, Seen
from authshield.replay.record import Record
from authshield.vocabulary.event import Client, Event, Kind, Login, Order

AT = datetime(2025, 4, 1, tzinfo=UTC)


class World:
    """Sessions of one sign-in and one order each, with scores of the test's choice."""

    def __init__(self) -> None:
        """Empty."""
        self.facts, self.scores = Facts("made-up"), Scores()

    def session(self, sign_in: float, order: float, *, fraud: bool = False, may_pass: bool = True) -> None:
        """Add a session of an account of its own."""
        name = f"S{len(self.facts.sessions)}"
        for subject, score in ((Login(succeeded=True), sign_in), (_ORDER, order)):
            kind = Kind.LOGIN if isinstance(subject, Login) else Kind.ORDER
            event = Event(name, AT, kind, name, name, Client("203.0.113.7"), subject=subject)
            record = Record(
                event,
                name,
                "",
                enrolled=("totp",),
                can_pass=("totp",) if may_pass else (),
                label="fraud" if fraud else "legit",
                campaign="pump-1" if fraud else "",
            )
            places = self.facts.add(record, in_warm_up=False)
            self.scores.add(*places, score, is_sign_in=isinstance(subject, Login))

    def pool(self) -> Pool:
        """As the measures see it; nothing was challenged, held or stopped."""
        none = bytes(len(self.scores.top))
        ends = Ends()
        ends.session.frombytes(none)
        ends.money.frombytes(bytes(len(self.scores.money)))
        return Pool([Seen(self.facts, self.scores, ends)])


_ORDER = Order("7203", "buy", Decimal(1), Decimal(100), 100)


def _row(pool: Pool, rate: float | None, held_from: float) -> dict[str, float]:
    return next(
        row for row in frontier(pool) if row["sign_in_rate"] == rate and row["held_from"] == held_from
    )


@pytest.fixture
def pool() -> Pool:
    """A hundred customers, one of whom has a risky order; a thief who passes codes and one who does not."""
    world = World()
    for number in range(100):
        world.session(sign_in=number / 10, order=60 if number == 99 else 5)
    world.session(sign_in=90, order=70, fraud=True)
    world.session(sign_in=95, order=20, fraud=True, may_pass=False)
    return world.pool()


def test_orders_are_held_from_the_threshold_on(pool: Pool) -> None:
    """One of two fraudulent orders at 70, no customer; at 60 one customer of a hundred too."""
    at = _row(pool, None, 70)
    assert (at["value_stopped"], at["sessions_held"], at["sessions_challenged"]) == (0.5, 0, 0)
    at = _row(pool, None, 60)
    assert (at["value_stopped"], at["sessions_held"]) == (0.5, 0.01)
    assert _row(pool, None, 20)["value_stopped"] == 1
    assert _row(pool, None, 101)["value_stopped"] == 0


def test_a_code_stops_whoever_cannot_pass_it(pool: Pool) -> None:
    """At 1 % of sign-ins asked, both thieves are asked, one gets through; customers pass."""
    at = _row(pool, 0.01, 101)
    assert at["asked_from"] == 10
    assert at["value_stopped"] == 0.5
    assert (at["sessions_challenged"], at["sessions_stopped"]) == (0, 0)
    assert _row(pool, 0.01, 70)["value_stopped"] == 1


def test_a_higher_threshold_never_stops_nor_disturbs_more(pool: Pool) -> None:
    """Both go down together, along every line."""
    rows = frontier(pool)
    for rate in {row["sign_in_rate"] for row in rows}:
        line = [row for row in rows if row["sign_in_rate"] == rate]
        for name in ("value_stopped", "sessions_held"):
            figures = [row[name] for row in line]
            assert figures == sorted(figures, reverse=True)


def test_value_is_found_from_the_highest_score_so_far(pool: Pool) -> None:
    """A risky sign-in flags the orders after it; by their own score, one of two is over what customers reach."""
    found = recall(pool, 0)
    assert found["sessions"]["0.01"]["share"] == 1
    assert found["orders"]["share"] == 0.5
    assert recall_curve(pool) == [(0.0, 1.0)]


def test_without_fraud_there_is_no_frontier() -> None:
    """Nothing to choose between."""
    world = World()
    world.session(1, 1)
    assert frontier(world.pool()) == []
    assert recall_curve(world.pool()) == []
