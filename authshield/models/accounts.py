"""Accounts, their devices and their sessions: the durable copy of what containment and trust rest on."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class AccountState(models.Model):
    """What holds for an account until somebody lifts it. No row: nothing special."""

    account = models.CharField(_("account"), max_length=64, primary_key=True)
    frozen_at = models.DateTimeField(_("frozen at"), null=True, blank=True)
    frozen_reason = models.CharField(_("reason"), max_length=200, blank=True)
    frozen_by = models.CharField(_("frozen by"), max_length=150, blank=True)
    contact_changed_at = models.DateTimeField(_("contact data or factors changed at"), null=True, blank=True)

    sessions_ended_at = models.DateTimeField(
        _("sessions ended at"),
        null=True,
        blank=True,
        help_text=_("ends every session that began before, even one that is not written down yet"),
    )

    prove_since = models.DateTimeField(
        _("must prove itself since"),
        null=True,
        blank=True,
        help_text=_("after a freeze or a takeover, until somebody signs in with a stronger proof"),
    )

    class Meta:
        """Names for the desk."""

        verbose_name = _("account state")
        verbose_name_plural = _("account states")
        permissions = [("freeze_account", "Can freeze and unfreeze accounts")]

    def __str__(self) -> str:
        """The account."""
        return self.account


class Device(models.Model):
    """A device as one account uses it. The id in the cookie is kept as a keyed hash."""

    account = models.CharField(_("account"), max_length=64)
    device_hash = models.CharField(_("device"), max_length=64, help_text=_("keyed hash of the cookie's id"))
    label = models.CharField(_("browser and system"), max_length=100, blank=True)
    fingerprint_hash = models.CharField(_("fingerprint"), max_length=64, blank=True)
    first_seen_at = models.DateTimeField(_("first seen at"))
    last_seen_at = models.DateTimeField(_("last seen at"), db_index=True)
    trusted_at = models.DateTimeField(
        _("trusted at"),
        null=True,
        blank=True,
        help_text=_("by a phishing-resistant proof, the desk or the warm-up; otherwise age decides"),
    )
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    last_ip = models.GenericIPAddressField(_("last address"), null=True, blank=True)
    last_place = models.CharField(_("last place"), max_length=100, blank=True)

    class Meta:
        """One row for a device and account."""

        verbose_name = _("device")
        verbose_name_plural = _("devices")
        permissions = [("trust_device", "Can trust and revoke devices")]
        constraints = [
            models.UniqueConstraint(fields=["account", "device_hash"], name="authshield_device_once")
        ]

    def __str__(self) -> str:
        """What the person would call it."""
        return self.label or self.device_hash[:12]


class Session(models.Model):
    """A signed-in session. ``ended_at`` is the truth about revocation and is never cleared."""

    sid = models.CharField(_("session"), max_length=64, primary_key=True)
    account = models.CharField(_("account"), max_length=64, db_index=True)
    key_hash = models.CharField(_("key hash"), max_length=64, blank=True, db_index=True)
    sealed_key = models.BinaryField(_("sealed session key"), blank=True, default=b"")
    device_hash = models.CharField(_("device"), max_length=64, blank=True)
    started_at = models.DateTimeField(_("started at"))
    last_seen_at = models.DateTimeField(_("last seen at"), db_index=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ended_reason = models.CharField(_("why it ended"), max_length=60, blank=True)
    ip = models.GenericIPAddressField(_("address"), null=True, blank=True)
    place = models.CharField(_("place"), max_length=100, blank=True)
    label = models.CharField(_("browser and system"), max_length=100, blank=True)
    login_risk = models.FloatField(_("risk of the sign-in"), default=0)
    score = models.FloatField(_("late score"), null=True, blank=True)

    class Meta:
        """Names for the desk."""

        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        permissions = [("end_session", "Can end sessions")]

    def __str__(self) -> str:
        """The opaque id, shortened."""
        return self.sid[:12]
