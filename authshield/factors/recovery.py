"""Recovery codes: ten, shown once, kept as keyed hashes, each good for one use."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Q

from authshield.factors import attempts, tokens
from authshield.models import RecoveryCodes
from authshield.sealing import keyed_hash

COUNT = 10
# 15 of 31 signs that are not mistaken for each other: 74 bits (NIST SP 800-63B-4 §4.2 asks for 64).
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
LENGTH = 15
_GROUP = 5


def generate(user: AbstractBaseUser, now: datetime) -> tuple[str, ...]:
    """Make ten codes; all earlier ones are worthless from now on. They cannot be shown again."""
    codes = [_random_code() for _ in range(COUNT)]
    hashes = [_hash(user.pk, code) for code in codes]
    with transaction.atomic():
        RecoveryCodes.objects.filter(user=user).delete()
        RecoveryCodes.objects.create(user=user, name="static", hashes=hashes, created_at=now)
    return tuple("-".join(code[i : i + _GROUP] for i in range(0, LENGTH, _GROUP)) for code in codes)


def left(user: AbstractBaseUser) -> int:
    """How many codes can still be used."""
    newest = RecoveryCodes.objects.filter(user=user, confirmed=True, disabled_at=None).order_by("-pk").first()
    return len(newest.hashes) if newest else 0


def accepts(factor: RecoveryCodes, token: str, now: datetime) -> bool:
    """Whether the token is an unused code; if so it is used up.

    Another code that is used meanwhile makes the first try miss, so it looks again, at most once a code.
    Cost: ≤ 3 queries where nobody else is at it.
    """
    if not attempts.charge(factor, now):
        return False
    wanted = _hash(factor.user_id, tokens.letters(token))
    for _ in range(COUNT + 1):
        row = RecoveryCodes.objects.filter(pk=factor.pk, confirmed=True).only("hashes", "generation").first()
        rest = [kept for kept in row.hashes if not hmac.compare_digest(kept, wanted)] if row else []
        if row is None or len(rest) == len(row.hashes):
            return False
        unchanged = Q(generation=row.generation, confirmed=True)
        if attempts.use(factor, now, condition=unchanged, hashes=rest, generation=row.generation + 1):
            return True
    return False


def _random_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def _hash(user_pk: object, code: str) -> str:
    return keyed_hash(f"{user_pk}:{code}", "recovery", size=32)
