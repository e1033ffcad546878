"""django-otp-webauthn's helper as AuthShield wants it: a passkey that names its owner and always verifies them.

Named in ``OTP_WEBAUTHN_HELPER_CLASS`` too, so that its stock views, where a site mounts them, ask for no less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.base_user import AbstractBaseUser
from django_otp_webauthn.helpers import WebAuthnHelper
from django_otp_webauthn.settings import app_settings
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)


class PasskeyHelper(WebAuthnHelper):
    """User verification and a discoverable credential are required, never preferred."""

    def get_discoverable_credentials_preference(self) -> ResidentKeyRequirement:
        """So that it can be offered in the name field, before anybody has said who they are."""
        return ResidentKeyRequirement.REQUIRED

    def get_generate_registration_options_kwargs(self, *, user: AbstractBaseUser) -> dict[str, Any]:
        """As the base class, but no passkey that a finder of the phone could use."""
        kwargs: dict[str, Any] = super().get_generate_registration_options_kwargs(user=user)
        kwargs["authenticator_selection"] = AuthenticatorSelectionCriteria(
            user_verification=UserVerificationRequirement.REQUIRED,
            resident_key=ResidentKeyRequirement.REQUIRED,
            require_resident_key=True,
        )
        return kwargs

    def get_generate_authentication_options_kwargs(
        self, *, user: AbstractBaseUser | None = None, require_user_verification: bool
    ) -> dict[str, Any]:
        """As the base class, whatever it was asked for."""
        del require_user_verification
        kwargs: dict[str, Any] = super().get_generate_authentication_options_kwargs(
            user=user, require_user_verification=True
        )
        return kwargs


def helper() -> PasskeyHelper:
    """The helper; AuthShield's own settings hang on no request."""
    made: PasskeyHelper = PasskeyHelper(request=None)  # type: ignore[arg-type]
    return made


def origins() -> Sequence[str]:
    """The origins on which passkeys work here."""
    listed: Sequence[str] = app_settings.OTP_WEBAUTHN_ALLOWED_ORIGINS
    return listed


def works_on(scheme: str, host: str) -> bool:
    """Whether a page at this address can use the site's passkeys."""
    return f"{scheme}://{host}" in origins()


def better_address(host: str) -> str:
    """The origin to open instead, from a page whose ``host`` browsers give no passkeys; empty if unknown."""
    port = urlsplit(f"//{host}").port
    same = [origin for origin in origins() if urlsplit(origin).port == port]
    return next(iter([*same, *origins()]), "")


def json_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options without what is empty, as ``parseRequestOptionsFromJSON`` and its sister take them."""
    return {name: value for name, value in options.items() if value not in (None, {}, "")}
