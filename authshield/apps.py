"""Django's entry: connects receivers and checks."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuthShieldConfig(AppConfig):
    """The app; one label, one migration chain."""

    name = "authshield"
    label = "authshield"
    verbose_name = _("AuthShield")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect receivers and system checks."""
        from authshield import checks, receivers  # noqa: F401, PLC0415 - they register themselves
