"""Codes by e-mail: enough to sign in or to view, never for an order (NIST SP 800-63B-4 §3.1.3.1).

The code leaves this module sealed, in a Notice; the outbox sends it. Must not log it or put it anywhere else.
"""

from __future__ import annotations

import hmac
import json
import math
import secrets
import uuid
from datetime import datetime, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import get_language

from authshield.backends.accounts import account_of
from authshield.errors import ChallengeError
from authshield.factors import attempts, tokens
from authshield.models import EmailFactor, Notice, OutboxTask
from authshield.sealing import keyed_hash, seal

DIGITS = 8  # 26 bits: OWASP ASVS 6.5.4 asks for 20, which six digits miss
VALID_SECONDS = 600
SENDS = 3
SENDS_SECONDS = 600
NOTICE_TEMPLATE = "email_code"
NOTICE_PURPOSE = "notice"


def enrol(user: AbstractBaseUser, now: datetime) -> EmailFactor:
    """Let this account confirm a sign-in by a code sent to its address."""
    factor: EmailFactor = EmailFactor.objects.get_or_create(
        user=user, defaults={"name": "email", "created_at": now}
    )[0]
    return factor


def send(user: AbstractBaseUser, now: datetime) -> int:
    """Send a new code; the one before is void. At most three in ten minutes.

    Returns 0 once it is on its way, otherwise the seconds until another may be asked for. Failures stay
    counted (N-3). Raises ``ChallengeError`` where the account has no such factor. Cost: 4 queries.
    """
    factor = EmailFactor.objects.filter(user=user, confirmed=True, disabled_at=None).order_by("-pk").first()
    address = address_of(user)
    if factor is None or not address:
        raise ChallengeError("challenge_failed", 401)
    if not factor.is_open(now):
        return attempts.wait_seconds(factor, now)
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    with transaction.atomic():
        if not _take_send(factor, code, now):
            factor.refresh_from_db(fields=["sent_at"])
            return _wait(factor, now)
        notice = Notice.objects.create(
            account=account_of(user),
            address=address,
            template=NOTICE_TEMPLATE,
            language=get_language() or "en",
            context={"minutes": VALID_SECONDS // 60},
            sealed_context=seal(json.dumps({"code": code}).encode(), NOTICE_PURPOSE),
            key=f"email-code:{uuid.uuid4().hex}",
            created_at=now,
        )
        OutboxTask.objects.create(task="send_notice", argument=str(notice.pk), created_at=now, due_at=now)
    return 0


def accepts(factor: EmailFactor, token: str, now: datetime) -> bool:
    """Whether the token is the newest code, in time and not used; if so it is used up. Cost: ≤ 2 queries."""
    if not attempts.charge(factor, now):
        return False
    wanted = _hash(factor.user_id, tokens.digits(token))
    if not factor.code_hash or not hmac.compare_digest(factor.code_hash, wanted):
        return False
    in_time = Q(confirmed=True, code_hash=wanted, code_expires_at__gt=now)
    return attempts.use(factor, now, condition=in_time, code_hash="", code_expires_at=None)


def address_of(user: AbstractBaseUser) -> str:
    """The address that codes go to; empty where the account has none."""
    return str(getattr(user, user.get_email_field_name(), "") or "")


def _take_send(factor: EmailFactor, code: str, now: datetime) -> bool:
    is_calm = Q(sent_at=None) | Q(sent_at__lte=now - timedelta(seconds=SENDS_SECONDS))
    rows = EmailFactor.objects.filter(is_calm | Q(sends__lt=SENDS), pk=factor.pk, disabled_at=None)
    return bool(
        rows.update(
            sends=Case(When(is_calm, then=Value(1)), default=F("sends") + 1),
            sent_at=now,
            code_hash=_hash(factor.user_id, code),
            code_expires_at=now + timedelta(seconds=VALID_SECONDS),
        )
    )


def _wait(factor: EmailFactor, now: datetime) -> int:
    since = (now - factor.sent_at).total_seconds() if factor.sent_at else 0
    return max(1, math.ceil(SENDS_SECONDS - since))


def _hash(user_pk: object, code: str) -> str:
    return keyed_hash(f"{user_pk}:{code}", "email-code", size=32)
