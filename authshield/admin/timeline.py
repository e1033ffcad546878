"""What happened around a case, from every table that saw a part of it, in the order of time.

Reads only. Cost: 7 queries, whatever the case; at most ``LINES`` rows of each table, the newest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from authshield.admin.tables import reasons_of
from authshield.admin.words import ACTION_WORDS, FINAL_WORDS, NONE, kind_words, operation_words
from authshield.models import Case, Challenge, Hold, JournalEntry, LedgerEntry, OobRequest, SessionScore
from authshield.vocabulary.actions import Strength
from authshield.vocabulary.event import Kind

LINES = 200
BEFORE = timedelta(days=1)
AFTER = timedelta(days=1)
ACCOUNT_KINDS = (Kind.LOGIN, Kind.PASSWORD_RESET, Kind.PROFILE_CHANGE, Kind.WITHDRAWAL)
"""Kinds that belong to the story even when they came from another session of the account."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: when, what, what came of it, who (staff) and where the whole row is shown."""

    at: datetime
    what: str
    text: str
    shown: str = ""
    actor: str = ""
    address: str = ""
    is_grave: bool = False


def timeline(case: Case) -> list[Line]:
    """All lines of a case, oldest first."""
    if case.campaign:
        return sorted(_entries(case), key=lambda line: line.at)
    lines = [*_entries(case), *_recorded(case), *_challenges(case), *_confirmations(case)]
    lines += [*_holds(case), *_scores(case)]
    return sorted(lines, key=lambda line: line.at)


def _entries(case: Case) -> Iterator[Line]:
    for entry in case.entries.order_by("-at")[:LINES]:
        yield Line(entry.at, _("desk") if entry.actor else _("containment"), entry.text, actor=entry.actor)


def _around(case: Case) -> Q:
    until = (case.closed_at or case.opened_at) + AFTER
    span = Q(account=case.account, at__gte=case.opened_at - BEFORE, at__lte=until)
    return Q(sid=case.sid) | (span & Q(kind__in=ACCOUNT_KINDS)) if case.sid else span


def _recorded(case: Case) -> Iterator[Line]:
    for rows in (JournalEntry.objects, LedgerEntry.objects):
        for row in rows.filter(_around(case)).order_by("-at")[:LINES]:
            yield _recorded_line(row)


def _recorded_line(row: Any) -> Line:
    subject = operation_words(row.operation) if getattr(row, "operation", "") else getattr(row, "path", "")
    where = ", ".join(filter(None, [row.label, row.place, row.ip]))
    decided = _("decided: %(action)s, risk %(risk)d; outcome: %(final)s") % {
        "action": ACTION_WORDS.get(row.action, row.action),
        "risk": round(row.risk),
        "final": FINAL_WORDS.get(row.final, row.final),
    }
    observed = _("observed only") if row.is_observed else ""
    reasons = "; ".join(f"{reason['text'] or reason['code']}" for reason in reasons_of(row.reasons)[:3])
    return Line(
        row.at,
        kind_words(row.kind),
        " · ".join(filter(None, [subject, where, decided, observed, reasons])),
        shown="" if row.is_observed else _shown(row.final),
        address=reverse(f"admin:authshield_{row._meta.model_name}_change", args=[row.pk]),
        is_grave=row.final in {"held", "stopped"},
    )


def _shown(final: str) -> str:
    return {
        "held": _("that the operation waits for a review"),
        "stopped": _("a refusal without its reason"),
        "moot": _("that the session has ended"),
    }.get(final, "")


def _challenges(case: Case) -> Iterator[Line]:
    rows = Challenge.objects.filter(
        account=case.account,
        created_at__gte=case.opened_at - BEFORE,
        created_at__lte=(case.closed_at or case.opened_at) + AFTER,
    )
    for row in rows.order_by("-created_at")[:LINES]:
        public = ", ".join(str(reason["text"] or reason["code"]) for reason in reasons_of(row.reasons))
        asked = _("asked for a proof (%(required)s) for: %(operation)s") % {
            "required": Strength(row.required).word,
            "operation": operation_words(row.operation) if row.operation else kind_words(row.kind),
        }
        yield Line(row.created_at, _("challenge"), f"{asked} · {row.get_state_display()}", shown=public)
        if row.passed_at:
            yield Line(
                row.passed_at, _("challenge"), _("passed with %(factor)s") % {"factor": row.factor_used}
            )


def _confirmations(case: Case) -> Iterator[Line]:
    rows = OobRequest.objects.filter(
        account=case.account,
        asked_at__gte=case.opened_at - BEFORE,
        asked_at__lte=(case.closed_at or case.opened_at) + AFTER,
    )
    for row in rows.select_related("challenge").order_by("-asked_at")[:LINES]:
        operation, where = operation_words(row.challenge.operation), (row.label, row.place, row.ip)
        asked = _("asked another device to confirm: %(operation)s") % {"operation": operation}
        is_bad = row.state in {OobRequest.State.REFUSED, OobRequest.State.WRONG}
        yield Line(row.asked_at, _("challenge"), " · ".join(filter(None, [asked, *where])), is_grave=is_bad)
        if row.answered_at:
            answered = _("the other device: %(state)s") % {"state": row.get_state_display()}
            yield Line(row.answered_at, _("challenge"), answered, is_grave=is_bad)


def _holds(case: Case) -> Iterator[Line]:
    theirs = Q(case=case) | (
        Q(sid=case.sid) if case.sid else Q(account=case.account, created_at__gte=case.opened_at)
    )
    for row in Hold.objects.filter(theirs).order_by("-created_at")[:LINES]:
        address = reverse("admin:authshield_hold_change", args=[row.pk])
        yield Line(row.created_at, _("hold"), operation_words(row.operation), address=address, is_grave=True)
        if row.decided_at:
            text = f"{row.get_state_display()}: {row.decision_reason}"
            yield Line(row.decided_at, _("hold"), text, actor=row.decided_by, address=address)


def _scores(case: Case) -> Iterator[Line]:
    if not case.sid:
        return
    for row in SessionScore.objects.filter(sid=case.sid).order_by("-scored_at")[:LINES]:
        reasons = "; ".join(str(reason["text"] or reason["code"]) for reason in reasons_of(row.reasons)[:3])
        address = reverse("admin:authshield_sessionscore_change", args=[row.pk])
        text = _("late score %(score)d: %(reasons)s") % {
            "score": round(row.score),
            "reasons": reasons or NONE,
        }
        yield Line(row.scored_at, _("scoring"), text, address=address)
