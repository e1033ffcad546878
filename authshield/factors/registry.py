"""Which factors an account has, and whether a token proves one of them."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connections, router
from django.db.models import CharField, QuerySet, Value
from django.db.models.expressions import RawSQL

from authshield import signals
from authshield.backends.accounts import account_of
from authshield.errors import ChallengeError
from authshield.factors import attempts, email, oob, passkey, recovery, totp
from authshield.models import EmailFactor, OobFactor, RecoveryCodes, TotpFactor
from authshield.models.factors import FactorColumns
from authshield.models.prepared import Prepared
from authshield.vocabulary.actions import FACTOR_STRENGTH, Strength

MODELS: dict[str, type[FactorColumns]] = {"email": EmailFactor, "totp": TotpFactor, "static": RecoveryCodes}

# The tables are below this room: they are given here what checks a token of theirs.
TotpFactor.acceptor = totp.accepts
RecoveryCodes.acceptor = recovery.accepts
EmailFactor.acceptor = email.accepts


_WHOSE = object()
"""Stands for the account in a statement that is built once."""


def enrolled(user: AbstractBaseUser) -> tuple[str, ...]:
    """The factors that the account can be asked for, weakest first; a disabled one counts as none.

    Cost: 1 query.
    """
    statement, places = _statement(router.db_for_read(TotpFactor))
    whose = user._meta.pk.get_db_prep_value(user.pk, connections[statement.alias])
    names = {name for (name,) in statement.rows([whose if value is _WHOSE else value for value in places])}
    if not email.address_of(user):
        names.discard("email")
    return tuple(sorted(names, key=lambda name: (FACTOR_STRENGTH[name], name == "static")))


def verify(user: AbstractBaseUser, factor: str, token: str, now: datetime) -> Strength:
    """Check a token and use it up; returns what it proves. A passkey's answer is for ``passkey.verify``.

    Raises ``ChallengeError``: challenge_failed (401) for a wrong token or a factor that the account does not
    have, factor_locked (429) while it is locked (``retry_after_seconds`` is 0 if it is disabled).
    Must run outside a transaction that the error rolls back. Sends ``factor_locked`` where this try locked it;
    of parallel ones each. Cost: ≤ 4 queries.
    """
    device = device_of(user, factor)
    if device is None:
        raise ChallengeError("challenge_failed", 401)
    was_open = device.is_open(now)
    if type(device).acceptor(device, token, now):
        return FACTOR_STRENGTH[factor]
    device.refresh_from_db(fields=["locked_until", "disabled_at"])
    if device.is_open(now):
        raise ChallengeError("challenge_failed", 401)
    if was_open:
        until = None if device.disabled_at else device.locked_until
        signals.factor_locked.send_robust(sender=None, account=account_of(user), factor=factor, until=until)
    raise ChallengeError("factor_locked", 429, retry_after_seconds=attempts.wait_seconds(device, now))


def shut(user: AbstractBaseUser, now: datetime) -> dict[str, datetime | None]:
    """The factors that cannot be tried now: until when, or None for one that is disabled. Cost: 4 queries."""
    found: dict[str, datetime | None] = {}
    for name in (*MODELS, oob.FACTOR):
        device = OobFactor.objects.filter(user=user).first() if name == oob.FACTOR else device_of(user, name)
        if device is not None and not device.is_open(now):
            found[name] = None if device.disabled_at else device.locked_until
    return found


def device_of(user: AbstractBaseUser, factor: str) -> FactorColumns | None:
    """The account's authenticator of that kind: the newest confirmed one, since enrolling anew replaces."""
    model = MODELS.get(factor)
    if model is None:
        return None
    newest: FactorColumns | None = model.objects.filter(user=user, confirmed=True).order_by("-pk").first()
    return newest


@lru_cache
def _statement(alias: str) -> tuple[Prepared, tuple[Any, ...]]:
    """Django's own statement, built once: every stranger's guess asks, and building it took longest."""
    own = {"user_id__in": RawSQL("%s", (_WHOSE,)), "confirmed": True, "disabled_at": None}
    queries = (
        _named(TotpFactor.objects.filter(**own), "totp"),
        _named(RecoveryCodes.objects.filter(**own).exclude(hashes=[]), "static"),
        _named(EmailFactor.objects.filter(**own), "email"),
        _named(passkey.rows().filter(user_id__in=own["user_id__in"]), passkey.FACTOR),
    )
    sql, params = queries[0].union(*queries[1:], all=True).query.get_compiler(using=alias).as_sql()
    return Prepared(alias, sql), tuple(params)


def _named(rows: QuerySet[Any], name: str) -> QuerySet[Any, Any]:
    named: QuerySet[Any, Any] = rows.annotate(factor=Value(name, output_field=CharField()))
    return named.order_by().values_list("factor")
