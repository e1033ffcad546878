"""Ledger and journal: found by any of their ids, explained, exported without harm, quick at any length."""

import csv
import io

import pytest
from django.core.paginator import Paginator
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from authshield.admin.desk import COUNTED_ROWS, CappedPaginator
from authshield.admin.export import cell
from authshield.models import JournalEntry, LedgerEntry, Notice, OutboxTask, RuleDraft, SessionScore
from tests.admin.conftest import NOW, ORDER, Desk, make_recorded

LEDGER = reverse("admin:authshield_ledgerentry_changelist")
JOURNAL = reverse("admin:authshield_journalentry_changelist")


@pytest.mark.parametrize("word", ["7", "sid-1", "192.0.2.7", "dev-1", "e-1", "A-1"])
def test_a_decision_is_found_by_any_of_its_ids(word: str, desk: Desk) -> None:
    """Account, session, address, device, event, reference: whole."""
    make_recorded(LedgerEntry, "e-1", device_hash="dev-1", reference="A-1", kind="order")
    make_recorded(LedgerEntry, "e-2", account="8", sid="s-2", ip="192.0.2.8", kind="order")
    found = desk("auditors").get(LEDGER, {"q": word}).context["cl"].result_list
    assert [row.event_id for row in found] == ["e-1"]


@pytest.mark.parametrize("query", ["kind=order", "action=hold", "final=held", "is_observed__exact=0"])
def test_decisions_are_filtered(query: str, desk: Desk) -> None:
    """By kind, action, outcome, and whether they were only observed."""
    make_recorded(LedgerEntry, "e-1", kind="order", action="hold", final="held")
    make_recorded(LedgerEntry, "e-2", is_observed=True)
    found = desk("auditors").get(f"{LEDGER}?{query}").context["cl"].result_list
    assert [row.event_id for row in found] == ["e-1"]


def test_a_decision_explains_itself(desk: Desk) -> None:
    """Operation in words, points that add up, facts in the order of their declaration, unknown ones last."""
    reasons = [{"code": "a", "points": 30, "text": "thin"}, {"code": "b", "points": 12.5, "text": "new"}]
    make_recorded(LedgerEntry, "e-1", operation=ORDER, kind="order", reasons=reasons)
    row = LedgerEntry.objects.get()
    page = (
        desk("auditors").get(reverse("admin:authshield_ledgerentry_change", args=[row.pk])).content.decode()
    )
    assert "Buy 12,000 of 6613" in page
    assert '<td class="authshield-number">42.5</td><td colspan="2">together</td>' in page
    assert page.index("device.is_seen") < page.index("order.portfolio_share") < page.index("zz.odd")
    assert "the account has used this device before" in page
    assert "0.25" in page


@pytest.mark.parametrize("facts", [{}, [], "x", {"a": None}, {"order.value": 10**15, "order.reuse": 1e12}])
@pytest.mark.parametrize("reasons", [[], "x", [1, "code"], [{"points": "many"}]])
def test_odd_rows_break_no_page(facts: object, reasons: object, desk: Desk) -> None:
    """Whatever an older version left there is shown."""
    make_recorded(JournalEntry, "e-1", facts=facts, reasons=reasons, kind="unheard_of")
    row = JournalEntry.objects.get(event_id="e-1")
    address = reverse("admin:authshield_journalentry_change", args=[row.pk])
    assert desk("auditors").get(address).status_code == 200


@pytest.mark.parametrize("model", [LedgerEntry, JournalEntry])
def test_a_list_costs_the_same_however_long(
    model: type[LedgerEntry], desk: Desk, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Session, user, permissions, count, rows."""
    browser = desk("admin")
    address = reverse(f"admin:authshield_{model.__name__.lower()}_changelist")
    make_recorded(model, "e-0")
    browser.get(address)
    with django_assert_num_queries(5):
        browser.get(address)
    for number in range(1, 30):
        make_recorded(model, f"e-{number}")
    with django_assert_num_queries(5):
        browser.get(address)


def test_counting_stops_where_nobody_pages() -> None:
    """A ledger with millions of rows is not counted for a page number."""
    rows = RuleDraft.objects.all()
    paginator = CappedPaginator(rows, 50)
    assert paginator.count == 0
    assert f"LIMIT {COUNTED_ROWS}" in str(rows.order_by()[:COUNTED_ROWS].query)
    assert CappedPaginator([1, 2, 3], 2).count == Paginator([1, 2, 3], 2).count


def test_the_export_is_safe_in_a_spreadsheet(desk: Desk) -> None:
    """All columns, and nothing that a spreadsheet would execute."""
    make_recorded(
        JournalEntry, "e-1", username="=cmd|' /C calc'!A0", label="@SUM(1)", path="+1", place="-2\t"
    )
    pk = JournalEntry.objects.get(event_id="e-1").pk
    answer = desk("auditors").post(JOURNAL, {"action": "export_csv", "_selected_action": [pk]})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    header, row = csv.reader(io.StringIO(text))
    told = dict(zip(header, row, strict=True))
    assert told["username"] == "'=cmd|' /C calc'!A0"
    assert told["label"] == "'@SUM(1)"
    assert told["path"] == "'+1"
    assert told["place"] == "'-2\t"
    assert told["risk"] == "12.5"
    assert told["at"] == "2026-05-04 03:02:01+00:00"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (None, ""),
        (-1.5, "-1.5"),
        (True, "True"),
        ("\r=1", "'\r=1"),
        ("  =1", "'  =1"),
        ({"a": "ü"}, '{"a": "ü"}'),
    ],
)
def test_a_cell_keeps_numbers_and_defuses_text(value: object, kept: str) -> None:
    """A negative number is a number; a text that looks like a formula is a text."""
    assert cell(value) == kept


def test_nobody_exports_what_they_may_not_read(desk: Desk) -> None:
    """The action has the list's own door."""
    make_recorded(JournalEntry, "e-1")
    assert desk("clerk").post(JOURNAL, {"action": "export_csv", "_selected_action": ["1"]}).status_code == 403


def test_waiting_work_and_messages_are_shown_without_their_secrets(desk: Desk) -> None:
    """Notices, outbox and scores open; what was sealed is not on them."""
    notice = Notice.objects.create(
        account="7",
        address="a@example.org",
        template="t",
        key="k",
        created_at=NOW,
        sealed_context=b"the-code",
    )
    task = OutboxTask.objects.create(
        task="t", argument="1", created_at=NOW, due_at=NOW, error="mail server gone"
    )
    score = SessionScore.objects.create(
        event_id="e", model="m", sid="s", account="7", score=61.7, reasons=[], event_at=NOW, scored_at=NOW
    )
    browser = desk("auditors")
    pages = [
        browser.get(
            reverse(f"admin:authshield_{type(row).__name__.lower()}_change", args=[row.pk])
        ).content.decode()
        for row in (notice, task, score)
    ]
    assert "the-code" not in pages[0]
    assert "mail server gone" in pages[1]
    assert "61.7" in pages[2]
