"""Challenges: a demand for a proof, bound to one operation. A passed one is the grant."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class Challenge(models.Model):
    """Draft to executed in one direction: open, passed, used; or failed, expired, void."""

    class State(models.TextChoices):
        """Where it stands; every change is one conditional update."""

        OPEN = "open", _("open")
        PASSED = "passed", _("passed")
        USED = "used", _("used")
        FAILED = "failed", _("failed")
        VOID = "void", _("void")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    account = models.CharField(_("account"), max_length=64)
    binding = models.CharField(
        _("bound to"), max_length=128, help_text=_("the session, or the browser at a sign-in")
    )
    kind = models.CharField(_("kind of event"), max_length=20)
    operation = models.TextField(
        _("operation"), help_text=_("canonical text; displayed, proved and executed")
    )
    digest = models.CharField(_("digest"), max_length=64)
    required = models.PositiveSmallIntegerField(_("required strength"))
    factors = models.JSONField(
        _("factors"), default=list, help_text=_("that the account has and that are enough")
    )
    reasons = models.JSONField(_("public reasons"), default=list)
    shown = models.JSONField(
        _("shown besides"),
        default=dict,
        help_text=_("value, address and country when it was opened; no part of the proof"),
    )
    risk = models.FloatField(_("risk"), default=0)
    ruleset_version = models.PositiveIntegerField(_("ruleset"))
    event_id = models.CharField(_("event"), max_length=64)
    return_to = models.CharField(_("goes on at"), max_length=500, blank=True)
    login_backend = models.CharField(_("authentication backend"), max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(_("wrong answers"), default=0)
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"), db_index=True)
    passed_at = models.DateTimeField(_("passed at"), null=True, blank=True)
    grant_expires_at = models.DateTimeField(_("usable until"), null=True, blank=True)
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)
    proved = models.PositiveSmallIntegerField(_("proved strength"), default=0)
    factor_used = models.CharField(_("factor used"), max_length=20, blank=True)
    nonce = models.CharField(
        _("nonce"),
        max_length=64,
        blank=True,
        help_text=_("part of what a passkey signs; empty once it was answered"),
    )
    evidence = models.JSONField(
        _("evidence"),
        default=dict,
        blank=True,
        help_text=_("what the passkey signed, to be checked at any time"),
    )

    class Meta:
        """Looked up by owner and binding."""

        verbose_name = _("challenge")
        verbose_name_plural = _("challenges")
        indexes = [models.Index(fields=["account", "binding", "state"], name="authshield_challenge_open")]

    def __str__(self) -> str:
        """Kind and state."""
        return f"{self.kind} {self.state}"
