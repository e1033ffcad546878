"""Takes what the scoring found: opens or joins the session's case, and has it contained if that is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from authshield.contain.cases import Entry, note, open_or_join, was_cleared
from authshield.contain.playbook import CONTAIN
from authshield.models import Case
from authshield.record import outbox
from authshield.vocabulary.decision import Reason

_IN_TITLE = 3


def take(
    account: str, sid: str, *, event_id: str, score: float, reasons: Sequence[Reason], now: datetime
) -> Case | None:
    """Put a scored event into its session's case, in the caller's transaction.

    None where the desk has found this session legitimate before. Cost: 4 to 8 statements.
    """
    if was_cleared(sid):
        return None
    words = "; ".join(reason.text for reason in reasons[:_IN_TITLE])
    title = words[:1].upper() + words[1:]
    case = open_or_join(account, sid, title=title, score=score, reasons=reasons, now=now)
    data = {
        "event": event_id,
        "score": score,
        "reasons": [[reason.code, reason.points] for reason in reasons],
    }
    text = f"Late score {score:.0f} after event {event_id}: {words}"
    note(case, Entry(f"score:{event_id}", "session:scored", text, data=data), now)
    return case


def want_containment(case: Case, now: datetime) -> None:
    """Have a case contained as soon as the transaction is committed, unless it was. Cost: 1 or 2 statements."""
    if case.state == Case.State.OPEN:
        outbox.enqueue(CONTAIN, str(case.pk), now)
