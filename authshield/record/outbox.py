"""The outbox: work that is written down in the transaction of its cause and done afterwards, at least once.

Must not lose a task: one that fails is tried again, later and later, and keeps its last error.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q

from authshield.errors import GatewayError
from authshield.models import OutboxTask
from authshield.record import redact

logger = logging.getLogger("authshield.outbox")

Handler = Callable[[str, datetime], None]

LEASE = timedelta(seconds=15)
"""How long a claimed task is nobody else's; after that its worker is taken for dead. Containment waits for it, so it
is short: a task that is slower may run twice at a time, which every task has to bear anyhow."""

MAX_DELAY_SECONDS = 600


def enqueue(task: str, argument: str, now: datetime, delay_seconds: float = 0) -> None:
    """Want a task done for one object, once; wanting it again re-arms it and never postpones it.

    Belongs into the transaction of its cause. Cost: 1 or 2 statements.
    """
    due = now + timedelta(seconds=delay_seconds)
    wanted = OutboxTask.objects.filter(task=task, argument=argument)
    # A task that is being done has its lease in the future: it becomes due again and runs once more.
    later = wanted.filter(Q(done_at__isnull=False) | Q(due_at__gt=due))
    if not later.update(due_at=due, done_at=None, attempts=0, error=""):
        OutboxTask.objects.bulk_create(
            [OutboxTask(task=task, argument=argument, created_at=now, due_at=due)], ignore_conflicts=True
        )


def run_due(
    now: datetime, handlers: Mapping[str, Handler], *, limit: int = 50, skip: Collection[str] = ()
) -> int:
    """Do what is due, oldest first; returns how many were tried.

    Several workers share the work: a task is claimed by one of them for ``LEASE``. ``skip`` names tasks that
    are left to another worker.
    """
    claimed = _claim(now, limit, skip)
    for row in claimed:
        _run(row, now, handlers)
    return len(claimed)


def oldest_due_seconds(now: datetime) -> float:
    """Age of the oldest task that is overdue, 0 where none is. Cost: 1 query."""
    due_at = (
        OutboxTask.objects.filter(done_at=None, due_at__lte=now)
        .order_by("due_at")
        .values_list("due_at", flat=True)
    )
    oldest = due_at.first()
    return (now - oldest).total_seconds() if oldest else 0.0


def _claim(now: datetime, limit: int, skip: Collection[str]) -> list[OutboxTask]:
    due = (
        OutboxTask.objects.filter(done_at=None, due_at__lte=now)
        .exclude(task__in=skip)
        .order_by("due_at", "pk")
    )
    if not due.exists():
        return []
    with transaction.atomic():
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        return [row for row in due[:limit] if _is_mine(row, now)]


def _is_mine(row: OutboxTask, now: datetime) -> bool:
    """Claim by conditional update, so that databases without row locks are safe too."""
    lease = now + LEASE
    unchanged = OutboxTask.objects.filter(pk=row.pk, done_at=None, due_at=row.due_at)
    attempts = min(row.attempts + 1, 32000)
    if not unchanged.update(due_at=lease, attempts=attempts):
        return False
    row.due_at, row.attempts = lease, attempts
    return True


def _run(row: OutboxTask, now: datetime, handlers: Mapping[str, Handler]) -> None:
    handler = handlers.get(row.task)
    if handler is None:
        _again(row, now, f"no handler for {row.task!r}: is a newer worker needed?", MAX_DELAY_SECONDS)
        return
    try:
        handler(row.argument, now)
    except GatewayError as error:
        logger.warning("task %s %s: %s", row.task, row.argument, error)
        _again(row, now, str(error), MAX_DELAY_SECONDS if error.permanent else 0)
    except Exception as error:  # one broken task must not stop the others; its error is kept
        logger.warning("task %s %s failed", row.task, row.argument, exc_info=True)
        _again(row, now, f"{type(error).__name__}: {error}", 0)
    else:
        # Not done if somebody wanted it again meanwhile: then its due time has moved.
        OutboxTask.objects.filter(pk=row.pk, due_at=row.due_at).update(done_at=now, error="")


def _again(row: OutboxTask, now: datetime, error: str, at_least_seconds: float) -> None:
    delay = min(max(2.0 ** min(row.attempts - 1, 16), at_least_seconds), MAX_DELAY_SECONDS)
    OutboxTask.objects.filter(pk=row.pk, due_at=row.due_at).update(
        due_at=now + timedelta(seconds=delay), error=redact.plain(error, 300)
    )
