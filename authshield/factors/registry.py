"""Which factors an account has, and whether a token proves one of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import CharField, QuerySet, Value

from authshield.errors import ChallengeError
from authshield.factors import attempts, email, recovery, totp
from authshield.models import EmailFactor, RecoveryCodes, TotpFactor
from authshield.models.factors import FactorColumns
from authshield.vocabulary.actions import FACTOR_STRENGTH, Strength

MODELS: dict[str, type[FactorColumns]] = {"email": EmailFactor, "totp": TotpFactor, "static": RecoveryCodes}

# The tables are below this room: they are given here what checks a token of theirs.
TotpFactor.acceptor = totp.accepts
RecoveryCodes.acceptor = recovery.accepts
EmailFactor.acceptor = email.accepts


def enrolled(user: AbstractBaseUser) -> tuple[str, ...]:
    """The factors that the account can be asked for, weakest first; a disabled one counts as none.

    Cost: 1 query.
    """
    own = {"user": user, "confirmed": True, "disabled_at": None}
    queries = [
        _named(TotpFactor.objects.filter(**own), "totp"),
        _named(RecoveryCodes.objects.filter(**own).exclude(hashes=[]), "static"),
    ]
    if email.address_of(user):
        queries.append(_named(EmailFactor.objects.filter(**own), "email"))
    names = {name for (name,) in queries[0].union(*queries[1:])}
    return tuple(sorted(names, key=lambda name: (FACTOR_STRENGTH[name], name == "static")))


def verify(user: AbstractBaseUser, factor: str, token: str, now: datetime) -> Strength:
    """Check a token and use it up; returns what it proves.

    Raises ``ChallengeError``: challenge_failed (401) for a wrong token or a factor that the account does not
    have, factor_locked (429) while it is locked (``retry_after_seconds`` is 0 if it is disabled).
    Must run outside a transaction that the error rolls back. Cost: ≤ 4 queries.
    """
    device = device_of(user, factor)
    if device is None:
        raise ChallengeError("challenge_failed", 401)
    if type(device).acceptor(device, token, now):
        return FACTOR_STRENGTH[factor]
    device.refresh_from_db(fields=["locked_until", "disabled_at"])
    if device.is_open(now):
        raise ChallengeError("challenge_failed", 401)
    raise ChallengeError("factor_locked", 429, retry_after_seconds=attempts.wait_seconds(device, now))


def device_of(user: AbstractBaseUser, factor: str) -> FactorColumns | None:
    """The account's authenticator of that kind: the newest confirmed one, since enrolling anew replaces."""
    model = MODELS.get(factor)
    if model is None:
        return None
    newest: FactorColumns | None = model.objects.filter(user=user, confirmed=True).order_by("-pk").first()
    return newest


def _named(rows: QuerySet[Any], name: str) -> QuerySet[Any, Any]:
    named: QuerySet[Any, Any] = rows.annotate(factor=Value(name, output_field=CharField()))
    return named.order_by().values_list("factor")
