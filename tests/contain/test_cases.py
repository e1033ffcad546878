"""One open case for a session, whoever opens it, and a timeline that is written once."""

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from authshield import signals
from authshield.contain.cases import Entry, is_noted, note, open_or_join, was_cleared
from authshield.contain.intake import take, want_containment
from authshield.models import Case, CaseEntry, OutboxTask
from authshield.vocabulary.decision import Reason
from tests.recorded import NOW
from tests.together import together

REASONS = (Reason("a", 5, "a little"), Reason("b", 60, "typed password=hunter22"))


def opened(sid: str = "sid-1", score: float = 55.0, account: str = "42") -> Case:
    """A case of this session."""
    return open_or_join(account, sid, title="Late\nscore", score=score, reasons=REASONS, now=NOW)


@pytest.mark.django_db
def test_a_session_has_one_open_case() -> None:
    """Whoever comes second joins it; another session has its own."""
    first = opened()
    assert opened() == first
    assert opened("sid-2") != first
    assert (first.title, first.opened_at) == ("Late\\u000ascore", NOW)
    assert CaseEntry.objects.get(case=first).kind == "case:opened"


@pytest.mark.django_db
def test_a_case_keeps_its_highest_score_with_the_reasons_of_it() -> None:
    """Largest reason first, without a secret that somebody typed."""
    opened(score=55)
    open_or_join("42", "sid-1", title="t", score=80, reasons=[Reason("c", 80, "much")], now=NOW)
    case = opened(score=60)
    case.refresh_from_db()
    assert (case.score, [reason["code"] for reason in case.reasons]) == (80, ["c"])
    other = opened("sid-2")
    assert [reason["code"] for reason in other.reasons] == ["b", "a"]
    assert "hunter22" not in str(other.reasons)


@pytest.mark.django_db
def test_a_closed_case_is_not_joined() -> None:
    """What happens afterwards opens a new one."""
    first = opened()
    Case.objects.update(state=Case.State.CLOSED)
    assert opened() != first


@pytest.mark.django_db
def test_without_a_session_an_account_has_one_open_case() -> None:
    """A freeze that the customer asked for twice is one case."""
    first = opened(sid="")
    assert opened(sid="") == first
    assert opened(sid="", account="43") != first
    assert opened() != first


@pytest.mark.django_db(transaction=True)
def test_a_case_that_many_open_at_once_is_one_case() -> None:
    """The database decides; the opening is told once."""
    told: list[Case] = []

    def hear(case: Case, **_: object) -> None:
        told.append(case)

    signals.case_opened.connect(hear)
    cases = together([opened] * 4)
    signals.case_opened.disconnect(hear)
    assert [type(case) for case in cases] == [Case] * 4
    assert Case.objects.count() == len(told) == CaseEntry.objects.count() == 1


@pytest.mark.django_db
def test_the_opening_is_told_after_the_commit(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    """A case that is rolled back was never told of."""
    told: list[Case] = []

    def hear(case: Case, **_: object) -> None:
        told.append(case)

    signals.case_opened.connect(hear)
    with django_capture_on_commit_callbacks(execute=True):
        opened()
        opened()
        assert told == []
    signals.case_opened.disconnect(hear)
    assert len(told) == 1


@pytest.mark.django_db
def test_a_line_of_a_timeline_is_written_once() -> None:
    """Its key names it within its case; texts are plain and short."""
    case, other = opened(), opened("sid-2")
    entry = Entry("step", "session:ended", "x" * 3000 + "\x1b", "desk\n", {"token": "secret"})
    assert [note(case, entry, NOW), note(case, entry, NOW), note(other, entry, NOW)] == [True, False, True]
    row = CaseEntry.objects.get(case=case, key="step")
    assert (len(row.text), row.actor, row.data) == (2000, "desk\\u000a", {"token": "[removed]"})
    assert is_noted(case, "step")
    assert not is_noted(case, "other")


@pytest.mark.django_db
def test_what_the_scoring_finds_is_put_into_the_case() -> None:
    """Each event once, with its points; containment is wanted once and only of an open case."""
    cases = [take("42", "sid-1", event_id="e-1", score=84.4, reasons=REASONS, now=NOW) for _ in range(2)]
    case = cases[0]
    assert case is not None
    assert cases == [case, case]
    for _ in range(2):
        want_containment(case, NOW)
    assert case.title == "A little; typed password=[removed]"
    assert CaseEntry.objects.filter(kind="session:scored").count() == 1
    assert OutboxTask.objects.get().argument == str(case.pk)
    OutboxTask.objects.all().delete()
    case.state = Case.State.CONTAINED
    want_containment(case, NOW)
    assert not OutboxTask.objects.exists()


@pytest.mark.django_db
def test_a_session_that_the_desk_cleared_stays_cleared() -> None:
    """Its next order opens no case again."""
    case = opened()
    Case.objects.update(state=Case.State.CLOSED, verdict=Case.Verdict.LEGIT)
    assert was_cleared("sid-1")
    assert take("42", "sid-1", event_id="e-2", score=99, reasons=REASONS, now=NOW) is None
    Case.objects.update(verdict=Case.Verdict.FRAUD)
    assert not was_cleared("sid-1")
    assert not was_cleared("")
    assert case.sid == "sid-1"
