"""The steps of containment on sessions and accounts. Each may be repeated, by anybody, at any time.

The truth is written to the database first, with an outbox task in the same transaction; Redis and the session
store follow at once, and again by the outbox. Must not undo: a late or repeated step never lifts a later one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.dispatch import Signal

from authshield import signals
from authshield.backends.loader import session_ender
from authshield.contain.notices import local_time, notify
from authshield.errors import AuthShieldError
from authshield.measure.profile import mark_account, mark_session, spare_session
from authshield.measure.store import default_store
from authshield.models import AccountState, Challenge, Session
from authshield.record import durable, outbox
from authshield.record.sightings import APPLY_SESSION
from authshield.sealing import unseal

logger = logging.getLogger("authshield.contain")

APPLY_ACCOUNT = "apply_account"

AGAIN_SECONDS = 5.0
"""When the outbox repeats what was tried at once: by then the sign-in's own row has come from the stream."""


def end_session(sid: str, reason: str, *, by: str, now: datetime, account: str = "") -> bool:
    """End a session for good, on every web node; returns whether this call did it.

    ``account`` is needed where the session's row has not come from the stream yet. Its challenges and unused
    grants are void. Cost: 4 statements, 1 Redis round trip and the session store's delete.
    """
    with transaction.atomic():
        row, was_made = Session.objects.get_or_create(
            sid=sid, defaults={"account": account, "started_at": now, "last_seen_at": now}
        )
        ended = Session.objects.filter(pk=sid, ended_at=None).update(ended_at=now, ended_reason=reason[:60])
        Challenge.objects.filter(
            binding=f"sid:{sid}", state__in=[Challenge.State.OPEN, Challenge.State.PASSED]
        ).update(state=Challenge.State.VOID)
        outbox.enqueue(APPLY_SESSION, sid, now, 0 if was_made else AGAIN_SECONDS)
        on_commit(partial(apply_session, sid, now))
        if ended:
            _tell(signals.session_ended, sid=sid, account=row.account, reason=reason, by=by)
    return bool(ended)


def end_all_sessions(account: str, reason: str, *, by: str, now: datetime, keep: str = "") -> int:
    """End every session of an account but ``keep``; returns how many were known. Cost: as many steps.

    One that is not written down yet, because no worker has come to it, ends as well: it began before.
    """
    with transaction.atomic():
        AccountState.objects.get_or_create(account=account)
        AccountState.objects.filter(account=account).update(sessions_ended_at=now)
        if keep:
            kept = {"account": account, "started_at": now, "last_seen_at": now}
            Session.objects.get_or_create(sid=keep, defaults=kept)
        apply_account_soon(account, now)
        open_sids = Session.objects.filter(account=account, ended_at=None).exclude(pk=keep)
        sids = list(open_sids.values_list("pk", flat=True))
        return sum(end_session(sid, reason, by=by, now=now, account=account) for sid in sids)


def password_changed(account: str, *, now: datetime, keep: str = "") -> None:
    """End what the old password opened: every session but ``keep``, open challenges and unused grants.

    Dates the account's contact data, as a guarded change of the password does. Cost: as many steps as sessions.
    """
    with transaction.atomic():
        end_all_sessions(account, "password changed", by=account, now=now, keep=keep)
        _void_challenges(account)
        AccountState.objects.filter(account=account).update(contact_changed_at=now)
        context = {"at": local_time(now), "field": "password"}
        notify(account, "contact_changed", f"password:{account}:{now:%Y%m%d%H%M%S}", context=context, now=now)
        apply_account_soon(account, now)


def freeze(account: str, reason: str, *, by: str, now: datetime) -> bool:
    """Let nobody sign in or trade in this account until it is lifted; returns whether this call did it."""
    with transaction.atomic():
        AccountState.objects.get_or_create(account=account)
        frozen = AccountState.objects.filter(account=account, frozen_at=None).update(
            frozen_at=now, frozen_reason=reason[:200], frozen_by=by[:150]
        )
        apply_account_soon(account, now)
        if frozen:
            _void_challenges(account)
            _notify(account, "account_frozen", now)
            _tell(signals.account_frozen, account=account, reason=reason)
    return bool(frozen)


def unfreeze(account: str, *, by: str, now: datetime) -> bool:
    """Lift a freeze; returns whether there was one. Only a person does this: ``by`` must not be empty.

    The next sign-in proves itself with the strongest factor that the account has.
    """
    if not by:
        raise ValueError("unfreeze: only a person lifts a freeze; pass who it is as `by`")
    with transaction.atomic():
        frozen = Q(account=account, frozen_at__isnull=False)
        lifted = AccountState.objects.filter(frozen).update(
            frozen_at=None, frozen_reason="", frozen_by="", prove_since=now
        )
        if lifted:
            _notify(account, "account_unfrozen", now)
        apply_account_soon(account, now)
    return bool(lifted)


