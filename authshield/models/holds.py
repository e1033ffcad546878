"""Held operations: what waits for the desk or for the customer's stronger factor."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class Hold(models.Model):
    """One held operation, decided once."""

    class State(models.TextChoices):
        """Where it stands; every change is one conditional update."""

        WAITING = "waiting", _("waiting")
        RELEASED = "released", _("released")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("expired")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WAITING, db_index=True
    )
    account = models.CharField(_("account"), max_length=64, db_index=True)
    sid = models.CharField(_("session"), max_length=64, blank=True)
    kind = models.CharField(_("kind"), max_length=20)
    operation = models.TextField(_("operation"))
    digest = models.CharField(_("digest"), max_length=64)
    reference = models.CharField(_("broker's reference"), max_length=64, blank=True, db_index=True)
    required = models.PositiveSmallIntegerField(_("strength that would release it"), default=3)
    risk = models.FloatField(_("risk"), default=0)
    reasons = models.JSONField(_("reasons"), default=list)
    event_id = models.CharField(_("event"), max_length=64)
    ruleset_version = models.PositiveIntegerField(_("ruleset"))
    case = models.ForeignKey(
        "authshield.Case",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="holds",
        verbose_name=_("case"),
    )
    created_at = models.DateTimeField(_("held at"), db_index=True)
    expires_at = models.DateTimeField(_("expires at"))
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=150, blank=True)
    decision_reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        """Oldest first: that is the queue."""

        verbose_name = _("held operation")
        verbose_name_plural = _("held operations")
        ordering = ["created_at"]
        permissions = [("decide_hold", "Can release and cancel held operations")]

    def __str__(self) -> str:
        """Kind and reference."""
        return f"{self.kind} {self.reference}"
