"""Taking an authenticator away from an account: by the desk, with a second person, or with a takeover undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authshield.factors import passkey
from authshield.factors.registry import MODELS

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser


def drop(user: AbstractBaseUser, factor: str) -> bool:
    """Remove all authenticators of this kind; whether there were any. Cost: 1 statement, for passkeys one each."""
    if factor == passkey.FACTOR:
        removed = [one for one in passkey.of(user) if passkey.remove(user, one.pk)]
        return bool(removed)
    model = MODELS.get(factor)
    return model is not None and bool(model.objects.filter(user=user, confirmed=True).delete()[0])
