"""Cases: one page tells the story, each button says what it touches, does it once, and leaves a line."""

from datetime import timedelta

import pytest
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from authshield.models import AccountState, Case, CaseEntry, Session
from tests.admin.books import Books
from tests.admin.conftest import NOW, Desk

CASES = reverse("admin:authshield_case_changelist")


def page_of(case: Case) -> str:
    """The case's page."""
    return reverse("admin:authshield_case_change", args=[case.pk])


def step_of(case: Case, name: str) -> str:
    """The page of one of its steps."""
    return reverse("admin:authshield_case_step", args=[case.pk, name])


@pytest.fixture
def books(settings: Settings) -> list[tuple[str, str]]:
    """What is asked of the broker's books."""
    settings.AUTHSHIELD_ORDER_GATEWAY = "tests.admin.books.Books"
    Books.calls.clear()
    return Books.calls


@pytest.fixture
def closed_books(settings: Settings) -> None:
    """Books that do not answer."""
    settings.AUTHSHIELD_ORDER_GATEWAY = "tests.admin.books.ClosedBooks"


@pytest.mark.usefixtures("books")
def test_the_page_tells_the_whole_story_in_the_order_of_time(case: Case, desk: Desk) -> None:
    """Sign-in, challenge, order, hold, score, note: each with what the customer was shown."""
    page = desk("auditors").get(page_of(case))
    lines = page.context["timeline"]
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert [line.what for line in lines] == [
        "sign-in",
        "challenge",
        "challenge",
        "order",
        "hold",
        "scoring",
        "desk",
    ]
    shown = page.content.decode()
    for words in (
        "Buy 12,000 of 6613, at 250.5 at most or better",
        "sold 80 % of the portfolio",
        "passed with totp",
        "new_device",
        "that the operation waits for a review",
        "late score 81",
        "called the customer",
        "B-1",
        "the case&#x27;s session",
        "not frozen",
    ):
        assert words in shown or words.replace("&#x27;", "'") in shown, words


