"""What passkeys need beside django-otp-webauthn's own tables: challenges that have been answered once."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SpentChallenge(models.Model):
    """A challenge of a sign-in or an enrolment that was answered. Its hash is the key, so that none counts twice.

    Challenges are signed, not stored: asking for one writes nothing.
    """

    digest = models.CharField(_("hash of the challenge"), max_length=64, primary_key=True)
    expires_at = models.DateTimeField(_("kept until"), db_index=True)

    class Meta:
        """Names for the desk."""

        verbose_name = _("answered challenge of a passkey")
        verbose_name_plural = _("answered challenges of passkeys")

    def __str__(self) -> str:
        """The hash."""
        return self.digest
