"""The activity in the security centre: what, when, where and with what; own lines alone, a page at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from authshield.models import JournalEntry, LedgerEntry
from authshield.views import history
from authshield.vocabulary.event import Kind
from authshield.vocabulary.operation import Operation
from tests.attacks.conftest import own_site
from tests.site import Guest, work_off

if TYPE_CHECKING:
    from authshield.models.ledger import Recorded

__all__ = ["own_site"]

pytestmark = pytest.mark.usefixtures("own_site")
AT = datetime(2026, 4, 14, 15, 30, tzinfo=UTC)
ACTIVITY = "/security/activity/"


def _alice() -> tuple[Guest, str]:
    guest = Guest()
    guest.sign_in("alice")
    work_off()
    return guest, str(User.objects.get(username="alice").pk)


def _record(model: type[Recorded], account: str, number: int, **columns: Any) -> None:
    values = {
        "at": AT + timedelta(minutes=number),
        "kind": "login",
        "sid": f"s{number}",
        "label": "Firefox, Windows",
        "ip": "127.1.2.3",
        "place": "Osaka, Japan",
        "action": "allow",
        "final": "allowed",
        "facts": {"network.kind": "mobile"},
    }
    model._default_manager.create(event_id=f"e{number:04}", account=account, **{**values, **columns})


def _text(guest: Guest, path: str = ACTIVITY, *, language: str = "en") -> str:
    return " ".join(
        unescape(guest.client.get(path, headers={"Accept-Language": language}).content.decode()).split()
    )


def test_a_line_says_what_when_where_and_with_what() -> None:
    """The order in words, what became of it, city and country, the kind of network, browser and system."""
    guest, account = _alice()
    order = Operation(Kind.ORDER, account, {"symbol": "7203", "side": "buy", "quantity": "1200"}).canonical()
    _record(LedgerEntry, account, 1, kind="order", operation=order, final="held", action="hold")
    text = _text(guest)
    for words in ("Order: Buy 1,200 of 7203", "waits for a check", "Osaka, Japan", "mobile network"):
        assert words in text
    assert "Firefox, Windows" in text
    assert "April 15, 2026, 12:31 a.m." in text
    assert "Times are those of Asia/Tokyo." in text


def test_it_speaks_the_readers_language_and_keeps_the_readers_time() -> None:
    """Places by their Japanese names; times in the zone that this browser told of itself, if it is one."""
    guest, account = _alice()
    _record(JournalEntry, account, 1)
    assert "大阪, 日本" in _text(guest, language="ja")
    for told, shown in (
        ("Europe/Berlin", "April 14, 2026, 5:31 p.m."),
        ("../etc", "April 15, 2026, 12:31 a.m."),
    ):
        guest.api("POST", "/security/api/fingerprint", {"timezone": told})
        assert shown in _text(guest)


def test_a_place_is_told_as_it_was_recorded_where_the_address_has_moved() -> None:
    """A name of today's file must not replace what was seen then."""
    guest, account = _alice()
    _record(JournalEntry, account, 1, place="Nagoya, Japan")
    _record(JournalEntry, account, 2, place="", ip="192.0.2.200")
    text = _text(guest, language="ja")
    assert "Nagoya, Japan" in text
    assert "192.0.2.200" in text


def test_the_outcome_says_whether_it_was_asked_held_or_refused() -> None:
    """Never a rule, points or a score."""
    guest, account = _alice()
    for number, (final, action) in enumerate(
        [("passed", "challenge"), ("stopped", "challenge"), ("stopped", "deny"), ("failed", "allow")]
    ):
        _record(JournalEntry, account, number, final=final, action=action, risk=77.25, rules=["r-secret"])
    text = _text(guest)
    for words in ("confirmed and done", "confirmation asked for", "not done", "wrong password"):
        assert words in text
    assert "77" not in text
    assert "r-secret" not in text


def test_it_is_read_a_page_at_a_time_and_each_line_comes_once() -> None:
    """Of both books, also where many lines have one moment; a sign-in that stands in both is told once."""
    _, account = _alice()
    for number in range(30):
        _record(JournalEntry, account, number, at=AT, label=f"j{number}")
    for number in range(20, 45):
        kind = "login" if number < 30 else "withdrawal"
        _record(
            LedgerEntry, account, number, at=AT + timedelta(seconds=number % 2), kind=kind, label=f"l{number}"
        )
    seen: list[str] = []
    after = None
    while True:
        page = history.page(account, most=7, after=after)
        seen += [line.label for line in page.lines if line.label[0] in "jl"]
        if not page.older:
            break
        after = history.Mark.read(page.older)
    assert len(seen) == len(set(seen)) == 45
    assert set(seen) == {*(f"j{n}" for n in range(30)), *(f"l{n}" for n in range(30, 45))}


def test_the_pages_are_linked_and_a_mark_that_is_none_begins_anew() -> None:
    """Older and newest; the centre shows the newest few and where the rest is."""
    guest, account = _alice()
    for number in range(50):
        _record(JournalEntry, account, number)
    first = guest.client.get(ACTIVITY)
    older = first.context["activity"].older
    second = guest.client.get(ACTIVITY, {"before": older})
    assert len(first.context["activity"].lines) == len(second.context["activity"].lines) == 20
    assert "Newest" in second.content.decode()
    assert first.context["activity"].lines[-1].at > second.context["activity"].lines[0].at
    for nonsense in ("x", "2026-04-14~", "2026-04-14T00:00", "~", "2026-04-14T00:00:00+00:00~\x7f"):
        assert guest.client.get(ACTIVITY, {"before": nonsense}).status_code == 200
    assert ACTIVITY in _text(guest, "/security/")


def test_nobody_sees_anybody_elses_lines() -> None:
    """Not by a mark either."""
    guest, account = _alice()
    other = str(User.objects.get(username="dave").pk)
    _record(JournalEntry, other, 1, label="Safari, iPhone")
    _record(LedgerEntry, other, 2, label="Safari, iPhone", kind="order")
    assert "Safari" not in _text(guest)
    assert "Safari" not in _text(guest, f"{ACTIVITY}?before=2030-01-01T00:00:00%2B00:00~z")
    assert account != other


def test_a_page_costs_the_same_however_much_there_is() -> None:
    """Three queries for the page of the activity, whoever asks."""
    guest, account = _alice()
    counts = []
    for step in range(2):
        for number in range(step * 100, step * 100 + 100):
            _record(JournalEntry, account, number)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            guest.client.get(ACTIVITY)
        read = [query["sql"] for query in caught if 'FROM "authshield_' in query["sql"]]
        counts.append(sum('entry"' in sql or '_label"' in sql for sql in read))
    assert counts == [3, 3]