def test_the_page_costs_the_same_however_long_the_story_is(
    case: Case, desk: Desk, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """No table is asked once a line."""
    browser = desk("analysts")
    browser.get(page_of(case))
    with django_assert_num_queries(23) as counted:
        browser.get(page_of(case))
    for number in range(10):
        CaseEntry.objects.create(case=case, at=NOW, kind="x", text="x", key=f"k{number}")
        Session.objects.create(sid=f"more-{number}", account="7", started_at=NOW, last_seen_at=NOW)
    with django_assert_num_queries(len(counted.captured_queries)):
        browser.get(page_of(case))


def test_a_case_without_a_session_is_told_from_its_account(desk: Desk, case: Case) -> None:
    """What the account did around that time is its story."""
    Case.objects.filter(pk=case.pk).update(sid="")
    lines = desk("auditors").get(page_of(case)).context["timeline"]
    assert {"sign-in", "order", "hold"} <= {line.what for line in lines}


@pytest.mark.usefixtures("closed_books")
def test_books_that_do_not_answer_are_said_on_the_page(case: Case, desk: Desk) -> None:
    """The page opens all the same, and so does the question before the containment."""
    analyst = desk("analysts")
    for address in (page_of(case), step_of(case, "contain")):
        answer = analyst.get(address)
        assert answer.status_code == 200
        assert "the books do not answer" in answer.content.decode()


def test_containing_says_whom_it_touches_first_and_then_does_it(
    case: Case,
    desk: Desk,
    books: list[tuple[str, str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    """The session ends, its order stops, another session's does not; each line carries the person's name."""
    analyst = desk("analysts")
    asked = analyst.get(step_of(case, "contain")).content.decode()
    assert "Session sid-1 ends" in asked
    assert "B-1" in asked
    assert "B-2" not in asked
    assert Session.objects.get(pk="sid-1").ended_at is None
    with django_capture_on_commit_callbacks(execute=True):
        told = analyst.post(step_of(case, "contain"), {"reason": "looks bad"}, follow=True)
    assert "Contained" in told.content.decode()
    assert ("suspend", "B-1") in books
    assert ("suspend", "B-2") not in books
    assert Session.objects.get(pk="sid-1").ended_at is not None
    assert Session.objects.get(pk="sid-2").ended_at is None
    case.refresh_from_db()
    assert case.state == Case.State.CONTAINED
    assert CaseEntry.objects.filter(case=case, actor="analysts").count() >= 2
    assert step_of(case, "contain") not in analyst.get(page_of(case)).content.decode()
    done = list(books)
    assert "not possible any more" in analyst.post(step_of(case, "contain"), follow=True).content.decode()
    assert books == done


@pytest.mark.usefixtures("closed_books")
def test_a_containment_that_fails_in_part_says_which(case: Case, desk: Desk) -> None:
    """The session has ended all the same, and the case stays open."""
    answer = desk("analysts").post(step_of(case, "contain"))
    assert answer.status_code == 409
    assert "orders" in answer.content.decode()
    assert Session.objects.get(pk="sid-1").ended_at is not None
    assert Case.objects.get().state == Case.State.OPEN


@pytest.mark.usefixtures("books")
def test_all_sessions_end_with_a_reason(case: Case, desk: Desk) -> None:
    """The page counts them first; without a reason nothing happens."""
    analyst = desk("analysts")
    assert "2 open sessions end." in analyst.get(step_of(case, "end-sessions")).content.decode()
    assert analyst.post(step_of(case, "end-sessions"), {"reason": ""}).status_code == 409
    assert Session.objects.filter(account="7", ended_at=None).count() == 2
    analyst.post(step_of(case, "end-sessions"), {"reason": "taken over"})
    assert not Session.objects.filter(account="7", ended_at=None).exists()
    assert CaseEntry.objects.get(kind="sessions:ended").actor == "analysts"


@pytest.mark.usefixtures("books")
def test_an_account_is_frozen_and_its_release_asked_for_with_reasons(case: Case, desk: Desk) -> None:
    """One button at a time is there; both leave a line with the person's name."""
    analyst = desk("analysts")
    assert step_of(case, "unfreeze") not in analyst.get(page_of(case)).content.decode()
    analyst.post(step_of(case, "freeze"), {"reason": "taken over"})
    assert AccountState.objects.get().frozen_by == "analysts"
    page = analyst.get(page_of(case)).content.decode()
    assert step_of(case, "freeze") not in page
    assert "frozen by analysts: taken over" in page
    assert analyst.post(step_of(case, "unfreeze"), {"reason": ""}).status_code == 409
    analyst.post(step_of(case, "unfreeze"), {"reason": "new password, called back"})
    assert AccountState.objects.get().frozen_at is not None
    lines = CaseEntry.objects.filter(kind__startswith="account:").values_list("kind", "actor")
    assert list(lines) == [("account:frozen", "analysts"), ("account:release", "analysts")]


def test_the_work_on_a_case_is_kept(case: Case, desk: Desk) -> None:
    """Taken, noted, judged, closed: state, owner and lines follow."""
    approver = desk("approvers")
    approver.post(step_of(case, "take"))
    approver.post(step_of(case, "note"), {"reason": "<b>called</b>"})
    approver.post(step_of(case, "fraud"), {"reason": "customer denies it"})
    approver.post(step_of(case, "close"), {"reason": "done"})
    case.refresh_from_db()
    assert (case.state, case.verdict) == ("closed", "fraud")
    assert case.owner is not None
    assert case.owner.username == "approvers"
    assert case.closed_at is not None
    kinds = list(CaseEntry.objects.filter(actor="approvers").values_list("kind", flat=True))
    assert kinds == ["case:taken", "case:noted", "case:fraud", "case:closed"]
    page = approver.get(page_of(case)).content.decode()
    assert "&lt;b&gt;called&lt;/b&gt;" in page
    assert step_of(case, "close") not in page
    assert step_of(case, "legit") in page
    assert step_of(case, "fraud") not in page


def test_a_note_may_be_written_twice(case: Case, desk: Desk) -> None:
    """A person who says the same again means it."""
    approver = desk("approvers")
    for _ in range(2):
        approver.post(step_of(case, "note"), {"reason": "called, no answer"})
    assert CaseEntry.objects.filter(text="called, no answer").count() == 2


@pytest.mark.parametrize(
    "name", ["contain", "end-sessions", "freeze", "take", "fraud", "legit", "note", "close"]
)
def test_who_only_reads_does_nothing(name: str, case: Case, desk: Desk) -> None:
    """An auditor's forged form is refused, and nothing changed."""
    assert desk("auditors").post(step_of(case, name), {"reason": "x"}).status_code == 403
    assert CaseEntry.objects.count() == 1


def test_a_reason_that_is_too_long_is_refused(case: Case, desk: Desk) -> None:
    """What could not be kept whole is not done."""
    answer = desk("approvers").post(step_of(case, "close"), {"reason": "x" * 201})
    assert answer.status_code == 409
    assert Case.objects.get().state == "open"


def test_the_list_is_filtered_and_costs_the_same_however_long(
    case: Case, desk: Desk, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Mine, nobody's, by state; no query a row."""
    approver = desk("approvers")
    approver.post(step_of(case, "take"))
    with django_assert_num_queries(7):
        approver.get(CASES)
    for number in range(5):
        Case.objects.create(
            account="8", title=f"other {number}", opened_at=NOW - timedelta(days=1), owner=case.owner
        )
    with django_assert_num_queries(7):
        page = approver.get(CASES).content.decode()
    assert "other 3" in page
    assert "other 3" not in approver.get(CASES, {"owner": "mine"}).content.decode()
    assert "other 3" in approver.get(CASES, {"owner": "nobody"}).content.decode()
    assert "other 3" not in approver.get(CASES, {"state__exact": "closed"}).content.decode()
    assert "other 3" in approver.get(CASES, {"q": "8"}).content.decode()