def factor_removed(account: str, factor: str, *, now: datetime) -> None:
    """What the desk's removal of an authenticator brings: everybody out, a cool-down, and the customer is told."""
    with transaction.atomic():
        end_all_sessions(account, "factor removed", by="desk", now=now)
        _void_challenges(account)
        AccountState.objects.filter(account=account).update(contact_changed_at=now)
        key = f"factor_removed:{factor}:{account}:{now:%Y%m%d%H%M%S}"
        notify(account, "factor_removed", key, context={"at": local_time(now), "factor": factor}, now=now)
        must_prove(account, now)


def must_prove(account: str, now: datetime) -> None:
    """Let the next sign-in of an account ask for its strongest factor, whatever the risk. Cost: 3 statements."""
    with transaction.atomic():
        AccountState.objects.update_or_create(account=account, defaults={"prove_since": now})
        apply_account_soon(account, now)


def proved(account: str, now: datetime) -> None:
    """End that: the customer is back. Cost: 3 statements."""
    with transaction.atomic():
        AccountState.objects.filter(account=account).update(prove_since=None)
        apply_account_soon(account, now)


def apply_session(sid: str, now: datetime) -> None:
    """Bring Redis and the session store in line with the row of an ended session. Harmless for any other.

    Raises ``StoreUnavailable``, ``GatewayError`` or ``ConfigurationError``, after trying both.
    """
    del now
    row = Session.objects.filter(pk=sid, ended_at__isnull=False).first()
    if row is None:
        return
    try:
        if row.sealed_key:
            session_ender().end(unseal(bytes(row.sealed_key), "session-key").decode())
    finally:
        mark_session(default_store(), sid, ended=True)


def apply_account(account: str, now: datetime) -> None:
    """Bring Redis in line with the account's rows, whichever way they stand. Raises ``StoreUnavailable``."""
    del now
    state = AccountState.objects.filter(pk=account).first()
    cut = state.sessions_ended_at if state else None
    store = default_store()
    # First whom it spares, or it would stop them for a moment.
    if cut is not None:
        for sid in Session.objects.filter(account=account, ended_at=None).values_list("pk", flat=True):
            spare_session(store, sid, cut)
    mark_account(
        store,
        account,
        frozen=bool(state and state.frozen_at),
        suspect=durable.is_suspect(account),
        must_prove=bool(state and state.prove_since),
        contact_changed_at=state.contact_changed_at if state else None,
        sessions_ended_at=cut,
    )


def sync_flags(now: datetime, *, within_seconds: float = 86400, most: int = 5000) -> int:
    """Bring Redis in line with every frozen account and every session ended lately, after it lost its memory.

    Returns how many were told. Cost: 2 queries and a round trip for each. Raises ``StoreUnavailable``.
    """
    store = default_store()
    frozen = AccountState.objects.filter(frozen_at__isnull=False).values_list("pk", flat=True)[:most]
    since = now - timedelta(seconds=within_seconds)
    ended = (
        Session.objects.filter(ended_at__gte=since).order_by("-ended_at").values_list("pk", flat=True)[:most]
    )
    told = 0
    for account in frozen:
        mark_account(store, account, frozen=True)
        told += 1
    for sid in ended:
        mark_session(store, sid, ended=True)
        told += 1
    return told


def apply_account_soon(account: str, now: datetime) -> None:
    """Bring Redis in line once this transaction is committed, and again where that fails."""
    outbox.enqueue(APPLY_ACCOUNT, account, now, AGAIN_SECONDS)
    on_commit(partial(apply_account, account, now))


def _void_challenges(account: str) -> None:
    unused = [Challenge.State.OPEN, Challenge.State.PASSED]
    Challenge.objects.filter(account=account, state__in=unused).update(state=Challenge.State.VOID)


def on_commit(step: Callable[[], None]) -> None:
    """Do it as soon as the truth is committed; what fails now is done by the outbox."""

    def attempt() -> None:
        try:
            step()
        except (AuthShieldError, OSError) as error:
            logger.warning("not done at once, the outbox will do it: %s", error)

    transaction.on_commit(attempt, robust=True)


def _notify(account: str, template: str, now: datetime) -> None:
    key = f"{template}:{account}:{now:%Y%m%d%H%M%S}"
    notify(account, template, key, context={"at": local_time(now)}, now=now)


def _tell(signal: Signal, **data: object) -> None:
    transaction.on_commit(lambda: signal.send_robust(sender=None, **data), robust=True)
