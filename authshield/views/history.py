"""What happened in an account, in the customer's words: nothing about rules, points or scores.

Reads the journal and the ledger by the account, a page at a time, from any moment backwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from authshield.models import JournalEntry, LedgerEntry
from authshield.views.wording import operation_line
from authshield.vocabulary.event import Kind

if TYPE_CHECKING:
    from authshield.models.ledger import Recorded

Text = str | Promise

_KINDS: Mapping[str, Text] = {
    Kind.LOGIN: _("Sign-in"),
    Kind.ORDER: _("Order"),
    Kind.ORDER_CHANGE: _("Change of an order"),
    Kind.WITHDRAWAL: _("Withdrawal"),
    Kind.PROFILE_CHANGE: _("Change of your data"),
    Kind.REQUEST: _("Visit"),
    Kind.PASSWORD_RESET: _("New password asked for"),
}
_OUTCOMES: Mapping[str, Text] = {
    "allowed": _("done"),
    "passed": _("confirmed and done"),
    "held": _("waits for a check"),
    "stopped": _("not done"),
    "failed": _("wrong password"),
}
_NETWORKS: Mapping[str, Text] = {
    "residential": _("home network"),
    "mobile": _("mobile network"),
    "business": _("company network"),
    "hosting": _("data centre"),
    "anonymizer": _("hidden network (VPN or the like)"),
}
_OF_THE_JOURNAL = (Kind.LOGIN, Kind.PASSWORD_RESET)
"""What is no page view and no attempt at a code: those would bury the rest."""

_SOMEBODYS = frozenset({Kind.LOGIN, Kind.ORDER, Kind.ORDER_CHANGE, Kind.WITHDRAWAL, Kind.PROFILE_CHANGE})
"""Kinds of which the customer can say that it was somebody else."""


class Mark(NamedTuple):
    """Where a page ended: older lines come after it. As text it fits into an address."""

    at: datetime
    event_id: str

    @classmethod
    def read(cls, text: str) -> Mark | None:
        """What an address carries; None for what no page has written."""
        at, _, event_id = text.partition("~")
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            return None
        return cls(moment, event_id) if moment.tzinfo else None

    def __str__(self) -> str:
        """For an address."""
        return f"{self.at.isoformat()}~{self.event_id}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list. ``sid`` names the session where it can be said to have been somebody else's."""

    at: datetime
    what: Text
    detail: Text
    outcome: Text
    is_fine: bool
    label: str
    device_hash: str
    place: str
    ip: str
    network: Text
    sid: str


class Page(NamedTuple):
    """Lines, newest first, and the mark of the next ones as text, empty for the last page."""

    lines: list[Line]
    older: str


def page(account: str, *, most: int, after: Mark | None = None) -> Page:
    """The newest lines, or those older than a mark; a sign-in that stands in both books is told once.

    Cost: 2 queries by the account's index.
    """
    journal = JournalEntry.objects.filter(account=account, kind__in=_OF_THE_JOURNAL)
    twice = JournalEntry.objects.filter(event_id=OuterRef("event_id"))
    ledger = LedgerEntry.objects.filter(account=account).exclude(Q(kind=Kind.LOGIN) & Exists(twice))
    rows: list[Recorded] = [*_newest(journal, most, after), *_newest(ledger, most, after)]
    rows.sort(key=lambda row: (row.at, row.event_id), reverse=True)
    shown = rows[:most]
    older = str(Mark(shown[-1].at, shown[-1].event_id)) if len(rows) > most else ""
    return Page([_line(row) for row in shown], older)


def _newest(rows: QuerySet[Any], most: int, after: Mark | None) -> QuerySet[Any]:
    if after is not None:
        rows = rows.filter(Q(at__lt=after.at) | Q(at=after.at, event_id__lt=after.event_id))
    return rows.order_by("-at", "-event_id")[: most + 1]


def _line(row: Recorded) -> Line:
    operation = row.operation if isinstance(row, LedgerEntry) else ""
    return Line(
        at=row.at,
        what=_KINDS.get(row.kind, row.kind),
        detail=operation_line(operation) if operation else "",
        outcome=_("confirmation asked for") if _was_asked(row) else _OUTCOMES.get(row.final, row.final),
        is_fine=row.final in {"allowed", "passed"},
        label=row.label,
        device_hash=row.device_hash,
        place=row.place,
        ip=row.ip or "",
        network=_NETWORKS.get(str(row.facts.get("network.kind", "")), ""),
        sid=row.sid if row.kind in _SOMEBODYS and row.final != "failed" else "",
    )


def _was_asked(row: Recorded) -> bool:
    return row.final == "stopped" and row.action == "challenge"
