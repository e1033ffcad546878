"""Django's entry: connects receivers and checks."""

from __future__ import annotations

from django.apps import AppConfig, apps
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

PASSKEYS = "django_otp_webauthn"


class AuthShieldConfig(AppConfig):
    """The app; one label, one migration chain."""

    name = "authshield"
    label = "authshield"
    verbose_name = _("AuthShield")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect receivers and system checks.

        Raises ``ImproperlyConfigured`` where the tables of passkeys are missing: nothing below would load without.
        """
        if not apps.is_installed(PASSKEYS):
            msg = f"INSTALLED_APPS lacks {PASSKEYS!r}: add it before 'authshield', and run migrate"
            raise ImproperlyConfigured(msg)
        from authshield import checks, passkey_checks, password_checks, receivers  # noqa: F401, PLC0415 - they register themselves
