"""Deletes what has been kept for long enough, in batches, so that no table is locked for long.

Must not delete what is still open: waiting holds, open cases, tasks that are not done.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings as django_settings
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from authshield.conf import current
from authshield.models import (
    Approval,
    BoundSession,
    Case,
    Challenge,
    Device,
    DeviceKey,
    FallbackWindow,
    FormerAddress,
    Hold,
    JournalEntry,
    Label,
    LedgerEntry,
    Notice,
    OobRequest,
    OutboxTask,
    Proposal,
    ScanMember,
    Session,
    SessionScore,
    SpentChallenge,
    StoreReport,
    Unlearnt,
)

BATCH = 1000
MAX_BATCHES = 50
"""A batch of each table at a time; what is left is taken by the next run."""

SCAN_DAYS = 2
"""Longer than the scan for campaigns looks back, by what a worker may be behind."""

FALLBACK_DAYS = 31
"""As long as the longest window that a limit may have."""


def purge(now: datetime, *, batch: int = BATCH, max_batches: int = MAX_BATCHES) -> dict[str, int]:
    """Delete what is past its retention; returns how many rows of each table. Cost: 2 statements a batch."""
    return {rows.model.__name__: _delete(rows, batch, max_batches) for rows in _expired(now)}


def _expired(now: datetime) -> Iterator[QuerySet[Any]]:
    settings = current()
    journal = now - timedelta(days=settings.JOURNAL_DAYS)
    ledger = now - timedelta(days=settings.LEDGER_DAYS)
    device = now - timedelta(days=settings.DEVICE_DAYS)
    # The row of an ended session has to outlive every cookie that could still name it.
    session = now - timedelta(days=settings.DEVICE_DAYS, seconds=django_settings.SESSION_COOKIE_AGE)
    yield JournalEntry.objects.filter(at__lt=journal)
    yield LedgerEntry.objects.filter(at__lt=ledger)
    yield Device.objects.filter(last_seen_at__lt=device)
    # Of a device that is gone; a key that was registered today may be of a device that no worker has seen yet.
    known = Device.objects.filter(account=OuterRef("account"), device_hash=OuterRef("device_hash"))
    yield DeviceKey.objects.filter(~Exists(known), registered_at__lt=device)
    yield BoundSession.objects.filter(refreshed_at__lt=session)
    yield Session.objects.filter(last_seen_at__lt=session)
    yield OobRequest.objects.filter(expires_at__lt=journal)
    yield Challenge.objects.filter(expires_at__lt=journal)
    yield SpentChallenge.objects.filter(expires_at__lt=now)
    yield SessionScore.objects.filter(scored_at__lt=journal)
    yield Notice.objects.filter(sent_at__lt=journal)
    yield OutboxTask.objects.filter(done_at__lt=journal)
    yield FallbackWindow.objects.filter(updated_at__lt=now - timedelta(days=FALLBACK_DAYS))
    yield ScanMember.objects.filter(at__lt=now - timedelta(days=SCAN_DAYS))
    former = now - timedelta(days=settings.FORMER_ADDRESS_DAYS)
    yield FormerAddress.objects.filter(replaced_at__lt=former)
    yield Approval.objects.filter(~Q(state=Approval.State.ASKED), asked_at__lt=ledger)
    yield StoreReport.objects.filter(reported_at__lt=journal)
    yield Hold.objects.filter(~Q(state=Hold.State.WAITING), created_at__lt=ledger)
    # Counts stay: they are nobody's. What was unlearnt stays as long as its label could be taken back.
    yield Label.objects.filter(at__lt=ledger)
    yield Unlearnt.objects.filter(at__lt=ledger)
    yield Proposal.objects.filter(~Q(state=Proposal.State.OPEN), created_at__lt=ledger)
    yield Case.objects.filter(state=Case.State.CLOSED, closed_at__lt=ledger)


def _delete(rows: QuerySet[Model], batch: int, max_batches: int) -> int:
    deleted = 0
    for _ in range(max_batches):
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:batch])
        if not keys:
            break
        # Asked again: a task that is wanted anew meanwhile stays.
        rows.filter(pk__in=keys).delete()
        deleted += len(keys)
    return deleted
