"""The ledger of decisions about money and challenges. Append-only; must not hold a secret.

Written in the transaction of the effect itself, so that there is never one without the other.
"""

from __future__ import annotations

import json
from datetime import datetime

from authshield.models import LedgerEntry
from authshield.record import redact
from authshield.record.rows import decision_columns, event_columns
from authshield.vocabulary.decision import Decision, Outcome
from authshield.vocabulary.event import Event
from authshield.vocabulary.features import Features
from authshield.vocabulary.operation import Operation

_LATER_WORD = ("final", "challenge_id", "hold_id", "case_id", "reference", "operation", "action", "required")


def write(  # noqa: PLR0917 - the stages in the journey's own order
    event: Event,
    features: Features,
    decision: Decision,
    outcome: Outcome,
    operation: Operation | None,
    now: datetime,
) -> LedgerEntry:
    """Write one decision down, dated ``now``, in the caller's transaction. Cost: 1 insert.

    A second word on the same event, such as a sign-in that passes its challenge later, renews its outcome.
    """
    row = LedgerEntry(
        **{**event_columns(event), "at": now},
        **decision_columns(decision),
        final=outcome.final.value,
        facts=redact.tree(features.facts),
        operation=_text(operation),
        challenge_id=outcome.challenge_id,
        hold_id=outcome.hold_id,
        case_id=outcome.case_id,
    )
    written = LedgerEntry.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["event_id"], update_fields=_LATER_WORD
    )
    return written[0]


def _text(operation: Operation | None) -> str:
    """The operation's canonical text; fields that carry a secret, such as a new password, are removed."""
    if operation is None:
        return ""
    body = json.loads(operation.canonical())
    return json.dumps(redact.tree(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
