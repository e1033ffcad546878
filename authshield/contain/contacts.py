"""Changed contact data: the old and the new address are told, and what was replaced is told for a while longer.

The address that ``User.email`` had is caught wherever it is changed; who keeps contacts elsewhere calls ``changed``.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from authshield.contain.notices import local_time, notify
from authshield.contain.steps import apply_account_soon, end_all_sessions
from authshield.models import AccountState, FormerAddress

EMAIL = "email"
_TOLD_ELSEWHERE = frozenset({"password", "mfa"})


def changed(account: str, field: str, now: datetime, *, former_address: str = "") -> None:
    """Note a change of contact data and tell the customer, at the old address too.

    ``field``: email, phone, bank_account, api_key, password or mfa. Starts the policy's cool-down. Joins the
    caller's transaction. Cost: 8 statements.
    """
    with transaction.atomic():
        if former_address:
            FormerAddress.objects.update_or_create(
                account=account, address=former_address, defaults={"replaced_at": now}
            )
        AccountState.objects.update_or_create(account=account, defaults={"contact_changed_at": now})
        apply_account_soon(account, now)
        context = {"at": local_time(now), "field": field}
        notify(
            account,
            "contact_changed",
            f"changed:{field}:{account}:{now:%Y%m%d%H%M}",
            context=context,
            now=now,
        )


def changed_by_customer(account: str, field: str, now: datetime) -> None:
    """The same for a change that came through a guarded view; factors and passwords have notices of their own."""
    if field not in _TOLD_ELSEWHERE:
        changed(account, field, now)


def factor_changed(account: str, now: datetime, *, keep: str) -> None:
    """End what was signed in before a factor changed, but the session that changed it, and tell the customer."""
    with transaction.atomic():
        end_all_sessions(account, "factor changed", by=account, now=now, keep=keep)
        changed(account, "mfa", now)
