"""Exact counting in the database while Redis is away. Slower than Redis, and as strict."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from authshield.models import FallbackWindow
from authshield.sealing import keyed_hash


def count(key: str, *, window_seconds: int, capacity: int, now: datetime) -> bool:
    """Count one event of this key if at most ``capacity`` then lie in the window; False, uncounted, if not.

    Exact under parallel calls: the row is locked from the first statement on. Cost: 3 queries.
    """
    row_key = keyed_hash(key, "fallback")
    now_ms = round(now.timestamp() * 1000)
    with transaction.atomic():
        # A write comes first, since SQLite locks for writing then, and knows no lock on a row.
        FallbackWindow.objects.bulk_create(
            [FallbackWindow(key=row_key, updated_at=now)], ignore_conflicts=True
        )
        row = FallbackWindow.objects.select_for_update().get(pk=row_key)
        inside = [entry for entry in row.entries if entry[0] > now_ms - window_seconds * 1000]
        if len(inside) >= capacity:
            return False
        row.entries = [*inside, [now_ms, 1]]
        row.updated_at = now
        row.save(update_fields=["entries", "updated_at"])
    return True
