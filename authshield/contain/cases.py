"""Cases and their timelines. Must not act on an account; that is for ``steps``.

There is one open case for a session, whoever opens it first, and one open case without a session for an account.
Those of campaigns are opened by ``campaigns``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from authshield import signals
from authshield.models import Case, CaseEntry
from authshield.record import redact
from authshield.vocabulary.decision import Reason


@dataclass(frozen=True, slots=True)
class Entry:
    """One line for a timeline. ``key`` names it within its case: the same key is written once."""

    key: str
    kind: str
    text: str
    actor: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


def open_or_join(
    account: str, sid: str, *, title: str, score: float, reasons: Sequence[Reason], now: datetime
) -> Case:
    """The open case of this session (of this account where ``sid`` is empty), opened if there is none.

    A higher score renews title, score and reasons. Joins the caller's transaction. Cost: 1 to 3 statements.
    """
    case = _open(account, sid).first() or _create(account, sid, title=title, now=now)
    if score > case.score or not case.reasons:
        renew(case, title, score, reasons)
    return case


def renew(case: Case, title: str, score: float, reasons: Sequence[Reason]) -> None:
    """Say of a case what is known now. Cost: 1 statement."""
    case.title = redact.plain(title, 200)
    case.score = score
    case.reasons = [
        {"code": reason.code, "points": reason.points, "text": redact.plain(reason.text)}
        for reason in sorted(reasons, key=lambda reason: -reason.points)
    ]
    case.save(update_fields=["title", "score", "reasons"])


def was_cleared(sid: str) -> bool:
    """Whether the desk found this session legitimate: then its scores open no case again. Cost: 1 query."""
    closed = Case.objects.filter(sid=sid, state=Case.State.CLOSED, verdict=Case.Verdict.LEGIT)
    return bool(sid) and closed.exists()


def note(case: Case, entry: Entry, now: datetime) -> bool:
    """Write a line into a case's timeline; False where its key is there already. Cost: 2 statements."""
    if CaseEntry.objects.filter(case=case, key=entry.key).exists():
        return False
    row = CaseEntry(
        case=case,
        at=now,
        key=entry.key[:100],
        kind=entry.kind[:30],
        text=redact.plain(entry.text, 2000),
        actor=redact.line(entry.actor, 150),
        data=redact.tree(entry.data),
    )
    CaseEntry.objects.bulk_create([row], ignore_conflicts=True)
    return True


def is_noted(case: Case, key: str) -> bool:
    """Whether a line with this key is in the timeline."""
    return CaseEntry.objects.filter(case=case, key=key).exists()


def _open(account: str, sid: str) -> QuerySet[Case]:
    not_closed = Case.objects.exclude(state=Case.State.CLOSED)
    return not_closed.filter(sid=sid) if sid else not_closed.filter(sid="", campaign="", account=account)


def _create(account: str, sid: str, *, title: str, now: datetime) -> Case:
    try:
        with transaction.atomic():
            case = Case.objects.create(
                account=account, sid=sid, title=redact.plain(title, 200), opened_at=now
            )
    except IntegrityError:  # somebody else opened it at this very moment
        return _open(account, sid).get()
    note(case, Entry("opened", "case:opened", title), now)
    transaction.on_commit(lambda: signals.case_opened.send_robust(sender=Case, case=case), robust=True)
    return case
