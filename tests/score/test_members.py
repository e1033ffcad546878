"""Members in the database are those in memory, whatever order and however often events come."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from authshield.models import ScanMember
from authshield.record import retention
from authshield.score import members
from authshield.score.scan import KEPT, LONGEST, InMemory, Join, Member
from tests.recorded import NOW

pytestmark = pytest.mark.django_db

SYMBOL, BLOCK = Join("symbol", "7992"), Join("block", "192.0.2.0/24")


def member(account: int = 1, second: int = 0, nats: float = 1.0, *, event: int = 0) -> Member:
    """An account's evidence at a second."""
    at = NOW + timedelta(seconds=second)
    return Member(f"account-{account}", f"sid-{account}", f"event-{event}-{account}-{second}", at, nats)


notes = st.tuples(
    st.sampled_from([SYMBOL, BLOCK, Join("sellers", "")]),
    st.builds(
        member,
        st.integers(1, 6),
        st.integers(0, 2).map(lambda half: half * 43_000) | st.integers(0, 200_000),
        st.floats(-6, 6),
        event=st.integers(0, 2),
    ),
)
batches = st.lists(st.lists(notes, max_size=5), max_size=5)


def seen(view: InMemory, note: members.Note) -> Sequence[Member]:
    """Put a note and look at its join."""
    view.put(*note)
    return view.since(note[0], note[1].at - LONGEST)


@settings(max_examples=60, deadline=None)
@given(batches)
def test_the_database_keeps_what_memory_keeps(story: list[list[members.Note]]) -> None:
    """After every event of every batch the same members, in the same order."""
    ScanMember.objects.all().delete()
    memory = InMemory({})
    for batch in story:
        view = members.ready(batch)
        for note in batch:
            assert seen(view, note) == seen(memory, note)


@settings(max_examples=30, deadline=None)
@given(st.lists(notes, max_size=8), st.randoms(use_true_random=False))
def test_order_and_repetition_leave_the_same_rows(story: list[members.Note], dice: object) -> None:
    """Shuffled, cut otherwise and told twice: the rows are those of the latest evidence."""

    def rows() -> set[tuple[object, ...]]:
        kept: set[tuple[object, ...]] = set(
            ScanMember.objects.values_list("join", "account", "sid", "event_id", "at", "nats")
        )
        ScanMember.objects.all().delete()
        return kept

    by_id = {(join, note.event_id): (join, note) for join, note in story}
    told = list(by_id.values())
    members.ready(told)
    once = rows()
    shuffled = [*told, *told]
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    for note in shuffled:
        members.ready([note])
    assert rows() == once


def test_earlier_evidence_never_takes_the_place_of_later() -> None:
    """A worker that comes late with what it had read long ago changes nothing."""
    members.ready([(SYMBOL, member(second=60, nats=5.0))])
    members.ready([(SYMBOL, member(second=10, nats=-5.0))])
    assert ScanMember.objects.get().nats == 5.0


def test_a_worker_sees_what_others_wrote() -> None:
    """Whatever was committed when it reads."""
    members.ready([(SYMBOL, member(1))])
    view = members.ready([(SYMBOL, member(2, 1))])
    assert [one.account for one in seen(view, (SYMBOL, member(2, 1)))] == ["account-1", "account-2"]


def test_addresses_and_looks_are_not_readable() -> None:
    """Only a keyed hash is kept of them; a symbol stays readable."""
    members.ready([(SYMBOL, member()), (BLOCK, member()), (Join("looks", "gpu=x"), member())])
    names = set(ScanMember.objects.values_list("join", flat=True))
    assert "symbol:7992" in names
    assert not any("192.0.2" in name or "gpu" in name for name in names)


def test_a_batch_costs_few_statements(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """As many for five hundred notes at fifty joins as for one; none for none."""
    batch = [(Join("symbol", str(number % 50)), member(number, number)) for number in range(300)]
    with django_assert_num_queries(5):  # three, and a savepoint around the one that writes
        members.ready(batch)
    with django_assert_num_queries(0):
        assert members.ready([]).kept == {}


def test_a_join_does_not_grow_for_ever() -> None:
    """Beyond what is looked at the oldest are deleted, and what is old by the retention."""
    count = KEPT + members.SPARE + 1
    view = members.ready([(SYMBOL, member(number, number)) for number in range(count)])
    assert ScanMember.objects.count() == KEPT
    view = members.ready([(SYMBOL, member(count, count))])
    kept = [one.account for one in seen(view, (SYMBOL, member(count, count)))]
    assert kept == [f"account-{number}" for number in range(count - KEPT + 1, count + 1)]
    assert retention.purge(NOW + LONGEST + timedelta(days=2))["ScanMember"] > 0
    assert not ScanMember.objects.exists()


def test_memory_keeps_the_latest_however_they_come() -> None:
    """A late one takes its place by its age."""
    memory = InMemory({})
    for second in (5, 1, 9, 3):
        memory.put(SYMBOL, member(second, second))
    memory.put(SYMBOL, replace(member(9, 2), nats=6.0))
    assert [one.account for one in memory.since(SYMBOL, NOW + timedelta(seconds=1))] == [
        "account-3",
        "account-5",
        "account-9",
    ]
