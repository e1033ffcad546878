"""Holds: the queue in words, oldest first, each decided once with a reason."""

from datetime import timedelta

import pytest
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from authshield.clock import now as clock_now
from authshield.models import AccountState, Case, CaseEntry, Hold
from tests.admin.books import Books
from tests.admin.conftest import NOW, Desk, make_hold

HOLDS = reverse("admin:authshield_hold_changelist")


def step_of(hold: Hold, name: str) -> str:
    """The page of one of its steps."""
    return reverse("admin:authshield_hold_step", args=[hold.pk, name])


@pytest.fixture
def books(settings: Settings) -> list[tuple[str, str]]:
    """What is asked of the broker's books."""
    settings.AUTHSHIELD_ORDER_GATEWAY = "tests.admin.books.Books"
    Books.calls.clear()
    return Books.calls


def test_the_queue_holds_what_waits_oldest_first(
    desk: Desk, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Decided ones are one click away; the list costs the same however long."""
    now = clock_now()
    second = make_hold(reference="A-2", created_at=now - timedelta(minutes=1))
    first = make_hold(reference="A-1", created_at=now - timedelta(minutes=9))
    done = make_hold(reference="A-0", state="cancelled", created_at=NOW)
    analyst = desk("analysts")
    analyst.get(HOLDS)
    with django_assert_num_queries(7):
        page = analyst.get(HOLDS)
    assert [row.pk for row in page.context["cl"].result_list] == [first.pk, second.pk]
    text = page.content.decode()
    assert "Buy 12,000 of 6613, at 250.5 at most or better" in text
    assert "9\xa0minutes" in text
    assert step_of(first, "release") in text
    assert [row.pk for row in analyst.get(HOLDS, {"state": "cancelled"}).context["cl"].result_list] == [
        done.pk
    ]
    assert len(analyst.get(HOLDS, {"state": "all"}).context["cl"].result_list) == 3
    assert step_of(first, "release") not in desk("auditors").get(HOLDS).content.decode()


@pytest.mark.parametrize(("name", "state"), [("release", "released"), ("cancel", "cancelled")])
def test_a_hold_is_decided_once(name: str, state: str, desk: Desk, books: list[tuple[str, str]]) -> None:
    """With a reason; the case that it belongs to gets a line; the second click finds it decided."""
    case = Case.objects.create(account="7", title="t", opened_at=NOW)
    hold = make_hold(case=case)
    analyst = desk("analysts")
    assert "Account 7: Buy 12,000 of 6613" in analyst.get(step_of(hold, name)).content.decode()
    assert analyst.post(step_of(hold, name), {"reason": ""}).status_code == 409
    assert not books
    assert analyst.post(step_of(hold, name), {"reason": "customer confirmed"}).status_code == 302
    hold.refresh_from_db()
    assert (hold.state, hold.decided_by, hold.decision_reason) == (state, "analysts", "customer confirmed")
    assert books == [(name, "A-1")]
    assert CaseEntry.objects.get(case=case).kind == f"hold:{state}"
    analyst.post(step_of(hold, name), {"reason": "again"})
    assert len(books) == 1


@pytest.mark.usefixtures("books")
def test_an_account_that_is_frozen_gets_nothing_released(desk: Desk) -> None:
    """The refusal is said, and it still waits."""
    AccountState.objects.create(account="7", frozen_at=NOW)
    hold = make_hold()
    answer = desk("analysts").post(step_of(hold, "release"), {"reason": "x"})
    assert answer.status_code == 409
    assert "frozen" in answer.content.decode()
    hold.refresh_from_db()
    assert hold.state == "waiting"


def test_books_that_refuse_are_said(desk: Desk, settings: Settings) -> None:
    """It still waits, and can be tried again."""
    settings.AUTHSHIELD_ORDER_GATEWAY = "tests.admin.books.ClosedBooks"
    hold = make_hold()
    answer = desk("analysts").post(step_of(hold, "release"), {"reason": "x"})
    assert answer.status_code == 409
    assert "the books do not answer" in answer.content.decode()
    assert Hold.objects.get().state == "waiting"


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"kind":"order"}', '{"kind":"order","fields":{}}'])
def test_an_operation_that_cannot_be_read_breaks_no_page(text: str, desk: Desk) -> None:
    """It is shown as it is."""
    hold = make_hold(operation=text)
    analyst = desk("analysts")
    assert analyst.get(HOLDS).status_code == 200
    assert analyst.get(reverse("admin:authshield_hold_change", args=[hold.pk])).status_code == 200
    assert analyst.get(step_of(hold, "cancel")).status_code == 200
