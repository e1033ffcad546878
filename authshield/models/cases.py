"""Cases: one a contained session or a campaign, with its timeline."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Case(models.Model):
    """What the desk works on. One open case for a session, and one for a campaign for as long as it goes on."""

    class State(models.TextChoices):
        """Where the work stands."""

        OPEN = "open", _("open")
        CONTAINED = "contained", _("contained")
        CLOSED = "closed", _("closed")

    class Verdict(models.TextChoices):
        """What it turned out to be."""

        UNKNOWN = "", _("not decided")
        FRAUD = "fraud", _("fraud")
        LEGIT = "legit", _("legitimate")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.CharField(
        _("account"), max_length=64, blank=True, db_index=True, help_text=_("empty for a campaign")
    )
    sid = models.CharField(_("session"), max_length=64, blank=True)
    title = models.CharField(_("title"), max_length=200)
    score = models.FloatField(_("score"), default=0)
    reasons = models.JSONField(
        _("reasons"), default=list, help_text=_("code, points and text, largest first")
    )
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.OPEN)
    verdict = models.CharField(_("verdict"), max_length=8, choices=Verdict.choices, blank=True, default="")
    opened_at = models.DateTimeField(_("opened at"), db_index=True)
    contained_at = models.DateTimeField(_("contained at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    campaign = models.CharField(
        _("campaign"), max_length=100, blank=True, help_text=_("what its members have in common")
    )
    campaign_seen_at = models.DateTimeField(_("last joined at"), null=True, blank=True)
    campaign_ended_at = models.DateTimeField(
        _("campaign ended at"), null=True, blank=True, help_text=_("when nobody had joined it for a day")
    )
    part_of = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="parts",
        verbose_name=_("part of"),
        help_text=_("the campaign that its session belongs to"),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner"),
    )

    class Meta:
        """One open case for a session or a campaign, whoever opens it first."""

        verbose_name = _("case")
        verbose_name_plural = _("cases")
        permissions = [("contain_case", "Can contain a case: end sessions, stop open orders")]
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["sid"],
                condition=~models.Q(sid="") & ~models.Q(state="closed"),
                name="authshield_case_once",
            ),
            models.UniqueConstraint(
                fields=["campaign"],
                condition=~models.Q(campaign="")
                & models.Q(campaign_ended_at=None)
                & ~models.Q(state="closed"),
                name="authshield_campaign_once",
            ),
        ]

    def __str__(self) -> str:
        """The title."""
        return self.title


class CaseEntry(models.Model):
    """One line of a case's timeline: what was seen, decided, done or noted."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="entries", verbose_name=_("case"))
    at = models.DateTimeField(_("time"))
    kind = models.CharField(_("kind"), max_length=30, help_text=_("subject:action, such as session:ended"))
    text = models.TextField(_("text"))
    actor = models.CharField(_("by"), max_length=150, blank=True)
    data = models.JSONField(_("data"), default=dict, blank=True)
    key = models.CharField(
        _("key"), max_length=100, help_text=_("a step that is repeated writes nothing new")
    )

    class Meta:
        """Steps are written once."""

        verbose_name = _("case entry")
        verbose_name_plural = _("case entries")
        ordering = ["at", "pk"]
        constraints = [models.UniqueConstraint(fields=["case", "key"], name="authshield_case_entry_once")]

    def __str__(self) -> str:
        """The text."""
        return self.text
