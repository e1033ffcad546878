"""Whoever passed the password and not the code knows the password: the customer has to hear of it.

Must not tell of a sign-in that went on: who comes back to the same browser's challenge and passes it is at home.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from authshield.contain.notices import local_time, notify
from authshield.models import Challenge
from authshield.vocabulary.event import Kind

LOOKED_BACK = timedelta(hours=1)
TEMPLATE = "password_known"
_State = Challenge.State


def tell_of_known_passwords(now: datetime, *, most: int = 500) -> int:
    """Tell the customers of sign-ins that ended at the code, once a day each; returns how many were told.

    Looks at what ran out within the last hour, so it may run late and often. Cost: 1 query, 4 for each told.
    """
    logins = Challenge.objects.filter(kind=Kind.LOGIN.value)
    over = logins.filter(
        state__in=[_State.OPEN, _State.FAILED, _State.VOID],
        expires_at__lte=now,
        expires_at__gt=now - LOOKED_BACK,
    )
    passed = logins.filter(state__in=[_State.PASSED, _State.USED], created_at__gt=now - 2 * LOOKED_BACK)
    told = 0
    for account, at in over.exclude(binding__in=passed.values("binding")).values_list(
        "account", "created_at"
    )[:most]:
        key = f"{TEMPLATE}:{account}:{now.date().isoformat()}"
        told += notify(account, TEMPLATE, key, context={"at": local_time(at)}, now=now) is not None
    return told
