"""Confirmations on another device: one request each, and per customer what keeps them few.

The number that a session shows is sealed; a device that confirms never gets it from here.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from authshield.models.challenges import Challenge
from authshield.models.factors import FactorColumns


class OobFactor(FactorColumns):
    """How often a customer was asked and answered wrongly. Not what enrols: the trusted devices are that."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    sent_at = models.DateTimeField(_("last asked at"), null=True, blank=True)
    sends = models.PositiveSmallIntegerField(_("asked in the last ten minutes"), default=0)

    class Meta:
        """Names for the desk."""

        verbose_name = _("confirmations on another device")
        verbose_name_plural = _("confirmations on other devices")

    def __str__(self) -> str:
        """Whose."""
        return str(self.user)

    @property
    def persistent_id(self) -> str:
        """Under what the desk's deeds name it, as they do other authenticators."""
        return f"oob/{self.pk}"


class OobRequest(models.Model):
    """A challenge that waits for a trusted device.

    ``digest`` and ``binding`` are what was asked for and in which session; ``answered_by`` is the device that did.
    """

    class State(models.TextChoices):
        """Where it stands; every change is one conditional update."""

        WAITING = "waiting", _("waiting")
        APPROVED = "approved", _("confirmed")
        USED = "used", _("used")
        WRONG = "wrong", _("wrong number")
        REFUSED = "refused", _("refused")
        VOID = "void", _("void")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    challenge = models.ForeignKey(
        Challenge, models.CASCADE, related_name="confirmations", verbose_name=_("challenge")
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    account = models.CharField(_("account"), max_length=64)
    binding = models.CharField(_("bound to"), max_length=128)
    digest = models.CharField(_("digest"), max_length=64)
    sealed_number = models.BinaryField(_("sealed number"))
    device_hash = models.CharField(_("asking device"), max_length=64, blank=True)
    is_strange = models.BooleanField(_("asked from a device without trust"), default=True)
    label = models.CharField(_("browser and system"), max_length=100, blank=True)
    ip = models.GenericIPAddressField(_("address"), null=True, blank=True)
    place = models.CharField(_("place"), max_length=100, blank=True)
    asked_at = models.DateTimeField(_("asked at"))
    expires_at = models.DateTimeField(_("expires at"), db_index=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    answered_by = models.CharField(_("answered by device"), max_length=64, blank=True)
    answered_in = models.CharField(_("answered in session"), max_length=64, blank=True)

    class Meta:
        """Looked up by account."""

        verbose_name = _("confirmation on another device")
        verbose_name_plural = _("confirmations on another device")
        indexes = [models.Index(fields=["account", "state"], name="authshield_oob_waiting")]

    def __str__(self) -> str:
        """State and time."""
        return f"{self.state} {self.asked_at:%Y-%m-%d %H:%M}"
