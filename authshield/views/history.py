"""What happened in an account, in the customer's words: nothing about rules, points or scores."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from authshield.models import JournalEntry, LedgerEntry
from authshield.models.ledger import Recorded

Text = str | Promise

_KINDS: dict[str, Text] = {
    "login": _("Sign-in"),
    "order": _("Order"),
    "order_change": _("Change of an order"),
    "withdrawal": _("Withdrawal"),
    "profile_change": _("Change of your data"),
    "request": _("Visit"),
}
_OUTCOMES: dict[str, Text] = {
    "allowed": _("done"),
    "passed": _("confirmed and done"),
    "held": _("waits for a check"),
    "stopped": _("not done"),
    "failed": _("wrong password"),
}

_SOMEBODYS = frozenset({"login", "order", "order_change", "withdrawal", "profile_change"})
"""Kinds of which the customer can say that it was somebody else."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list. ``sid`` names the session where it can be said to have been somebody else's."""

    at: datetime
    what: Text
    outcome: Text
    is_fine: bool
    label: str
    place: str
    ip: str
    sid: str


def lines(journal: Iterable[JournalEntry], ledger: Iterable[LedgerEntry], *, most: int) -> list[Line]:
    """The newest lines of both, newest first; a sign-in that stands in both is told once."""
    rows: dict[str, Recorded] = {row.event_id: row for row in ledger}
    rows.update({row.event_id: row for row in journal})
    newest = sorted(rows.values(), key=lambda row: row.at, reverse=True)[:most]
    return [_line(row) for row in newest]


def _line(row: Recorded) -> Line:
    return Line(
        at=row.at,
        what=_KINDS.get(row.kind, row.kind),
        outcome=_("waits for your confirmation") if _is_waiting(row) else _OUTCOMES.get(row.final, row.final),
        is_fine=row.final in {"allowed", "passed"},
        label=row.label,
        place=row.place,
        ip=row.ip or "",
        sid=row.sid if row.kind in _SOMEBODYS and row.final != "failed" else "",
    )


def _is_waiting(row: Recorded) -> bool:
    return row.final == "stopped" and row.action == "challenge"
