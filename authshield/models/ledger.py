"""The ledger of decisions about money and challenges, and the journal of everything else. Append-only."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Recorded(models.Model):
    """The columns that both share."""

    event_id = models.CharField(_("event"), max_length=64, unique=True)
    at = models.DateTimeField(_("time"), db_index=True)
    kind = models.CharField(_("kind"), max_length=20)
    account = models.CharField(_("account"), max_length=64, blank=True, db_index=True)
    sid = models.CharField(_("session"), max_length=64, blank=True, db_index=True)
    ip = models.GenericIPAddressField(_("address"), null=True, blank=True)
    device_hash = models.CharField(_("device"), max_length=64, blank=True)
    label = models.CharField(_("browser and system"), max_length=100, blank=True)
    place = models.CharField(_("place"), max_length=100, blank=True)
    action = models.CharField(_("action"), max_length=10)
    required = models.CharField(_("required"), max_length=20, blank=True)
    final = models.CharField(_("outcome"), max_length=10)
    risk = models.FloatField(_("risk"), default=0)
    reasons = models.JSONField(_("reasons"), default=list)
    rules = models.JSONField(_("rules"), default=list)
    ruleset_version = models.PositiveIntegerField(_("ruleset"), default=0)
    is_observed = models.BooleanField(_("observed only"), default=False)
    facts = models.JSONField(_("facts"), default=dict)

    class Meta:
        """Columns only."""

        abstract = True

    def __str__(self) -> str:
        """Kind, action and outcome."""
        return f"{self.kind} {self.action} {self.final}"


class LedgerEntry(Recorded):
    """A decision about money or a challenge, written in the effect's own transaction."""

    operation = models.TextField(_("operation"), blank=True)
    reference = models.CharField(_("broker's reference"), max_length=64, blank=True)
    challenge_id = models.CharField(_("challenge"), max_length=36, blank=True)
    hold_id = models.CharField(_("hold"), max_length=36, blank=True)
    case_id = models.CharField(_("case"), max_length=36, blank=True)

    class Meta(Recorded.Meta):
        """Names for the desk."""

        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger")
        ordering = ["-at"]


class JournalEntry(Recorded):
    """A sign-in, a request or another event without money, written from the stream in batches."""

    username = models.CharField(_("name as typed"), max_length=150, blank=True)
    path = models.CharField(_("path"), max_length=200, blank=True)

    class Meta(Recorded.Meta):
        """Names for the desk."""

        verbose_name = _("journal entry")
        verbose_name_plural = _("journal")
        ordering = ["-at"]
