"""Keys of browsers: which device registered which, and which session is bound to one by the browser itself (DBSC)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class DeviceKey(models.Model):
    """A key that a device registered after a sign-in. The cookie and the session carry its thumbprint."""

    account = models.CharField(_("account"), max_length=64)
    device_hash = models.CharField(_("device"), max_length=64, help_text=_("keyed hash of the cookie's id"))
    thumbprint = models.CharField(_("thumbprint"), max_length=43)
    registered_at = models.DateTimeField(_("registered at"))
    replaced_at = models.DateTimeField(_("replaced at"), null=True, blank=True)
    confirms_at = models.DateTimeField(
        _("confirms since"),
        null=True,
        blank=True,
        help_text=_("the customer lets this device confirm what other ones ask for"),
    )

    class Meta:
        """One row for a key of a device and account."""

        verbose_name = _("device key")
        verbose_name_plural = _("device keys")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "device_hash", "thumbprint"], name="authshield_device_key_once"
            )
        ]

    def __str__(self) -> str:
        """The key, shortened."""
        return self.thumbprint[:12]


class BoundSession(models.Model):
    """A session that the browser itself bound to a key (device bound session credentials). One a sign-in.

    ``challenge`` is the one that the next proof has to be of; ``answered`` the one before, which a browser may
    answer once more where the reply got lost.
    """

    id = models.CharField(_("identifier"), max_length=43, primary_key=True)
    sid = models.CharField(_("session"), max_length=64, unique=True)
    account = models.CharField(_("account"), max_length=64, db_index=True)
    algorithm = models.CharField(_("algorithm"), max_length=5)
    key = models.BinaryField(_("public key"), max_length=512)
    challenge = models.CharField(_("challenge"), max_length=43, blank=True)
    challenge_at = models.DateTimeField(_("challenged at"), null=True, blank=True)
    answered = models.CharField(_("answered challenge"), max_length=43, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    registered_at = models.DateTimeField(_("registered at"))
    refreshed_at = models.DateTimeField(_("refreshed at"), db_index=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        """Names for the desk."""

        verbose_name = _("bound session")
        verbose_name_plural = _("bound sessions")

    def __str__(self) -> str:
        """The identifier, shortened."""
        return self.id[:12]
