"""Users and accounts: the one mapping between Django's user and the broker's stable account id."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model

from authshield.conf import current
from authshield.models.lookup import lookup

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.db.models.manager import Manager

NAME_LENGTH = 150


def _users() -> Manager[AbstractBaseUser]:
    return get_user_model()._default_manager  # noqa: SLF001 - Django's documented way to any user model


def account_of(user: AbstractBaseUser) -> str:
    """The account id of a user."""
    return str(getattr(user, current().ACCOUNT_FIELD))


def user_of(account: str) -> AbstractBaseUser | None:
    """The user of an account id, None where there is none. Cost: 1 query."""
    try:
        return _users().filter(**{current().ACCOUNT_FIELD: account}).first()
    except (ValueError, TypeError):
        return None


def user_by_name(username: str) -> AbstractBaseUser | None:
    """The user that the stock backend would match for this name; None where none is. Cost: 1 query."""
    if not username or "\x00" in username or len(username) > NAME_LENGTH:
        return None
    users = get_user_model()
    try:
        user: AbstractBaseUser = lookup(users, users.USERNAME_FIELD).get(username)
    except (users.DoesNotExist, UnicodeEncodeError):
        return None
    return user


def user_by_key(key: object) -> AbstractBaseUser | None:
    """The user of a primary key, None where there is none. Cost: 1 query."""
    users = get_user_model()
    try:
        user: AbstractBaseUser = lookup(users, "pk").get(key)
    except users.DoesNotExist:
        return None
    return user


def limiter_name(username: str) -> str:
    """The one form under which all spellings of a name are counted: NFKC, case folded, without blanks.

    Invisible characters are dropped, so that no look-alike spelling opens a fresh budget.
    """
    if username.isascii() and username.isprintable() and " " not in username:
        return username[:NAME_LENGTH].lower()
    folded = unicodedata.normalize("NFKC", username[: NAME_LENGTH * 2]).casefold()
    kept = (c for c in folded if unicodedata.category(c) not in {"Cf", "Cc", "Cs", "Zs"})
    return "".join(kept)[:NAME_LENGTH]
