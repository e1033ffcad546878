"""Each web process tells the database when it works without the store, so that the desk sees all of them.

Nothing is written while all is well: one row changes when it does, and every few seconds while it is away. Must
not fail a request: a report that cannot be written is written a little later.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import Sum

from authshield import signals
from authshield.models import StoreReport

EVERY = timedelta(seconds=5)
"""A process reports at most so often, whatever happens."""

FRESH = timedelta(seconds=60)
"""Whoever has not reported for so long is idle or gone, and no news."""

_NODE_LENGTH = 100
_COLUMNS = ("is_away", "changed_at", "reported_at", "outages", "events")
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Mine:
    """What this process knows of itself, and when it last said so."""

    pid: int
    is_away: bool = False
    changed_at: datetime | None = None
    reported_at: datetime | None = None
    outages: int = 0
    events: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


_mine: dict[int, _Mine] = {}

to_tell: set[int] = set()
"""Not empty while the last word of this process is that the store is away: a look at it costs nothing."""


def store_is_away(now: datetime) -> None:
    """An event is judged without the store. Cost: 1 statement at the first one, then one in ``EVERY`` at most."""
    mine = _of_this_process()
    mine.events += 1
    if not mine.is_away:
        mine.outages += 1
        _change(mine, now, is_away=True)
    to_tell.add(mine.pid)
    _report(mine, now)


def store_is_back(now: datetime) -> None:
    """An event was measured again. Call it only where ``to_tell`` holds something. Cost: 1 statement, once."""
    mine = _of_this_process()
    if mine.is_away:
        _change(mine, now, is_away=False)
    if _report(mine, now):
        to_tell.clear()


def away(now: datetime) -> list[StoreReport]:
    """The processes that work without the store now, longest first. Cost: 1 query."""
    return list(StoreReport.objects.filter(is_away=True, reported_at__gt=now - FRESH).order_by("changed_at"))


def totals() -> tuple[int, int]:
    """Outages, and events judged in them, of all processes that are on record. Cost: 1 query."""
    sums = StoreReport.objects.aggregate(Sum("outages"), Sum("events"))
    return sums["outages__sum"] or 0, sums["events__sum"] or 0


def _of_this_process() -> _Mine:
    pid = os.getpid()
    if pid not in _mine:
        _mine.clear()  # what is there was its parent's, before a fork
        _mine[pid] = _Mine(pid)
    return _mine[pid]


def _change(mine: _Mine, now: datetime, *, is_away: bool) -> None:
    mine.is_away, mine.changed_at = is_away, now
    signals.store_state_changed.send_robust(sender=None, node=_node(mine), is_away=is_away)


def _report(mine: _Mine, now: datetime) -> bool:
    """Write the row, unless another thread is at it or it was written a moment ago; whether it was."""
    is_soon = mine.reported_at is not None and abs(now - mine.reported_at) < EVERY
    if is_soon or not mine.lock.acquire(blocking=False):
        return False
    try:
        mine.reported_at = now
        row = StoreReport(
            node=_node(mine),
            is_away=mine.is_away,
            changed_at=mine.changed_at or now,
            reported_at=now,
            outages=mine.outages,
            events=mine.events,
        )
        StoreReport.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["node"], update_fields=_COLUMNS
        )
    except DatabaseError:
        _log.exception("cannot report that the store is %s", "away" if mine.is_away else "back")
        return False
    finally:
        mine.lock.release()
    return True


def _node(mine: _Mine) -> str:
    return f"{socket.gethostname()}:{mine.pid}"[-_NODE_LENGTH:]
