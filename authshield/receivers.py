"""Receivers of Django's own sign-in signals: every way to be signed in passes here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver

from authshield import signin
from authshield.backends.accounts import account_of
from authshield.errors import Refused

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest


@receiver(user_logged_in, dispatch_uid="authshield.enforce_sign_in")
def enforce_sign_in(
    sender: Any,  # noqa: ARG001 - the signal's form
    request: HttpRequest | None,
    user: AbstractBaseUser,
    **kwargs: Any,  # noqa: ARG001 - the signal's form
) -> None:
    """Enforce the verdict that was reached before the password was checked, or reach one now.

    Raises ``StepUpRequired`` or ``Refused``; the middleware turns them into answers.
    """
    if request is None or not hasattr(request, "META"):
        return
    attempt = signin.attempt_of(request)
    if attempt is None or attempt.assessment.event.account != account_of(user):
        try:
            attempt = signin.begin_for(request, user)
        except Refused:
            request.session.flush()
            raise
    signin.complete(request, user, attempt)
