"""The drain turns the stream into rows and scores, once, whatever happens on the way."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.db import OperationalError
from pytest_django import DjangoAssertNumQueries

from authshield.errors import StoreUnavailable
from authshield.measure import Store, measure
from authshield.measure.stream import Seen, ack, drop_lease, lag, read, take_lease
from authshield.models import Case, Device, JournalEntry, OutboxTask, Session, SessionScore
from authshield.score.drain import Found, drain, process
from authshield.score.session import MODEL
from authshield.score.shares import LEASE
from authshield.vocabulary.event import Kind
from tests.hijack import LARGE_ADV, hijack, order, place, ruleset, sign_in
from tests.recorded import STOPPED, event
from tests.servers import Valkey

pytestmark = pytest.mark.django_db(transaction=True)


def run(store: Store, desk: Any, *, seconds: float = 4) -> int | None:
    """A short turn of the drain."""
    return drain(store, desk.work, linger_seconds=seconds)


def test_the_stream_becomes_rows_and_a_score(store: Store, desk: Any) -> None:
    """Journal, device, session, one score for each order; what is high enough goes to the desk, once."""
    orders = hijack(store)
    assert run(store, desk) == 6
    assert lag(store) == 0
    assert JournalEntry.objects.get().final == "passed"
    assert Device.objects.count() == 1
    session = Session.objects.get()
    scores = {row.event_id: row for row in SessionScore.objects.all()}
    assert set(scores) == {placed.id for placed in orders}
    assert scores[orders[1].id].score == session.score
    assert scores[orders[1].id].model == MODEL
    assert session.score is not None
    assert session.score >= 75
    assert [(found.sid, found.late.contains) for found in desk.found] == [("sid-1", False), ("sid-1", True)]
    assert desk.found[1].late.reasons[0].code == "order:pump"


def test_the_score_is_a_fact_of_the_next_request(store: Store, desk: Any) -> None:
    """The store is told, so that the rules of a live request can use it."""
    hijack(store)
    run(store, desk)
    later = measure(event(Kind.REQUEST, 200), ruleset(), store)
    assert later.facts["session.score"] == pytest.approx(Session.objects.get().score or 0)


def test_a_stopped_order_is_evidence_too(store: Store, desk: Any) -> None:
    """The thief's order that was challenged in vain still ends his session."""
    sign_in(store)
    place(store, order("sell", "7203", 8_000_000, number=60, adv=LARGE_ADV))
    place(store, order("buy", "7992", 7_000_000, number=120), STOPPED)
    run(store, desk)
    assert [found.late.contains for found in desk.found] == [False, True]


def test_everything_twice_is_everything_once(store: Store, desk: Any) -> None:
    """A batch that is delivered again changes nothing and finds nothing anew."""
    hijack(store)
    entries = read(store, count=100, block_ms=1)
    for _ in range(2):
        process(entries, store, desk.work)
    for entry in reversed(entries):
        process([entry], store, desk.work)
    assert SessionScore.objects.count() == 2
    assert JournalEntry.objects.count() == Session.objects.count() == Device.objects.count() == 1
    assert len(desk.found) == 2


def test_a_score_is_never_lowered_by_what_comes_later(store: Store, desk: Any) -> None:
    """A harmless order after the attack leaves the session's score where it was."""
    hijack(store)
    run(store, desk)
    highest = Session.objects.get().score
    place(store, order("sell", "6758", 1, number=90000, adv=LARGE_ADV))
    run(store, desk)
    assert SessionScore.objects.count() == 3
    assert Session.objects.get().score == highest


class Crash(Exception):  # noqa: N818 - it stands for whatever ends a worker
    """The worker dies."""


def test_a_crash_before_the_acknowledgement_loses_nothing(store: Store, desk: Any) -> None:
    """Whatever was read and not done comes again, first."""
    hijack(store)
    work = desk.work

    def crash(found: Found, now: datetime) -> None:
        raise Crash(found, now)

    with pytest.raises(Crash):
        drain(store, replace(work, found=crash))
    assert not Session.objects.exists()
    run(store, desk)
    assert SessionScore.objects.count() == 2
    assert lag(store) == 0


def test_a_crash_after_the_commit_repeats_without_effect(store: Store, desk: Any) -> None:
    """Committed but not acknowledged: the repeat finds everything done."""
    hijack(store)
    process(read(store, count=100, block_ms=1), store, desk.work)
    assert lag(store) == 6
    run(store, desk)
    assert lag(store) == 0
    assert len(desk.found) == 2


