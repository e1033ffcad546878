"""The journal takes entries twice and in any order, and ends up the same."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import DjangoAssertNumQueries

from authshield.models import JournalEntry
from authshield.record.journal import Line, write
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.decision import Final, Outcome
from authshield.vocabulary.event import Kind, PageRequest
from tests.recorded import ALLOWED, PASSED, STOPPED, decision, event, features

SEEN = Line(event(), features(account__logins=7))
CHALLENGED = Line(event(), None, decision(Action.CHALLENGE), STOPPED)
DONE = Line(replace(event(), session="sid-1"), None, decision(Action.CHALLENGE), PASSED)


@pytest.mark.django_db
def test_a_sign_in_that_nobody_settles_had_a_wrong_password() -> None:
    """It is in the journal as failed, with the facts that were known."""
    assert write([SEEN]) == 1
    row = JournalEntry.objects.get()
    assert (row.kind, row.final, row.action, row.username, row.sid) == (
        "login",
        "failed",
        "allow",
        "alice",
        "",
    )
    assert row.facts["account.logins"] == 7


@pytest.mark.django_db
def test_a_page_that_nobody_settles_was_allowed() -> None:
    """Allowed pages make no second trip; their path is kept without its query."""
    write([Line(event(Kind.REQUEST, subject=PageRequest("/orders/?token=1")), features())])
    row = JournalEntry.objects.get()
    assert (row.final, row.path, row.sid) == ("allowed", "/orders/", "sid-1")


@pytest.mark.django_db
@pytest.mark.parametrize("order", list(itertools.permutations([SEEN, CHALLENGED, DONE])))
@pytest.mark.parametrize("batch", [1, 2, 3])
def test_the_order_and_the_batches_do_not_matter(order: tuple[Line, ...], batch: int) -> None:
    """Whatever comes last, the word that went furthest stays."""
    for start in range(0, 3, batch):
        write(order[start : start + batch])
    row = JournalEntry.objects.get()
    assert (row.final, row.action, row.required, row.sid) == ("passed", "challenge", "otp", "sid-1")


@pytest.mark.django_db
def test_orders_are_not_in_the_journal() -> None:
    """They have their line in the ledger, written with their effect."""
    kinds = (Kind.ORDER, Kind.ORDER_CHANGE, Kind.WITHDRAWAL, Kind.PROFILE_CHANGE)
    assert write([Line(event(kind), features(), decision(), ALLOWED) for kind in kinds]) == 0
    assert not JournalEntry.objects.exists()


@pytest.mark.django_db
def test_a_batch_costs_two_statements(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """The worker keeps up with many requests a second."""
    lines = [Line(event(Kind.REQUEST, number), features()) for number in range(20)]
    with django_assert_num_queries(2):
        assert write(lines) == 20
    assert write(lines) == 0


@pytest.mark.django_db
def test_a_name_that_is_no_account_is_not_kept() -> None:
    """It may be a password, typed into the wrong field."""
    write([Line(event(account=None, username="hunter22"), features())])
    assert "hunter22" not in JournalEntry.objects.get().username


FINALS = st.sampled_from([None, *Final])


class AnyOrder(TestCase):
    """The law behind it, for any number of words on a few events."""

    @settings(deadline=None, max_examples=40)
    @given(st.lists(st.tuples(st.integers(1, 3), FINALS), min_size=1, max_size=8), st.randoms())
    def test_any_delivery_gives_one_journal(
        self, told: list[tuple[int, Final | None]], chance: object
    ) -> None:
        """Shuffled, repeated and cut into batches: the rows are the same."""
        lines = [
            Line(event(number=number), features(), decision(), Outcome(final, Strength.NONE))
            if final
            else Line(event(number=number), features())
            for number, final in told
        ]
        write(lines)
        first = dict(JournalEntry.objects.values_list("event_id", "final"))
        again = lines * 2
        chance.shuffle(again)  # type: ignore[attr-defined]
        JournalEntry.objects.all().delete()
        for line in again:
            write([line])
        assert dict(JournalEntry.objects.values_list("event_id", "final")) == first
