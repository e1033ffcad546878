"""Codes of an authenticator app (RFC 6238): enrolment, and each code accepted once.

The algorithm is django-otp's, the secret is sealed. Must not hand the secret out once it is confirmed.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Q
from django_otp.oath import TOTP

from authshield.conf import current
from authshield.factors import attempts, tokens
from authshield.factors.qr import svg
from authshield.models import TotpFactor
from authshield.sealing import seal, unseal

STEP_SECONDS = 30
DIGITS = 6
KEY_BYTES = 20  # RFC 4226 §4 R6 asks for 160 bits
ENROLMENT_SECONDS = 1800
_PURPOSE = "totp"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the person's app needs, until the first code confirms it."""

    factor: TotpFactor
    secret: str
    uri: str

    @property
    def svg(self) -> str:
        """The QR code as inline SVG, without script and style."""
        return svg(self.uri)


def enrol(user: AbstractBaseUser, *, issuer: str, now: datetime) -> Enrolment:
    """Make a secret that counts once ``confirm`` has seen a code of it. Earlier attempts are dropped."""
    TotpFactor.objects.filter(user=user, confirmed=False).delete()
    factor = TotpFactor.objects.create(
        user=user,
        name="totp",
        confirmed=False,
        sealed_key=seal(secrets.token_bytes(KEY_BYTES), _PURPOSE),
        created_at=now,
    )
    return _enrolment(factor, user, issuer)


def pending(user: AbstractBaseUser, *, issuer: str, now: datetime) -> Enrolment | None:
    """The enrolment that waits for its first code; None where there is none younger than half an hour."""
    factor = _unconfirmed(user, now)
    return None if factor is None else _enrolment(factor, user, issuer)


def confirm(user: AbstractBaseUser, token: str, now: datetime) -> bool:
    """Take the first code: from now on this secret counts, and it replaces any earlier one."""
    factor = _unconfirmed(user, now)
    if factor is None or not attempts.charge(factor, now):
        return False
    step = _matching_step(factor, token, now)
    if step is None:
        return False
    with transaction.atomic():
        is_first = attempts.use(
            factor, now, condition=Q(confirmed=False, last_step__lt=step), confirmed=True, last_step=step
        )
        if is_first:
            TotpFactor.objects.filter(user=user).exclude(pk=factor.pk).delete()
    return is_first


def accepts(factor: TotpFactor, token: str, now: datetime) -> bool:
    """Whether the token is a code of now that was not used yet; if so it is used up. Cost: ≤ 2 queries."""
    if not attempts.charge(factor, now):
        return False
    step = _matching_step(factor, token, now)
    if step is None:
        return False
    return attempts.use(factor, now, condition=Q(confirmed=True, last_step__lt=step), last_step=step)


def code_at(factor: TotpFactor, now: datetime) -> str:
    """The code that the person's app shows at that time."""
    return _code(unseal(bytes(factor.sealed_key), _PURPOSE), now, 0)


def _matching_step(factor: TotpFactor, token: str, now: datetime) -> int | None:
    """The newest step within the window whose code this is; every step is compared, in constant time."""
    typed = tokens.digits(token)
    key = unseal(bytes(factor.sealed_key), _PURPOSE)
    step = int(now.timestamp()) // STEP_SECONDS
    window = current().TOTP_WINDOW
    found = None
    for offset in range(-window, window + 1):
        if hmac.compare_digest(_code(key, now, offset), typed):
            found = step + offset
    return found


def _code(key: bytes, now: datetime, offset: int) -> str:
    generator = TOTP(key, step=STEP_SECONDS, digits=DIGITS, drift=offset)
    generator.time = now.timestamp()
    return f"{generator.token():0{DIGITS}d}"


def _unconfirmed(user: AbstractBaseUser, now: datetime) -> TotpFactor | None:
    since = now - timedelta(seconds=ENROLMENT_SECONDS)
    waiting = TotpFactor.objects.filter(user=user, confirmed=False, created_at__gt=since)
    newest: TotpFactor | None = waiting.order_by("-pk").first()
    return newest


def _enrolment(factor: TotpFactor, user: AbstractBaseUser, issuer: str) -> Enrolment:
    secret = base64.b32encode(unseal(bytes(factor.sealed_key), _PURPOSE)).decode()
    label = quote(f"{issuer}:{user.get_username()}")
    query = urlencode(
        {"secret": secret, "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": STEP_SECONDS},
        quote_via=quote,
    )
    return Enrolment(factor, secret, f"otpauth://totp/{label}?{query}")
