"""Guessing has a price: each try is counted on its authenticator before it is looked at.

Every function is one conditional UPDATE, so parallel tries cannot slip past a lock. Must not be called
inside a transaction that a wrong answer rolls back: the count would go with it.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, DateTimeField, F, Q, Value, When

from authshield.conf import current
from authshield.models.factors import FactorColumns


def charge(factor: FactorColumns, now: datetime) -> bool:
    """Count one try as failed, in advance; False if the authenticator is locked or disabled.

    Each ``FACTOR_LOCK_FAILURES`` tries lock it, twice as long each time; ``FACTOR_DISABLE_FAILURES``
    disable it (NIST SP 800-63B-4 §3.2.2: the authenticator, never the account). Cost: 1 query.
    """
    conf = current()
    stamp = DateTimeField()
    locks = [
        When(failures=count - 1, then=Value(now + _lock(rank), output_field=stamp))
        for rank, count in enumerate(
            range(conf.FACTOR_LOCK_FAILURES, conf.FACTOR_DISABLE_FAILURES, conf.FACTOR_LOCK_FAILURES)
        )
    ]
    disabled = When(failures__gte=conf.FACTOR_DISABLE_FAILURES - 1, then=Value(now, output_field=stamp))
    is_open = Q(disabled_at=None) & (Q(locked_until=None) | Q(locked_until__lte=now))
    rows = type(factor).objects.filter(is_open, pk=factor.pk)
    return bool(
        rows.update(
            failures=F("failures") + 1,
            locked_until=Case(*locks, default=Value(None, output_field=stamp), output_field=stamp),
            disabled_at=Case(disabled, default=Value(None, output_field=stamp), output_field=stamp),
        )
    )


def use(factor: FactorColumns, now: datetime, *, condition: Q, **changes: Any) -> bool:
    """Use a right token up where ``condition`` still holds; True for exactly one caller.

    Clears the failures of this authenticator alone, and the lock that the charge for this very try brought.
    Cost: 1 query.
    """
    alive = Q(disabled_at=None) | Q(disabled_at=now)
    rows = type(factor).objects.filter(condition & alive, pk=factor.pk)
    return bool(rows.update(failures=0, locked_until=None, disabled_at=None, last_used_at=now, **changes))


def restore(factor: FactorColumns) -> bool:
    """Let a locked or disabled authenticator be tried again, from nothing; False where it is neither.

    Only a person at the desk does this. Cost: 1 query.
    """
    is_shut = Q(disabled_at__isnull=False) | Q(locked_until__isnull=False)
    rows = type(factor).objects.filter(is_shut, pk=factor.pk)
    return bool(rows.update(failures=0, locked_until=None, disabled_at=None))


def wait_seconds(factor: FactorColumns, now: datetime) -> int:
    """Seconds until it may be tried again; 0 if it may be now, or never again (disabled)."""
    if factor.disabled_at is not None or factor.locked_until is None:
        return 0
    return max(0, math.ceil((factor.locked_until - now).total_seconds()))


def _lock(rank: int) -> timedelta:
    return timedelta(seconds=current().FACTOR_LOCK_SECONDS * 2**rank)
