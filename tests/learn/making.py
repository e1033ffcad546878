"""Recorded events to label. Must not count anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from authshield.models import JournalEntry, LedgerEntry
from authshield.models.ledger import Recorded

START = datetime(2026, 4, 28, 1, 0, tzinfo=UTC)


def recorded(number: int, *, account: str = "7", sid: str = "sid-1", **columns: Any) -> str:
    """An event of an account; sign-ins go into the journal, all else into the ledger. Returns its id."""
    kind = columns.get("kind", "order")
    model: type[Recorded] = JournalEntry if kind == "login" else LedgerEntry
    values = {
        "at": START + timedelta(hours=number),
        "kind": kind,
        "ip": "192.0.2.7",
        "action": "allow",
        "final": "allowed",
        "risk": 12.5,
        "facts": {"event.kind": kind, "device.surprise": number % 5 * 0.8, "order.side": "buy"},
        **columns,
    }
    model._default_manager.create(event_id=f"e-{number}", account=account, sid=sid, **values)
    return f"e-{number}"
