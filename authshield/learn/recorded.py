"""What ledger and journal keep of events, as labels and counts need it. Must not change a row.

A sign-in that had to prove itself stands in both; then the row with facts counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from authshield.judge.evidence.weigh import Scales, scales, steps
from authshield.judge.evidence.weights import WEIGHED, shipped
from authshield.models import JournalEntry, LedgerEntry
from authshield.record.journal import FAILED
from authshield.vocabulary.decision import Final
from authshield.vocabulary.event import Kind
from authshield.vocabulary.facts import MISSING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

LABELLED_KINDS = frozenset(kind.value for kind in WEIGHED)
"""Kinds of event that are counted; the others have no signs."""

HAPPENED = frozenset({Final.ALLOWED.value, Final.PASSED.value})
_COLUMNS = (
    "event_id", "at", "kind", "account", "sid", "risk", "final", "ip", "device_hash", "label", "facts",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One event as it was recorded; ``facts`` leave out what was at its default."""

    event_id: str
    at: datetime
    kind: str
    account: str
    sid: str
    risk: float
    final: str
    ip: str
    device_hash: str
    label: str
    facts: Mapping[str, Any]

    @property
    def counts(self) -> bool:
        """Whether it has signs to count: weighed, measured, and no wrong password."""
        is_told = bool(self.facts) and not self.facts.get("store.is_missing")
        return self.kind in LABELLED_KINDS and is_told and self.final != FAILED

    @property
    def has_happened(self) -> bool:
        """Whether it took effect, and so may have taught the profile."""
        return self.final in HAPPENED


def rows_of(account: str, *, sids: Collection[str], event_ids: Collection[str]) -> dict[str, Row]:
    """What is recorded of these sessions and events of an account, pages apart. Cost: 2 queries."""
    wanted = Q(sid__in=[sid for sid in sids if sid]) | Q(event_id__in=list(event_ids))
    found: dict[str, Row] = {}
    for table in (LedgerEntry.objects, JournalEntry.objects):
        rows = table.filter(wanted, account=account).exclude(kind=Kind.REQUEST.value)
        for values in rows.values_list(*_COLUMNS):
            row = Row(*values)
            known = found.get(row.event_id)
            if known is None or (row.facts and not known.facts):
                found[row.event_id] = row
    return found


def steps_of(kind: str, facts: Mapping[str, Any]) -> dict[str, int]:
    """The step that each sign stood on, from the facts as they are kept. Cost: about 30 µs."""
    return steps({**MISSING, **facts}, _scales()[Kind(kind)])


@cache
def _scales() -> Mapping[Kind, Scales]:
    """All signs, whatever a ruleset leaves out: what is not weighed today can be weighed by its counts tomorrow."""
    return scales(shipped(), {})