def test_a_database_that_is_away_stops_the_drain_and_loses_nothing(store: Store, desk: Any) -> None:
    """Nothing is acknowledged, nothing is left out; the lease is free for the next try."""
    hijack(store)
    work = desk.work

    def away(found: Found, now: datetime) -> None:
        raise OperationalError(f"the database is away at {now} for {found.sid}")

    with pytest.raises(OperationalError):
        drain(store, replace(work, found=away))
    assert lag(store) == 6
    assert not SessionScore.objects.exists()
    assert run(store, desk) == 6


def test_a_database_that_goes_away_in_the_middle_stops_it_too(store: Store, desk: Any) -> None:
    """Also while a failed batch is taken one by one."""
    hijack(store)
    work = desk.work
    errors: list[Exception] = [ValueError("strange"), OperationalError("away")]

    def broken(found: Found, now: datetime) -> None:
        del found, now
        raise errors.pop(0)

    with pytest.raises(OperationalError):
        drain(store, replace(work, found=broken))
    assert lag(store) == 6


def test_one_entry_that_cannot_be_worked_on_does_not_stop_the_others(
    store: Store, desk: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged with its event and left out; all beside it is done."""
    orders = hijack(store)
    work = desk.work

    def picky(found: Found, now: datetime) -> None:
        if found.event_id == orders[0].id:
            raise ValueError("strange")
        work.found(found, now)

    drain(store, replace(work, found=picky), linger_seconds=4)
    assert lag(store) == 0
    assert [row.event_id for row in SessionScore.objects.all()] == [orders[1].id]
    assert len(desk.found) == 1
    assert f"event {orders[0].id} cannot be worked on" in caplog.text


def test_one_drain_works_at_a_time(store: Store, desk: Any) -> None:
    """A second one leaves at once; a lease that was lost ends the first one."""
    assert take_lease(store, LEASE, "another", 5)
    assert run(store, desk) is None
    assert drop_lease(store, LEASE, "another")

    def steal(_now: datetime) -> None:
        store.command("SET", store.keys.lease(LEASE), "thief")

    work = desk.work
    drain(store, replace(work, between=steal), linger_seconds=1000)
    assert desk.seconds < 10


def test_it_lingers_and_lets_the_outbox_have_its_turn(store: Store, desk: Any) -> None:
    """With nothing to read it waits in the server, and does other work a few times a second."""
    assert run(store, desk, seconds=6) == 0
    assert desk.turns >= 2
    assert take_lease(store, LEASE, "next", 1)


def test_a_store_that_goes_away_is_told(store: Store, desk: Any, valkey: Valkey) -> None:
    """The task says so and comes back; nothing was acknowledged."""
    hijack(store)
    work = desk.work

    def kill(_now: datetime) -> None:
        valkey.client.flushall()
        raise StoreUnavailable("gone")

    with pytest.raises(StoreUnavailable):
        drain(store, replace(work, between=kill))
    assert SessionScore.objects.count() == 2


def test_a_large_backlog_is_caught_up_in_batches(store: Store, desk: Any) -> None:
    """A worker that was away for long does it all, in the order of each session."""
    sign_in(store)
    for number in range(1, 700):
        measure(event(Kind.REQUEST, number), ruleset(), store)
    assert run(store, desk, seconds=8) == 701
    assert JournalEntry.objects.filter(kind="request").count() == 699
    assert Session.objects.get().last_seen_at == JournalEntry.objects.latest("at").at


def test_a_batch_of_pages_costs_few_statements(
    store: Store, desk: Any, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Statements do not grow with the pages in a batch."""
    sign_in(store)
    for number in range(1, 30):
        measure(event(Kind.REQUEST, number), ruleset(), store)
    entries: Sequence[Any] = read(store, count=100, block_ms=1)
    with django_assert_max_num_queries(12):
        process(entries, store, desk.work)
    ack(store, entries)


def test_what_has_no_session_or_account_is_not_scored(store: Store, desk: Any) -> None:
    """An order without a signed-in session can only be a forgery."""
    measure(event(Kind.ORDER, session=None), ruleset(), store)
    measure(event(Kind.ORDER, 2, account=None), ruleset(), store)
    assert run(store, desk) == 2
    assert not SessionScore.objects.exists()
    assert not Case.objects.exists()
    assert not OutboxTask.objects.exists()


def test_an_empty_batch_asks_nothing(store: Store, desk: Any, django_assert_num_queries: Any) -> None:
    """An idle drain does not touch the database."""
    with django_assert_num_queries(0):
        process([], store, desk.work)
    assert not [entry for entry in read(store, count=1, block_ms=1) if isinstance(entry, Seen)]
