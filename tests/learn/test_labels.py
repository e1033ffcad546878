"""Labels: whatever is said, said otherwise and taken back, the counts are those of what stands in the end."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from authshield.errors import InvalidInput
from authshield.judge.evidence.signs import SIGNS
from authshield.learn import counting, labels
from authshield.learn.labels import Target, Word
from authshield.models import JournalEntry, Label, LabelledEvent, LedgerEntry, OutboxTask
from authshield.vocabulary.facts import MISSING
from tests.learn.making import START, recorded

DESK, CUSTOMER = Label.Source.DESK, Label.Source.CUSTOMER
NOW = START + timedelta(days=3)

TARGETS = (
    Target("7", "sid-1"),
    Target("7", "sid-2"),
    Target("7", "sid-1", "e-1"),
    Target("7", "sid-2", "e-5"),
    Target("8", "sid-8"),
)
WORDS = (
    Word("aoi"),
    Word("ren"),
    Word("customer 7", CUSTOMER),
    Word("customer 7", CUSTOMER, from_sid="sid-2"),
)


def counted_afresh() -> Counter[counting.Key]:
    """The counts of the labels that stand, from what is recorded, by the plainest reading of the rules."""
    found: Counter[counting.Key] = Counter()
    rows = [*LedgerEntry.objects.all(), *JournalEntry.objects.exclude(final="failed")]
    for row in rows:
        standing = list(Label.objects.filter(account=row.account, taken_back_at=None))
        by_thief = {
            one.sid for one in standing if not one.event_id and (one.source, one.verdict) == (DESK, "fraud")
        }
        about = [
            one
            for one in standing
            if (one.event_id or row.event_id) == row.event_id
            and (one.event_id or one.sid == row.sid)
            and not (one.source == CUSTOMER and one.from_sid in by_thief)
        ]
        about.sort(key=lambda one: (one.event_id != "", one.source == DESK, one.at, one.pk))
        if not about:
            continue
        month, verdict = row.at.date().replace(day=1), about[-1].verdict
        found[month, row.kind, "", 0, verdict] += 1
        for sign in SIGNS:
            if row.kind in sign.kinds:
                value = sign.read({**MISSING, **row.facts})
                step = sum(edge <= value for edge in sign.edges)
                found[month, row.kind, sign.code, step, verdict] += 1
    return found


def do(number: int, target: Target, word: Word, what: str) -> None:
    """One thing that may happen."""
    now = NOW + timedelta(minutes=number)
    if what == "record":
        recorded(100 + number, account=target.account, sid=target.sid)
    elif what == "back":
        for label in Label.objects.filter(account=target.account, sid=target.sid, by=word.by):
            labels.take_back(label, by="aoi", reason="a mistake", now=now)
    elif what == "follow":
        labels.count_account(target.account)
    else:
        labels.put(target, what, word, now)


class CountsAreExact(TestCase):
    """On a database that each example finds as it was."""

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(TARGETS),
                st.sampled_from(WORDS),
                st.sampled_from(["fraud", "legit", "back", "record", "follow"]),
            ),
            max_size=14,
        )
    )
    def test_any_sequence_of_labels_counts_as_what_stands_in_the_end(
        self, doings: list[tuple[Target, Word, str]]
    ) -> None:
        """Labelling, saying otherwise, taking back, and events that come after the label."""
        for number in range(6):
            recorded(number, sid="sid-1" if number < 3 else "sid-2", kind="login" if number == 3 else "order")
        recorded(6, account="8", sid="sid-8")
        for number, (target, word, what) in enumerate(doings):
            do(number, target, word, what)
        for account in ("7", "8"):
            labels.count_account(account)
        assert counting.counts() == counted_afresh()
        for label in Label.objects.filter(taken_back_at=None):
            labels.take_back(label, by="aoi", reason="all of it", now=NOW)
        assert counting.counts() == Counter()
        assert not LabelledEvent.objects.exists()


@pytest.mark.django_db
def test_saying_the_same_twice_is_saying_it_once() -> None:
    """One label, counted once."""
    recorded(1)
    first = labels.put(TARGETS[0], "fraud", WORDS[0], NOW)
    again = labels.put(TARGETS[0], "fraud", WORDS[1], NOW + timedelta(hours=1))
    assert first == again
    assert LabelledEvent.objects.count() == 1


@pytest.mark.django_db
def test_counts_are_dated_by_the_event_and_not_by_its_label() -> None:
    """A label of May on an event of April counts in April."""
    recorded(1)
    labels.put(TARGETS[0], "fraud", WORDS[0], NOW + timedelta(days=30))
    assert {month.month for month, *_ in counting.counts()} == {4}


@pytest.mark.django_db
def test_the_desk_overrules_a_customer_and_an_event_its_session() -> None:
    """The one in force is the desk's, and the one on the event itself before that."""
    recorded(1)
    recorded(2)
    labels.put(TARGETS[0], "fraud", WORDS[2], NOW)
    labels.put(TARGETS[0], "legit", WORDS[0], NOW)
    labels.put(TARGETS[2], "fraud", WORDS[0], NOW)
    found = dict(LabelledEvent.objects.values_list("event_id", "verdict"))
    assert found == {"e-1": "fraud", "e-2": "legit"}


@pytest.mark.django_db
def test_a_thief_cannot_call_the_customers_own_session_fraud() -> None:
    """What was said in a session that the desk calls fraud counts for nothing, whatever came first."""
    recorded(1)
    recorded(5, sid="sid-2")
    labels.put(TARGETS[0], "fraud", WORDS[3], NOW)
    assert LabelledEvent.objects.get().event_id == "e-1"
    labels.put(TARGETS[1], "fraud", WORDS[0], NOW)
    assert LabelledEvent.objects.get().event_id == "e-5"


@pytest.mark.django_db
def test_what_was_not_measured_or_got_no_further_is_not_counted() -> None:
    """Wrong passwords, events of an outage and rows without facts have no signs."""
    recorded(1, kind="login", final="failed")
    recorded(2, facts={"event.kind": "order", "store.is_missing": True})
    recorded(3, facts={})
    labels.put(TARGETS[0], "fraud", WORDS[0], NOW)
    assert counting.counts() == Counter()


@pytest.mark.django_db
def test_what_is_recorded_later_is_counted_by_the_outbox() -> None:
    """A label leaves a task that looks again once the journal has caught up."""
    labels.put(TARGETS[0], "fraud", WORDS[0], NOW)
    task = OutboxTask.objects.get(task=labels.FOLLOW)
    assert (task.argument, task.due_at) == ("7", NOW + timedelta(seconds=labels.FOLLOW_SECONDS))


@pytest.mark.django_db
def test_one_person_cannot_turn_the_counts_over_in_a_day() -> None:
    """Beyond the cap it takes a colleague; a day later it goes on."""
    for number in range(labels.MOST_A_DAY[CUSTOMER]):
        labels.put(Target("7", f"s-{number}"), "fraud", WORDS[2], NOW)
    with pytest.raises(InvalidInput):
        labels.put(TARGETS[0], "fraud", WORDS[2], NOW)
    labels.put(TARGETS[0], "fraud", WORDS[0], NOW)
    labels.put(TARGETS[1], "fraud", WORDS[2], NOW + timedelta(days=1, seconds=1))


@pytest.mark.django_db
def test_a_label_is_about_something() -> None:
    """Neither an account alone nor nobody's session."""
    for target in (Target("7"), Target("", "sid-1")):
        with pytest.raises(InvalidInput):
            labels.put(target, "fraud", WORDS[0], NOW)
