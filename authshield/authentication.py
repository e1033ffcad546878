"""The door before every password check, whichever view asks: form, JSON, admin or another app's.

First of ``AUTHENTICATION_BACKENDS``. It stops before a password is hashed. Where only Django's own backend comes
after it, it also does that one's work on the user that it has looked up already, so that no sign-in costs a query
more than Django's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.core.exceptions import PermissionDenied

from authshield import signin
from authshield.backends.accounts import user_by_key
from authshield.enforce.responses import wants_json
from authshield.errors import Refused
from authshield.vocabulary.actions import Action

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import User
    from django.http import HttpRequest


STOCK = "django.contrib.auth.backends.ModelBackend"
BOTH = 2


class GuardBackend(BaseBackend):
    """Counts and judges each sign-in up front.

    A page's form gets its one message for every failure alike; a program gets ``Refused`` with its code, a
    frozen account's or a denial only in a browser of the account's: others read what a wrong password gets.
    A call without a request (a shell, a test) is nobody's sign-in and passes by. A name or password that is no
    text is nobody's either, but no other backend gets to compare it uncounted.
    """

    _stock = ModelBackend()

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """Stop the sign-in, let it in or hand it on. Cost: ``signin.begin``; no hash on a refusal."""
        if request is None or password is None:
            return None
        name = username if username is not None else _name_in(kwargs)
        if not isinstance(name, str) or not isinstance(password, str):
            raise PermissionDenied("malformed")
        try:
            attempt = signin.begin(request, name)
        except Refused as refused:
            if refused.code == signin.CONCEALED:
                _hash_in_vain(password)
            elif wants_json(request):
                raise
            raise PermissionDenied(refused.code) from refused
        decision = attempt.assessment.decision
        if decision.action == Action.CHALLENGE:
            self._refuse_hopeless(attempt, attempt.user, password)
        return self._checked(attempt.user, password) if _is_stock_alone() else None

    def get_user(self, user_id: Any) -> User | None:
        """As Django's own, which every page of a signed-in customer asks. Cost: 1 query."""
        user = cast("User | None", user_by_key(user_id))
        return user if user is not None and self._stock.user_can_authenticate(user) else None

    def _checked(self, user: AbstractBaseUser | None, password: str) -> User:
        """As Django's own backend, which must not hash the same password once more."""
        if user is None:
            _hash_in_vain(password)
        elif user.check_password(password) and self._stock.user_can_authenticate(known := cast("User", user)):
            return known
        raise PermissionDenied("invalid_credentials")

    def _refuse_hopeless(self, attempt: signin.Attempt, user: AbstractBaseUser | None, password: str) -> None:
        """Answer as if the password were wrong where no factor could open the account from here.

        The password is hashed all the same: neither the answer nor its time tells whether it was right.
        """
        if not signin.is_hopeless(attempt, user) or user is None:
            return
        if user.check_password(password):
            signin.stop(attempt)
        raise PermissionDenied("denied")


def _hash_in_vain(password: str) -> None:
    """Take as long as a password that is looked at."""
    get_user_model()().set_password(password)


def _is_stock_alone() -> bool:
    backends = django_settings.AUTHENTICATION_BACKENDS
    return len(backends) == BOTH and backends[1] == STOCK


def _name_in(credentials: Mapping[str, Any]) -> object:
    """What the account is named by, where the form calls it otherwise, such as ``email``."""
    first = next(iter(credentials.values()), None)
    return credentials.get(get_user_model().USERNAME_FIELD, first)
