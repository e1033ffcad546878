"""The journal of sign-ins, pages and all else without money, written in batches from the stream.

Entries may come twice and in any order: an event has one row, and the word that goes furthest stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from authshield.models import JournalEntry
from authshield.record import redact
from authshield.record.rows import decision_columns, event_columns
from authshield.vocabulary.decision import Decision, Final, Outcome
from authshield.vocabulary.event import HOLDABLE, Event, Kind, PageRequest
from authshield.vocabulary.features import Features

FAILED = "failed"
"""What becomes of a sign-in that nobody settles: the password was wrong."""

_FURTHER = {
    FAILED: 0,
    Final.MOOT.value: 1,
    Final.STOPPED.value: 2,
    Final.HELD.value: 3,
    Final.ALLOWED.value: 4,
    Final.PASSED.value: 5,
}
"""How far an event has come. Something that took effect never becomes one that did not."""

_UNSETTLED = {"action": "allow", "reasons": [], "rules": []}
_BATCH = 500
_LATER_WORD = (
    *_UNSETTLED,
    "sid",
    "device_hash",
    "required",
    "final",
    "risk",
    "ruleset_version",
    "is_observed",
)


@dataclass(frozen=True, slots=True)
class Line:
    """An event as it was seen, or once it was settled: then with decision and outcome."""

    event: Event
    features: Features | None = None
    decision: Decision | None = None
    outcome: Outcome | None = None


def write(lines: Sequence[Line]) -> int:
    """Write a batch, in the caller's transaction; returns how many rows are new or changed.

    Orders and the like are left out: they are in the ledger. Cost: 1 query, and 1 insert for 500 rows.
    """
    rows: dict[str, JournalEntry] = {}
    for line in lines:
        if line.event.kind in HOLDABLE:
            continue
        row = _row(line)
        known = rows.get(row.event_id)
        rows[row.event_id] = row if known is None else _further(known, row)
    kept = dict(JournalEntry.objects.filter(event_id__in=rows).values_list("event_id", "final"))
    changed = [row for row in rows.values() if _rank(row.final) > _rank(kept.get(row.event_id))]
    JournalEntry.objects.bulk_create(
        changed,
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["event_id"],
        update_fields=[
            *_UNSETTLED,
            "sid",
            "device_hash",
            "required",
            "final",
            "risk",
            "ruleset_version",
            "is_observed",
        ],
    )
    return len(changed)


def _row(line: Line) -> JournalEntry:
    event = line.event
    columns = event_columns(event)
    columns |= decision_columns(line.decision) if line.decision else _UNSETTLED
    return JournalEntry(
        **columns,
        final=_final(line),
        facts=redact.facts(line.features.facts) if line.features else {},
        username=redact.username(event.username, exists=event.account is not None),
        path=redact.path(event.subject.path) if isinstance(event.subject, PageRequest) else "",
    )


def _final(line: Line) -> str:
    if line.outcome is not None:
        return line.outcome.final.value
    return FAILED if line.event.kind == Kind.LOGIN else Final.ALLOWED.value


def _further(first: JournalEntry, second: JournalEntry) -> JournalEntry:
    ahead, behind = (first, second) if _rank(first.final) >= _rank(second.final) else (second, first)
    ahead.facts = ahead.facts or behind.facts
    return ahead


def _rank(final: Any) -> int:
    return _FURTHER.get(str(final), -1)
