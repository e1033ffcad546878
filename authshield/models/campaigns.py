"""Campaigns: who stands at which join with how much evidence, and who belongs to a campaign's case."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from authshield.models.cases import Case


class ScanMember(models.Model):
    """An account at a join, with the latest evidence against it. Networks and looks of devices are keyed hashes."""

    join = models.CharField(_("what they have in common"), max_length=100)
    account = models.CharField(_("account"), max_length=64)
    sid = models.CharField(_("session"), max_length=64)
    event_id = models.CharField(_("event"), max_length=64)
    at = models.DateTimeField(_("time of the event"), db_index=True)
    nats = models.FloatField(_("evidence, nats"))

    class Meta:
        """An account stands at a join once."""

        verbose_name = _("scan member")
        verbose_name_plural = _("scan members")
        constraints = [models.UniqueConstraint(fields=["join", "account"], name="authshield_scan_once")]
        indexes = [models.Index(fields=["join", "at"], name="authshield_scan_latest")]

    def __str__(self) -> str:
        """Join and account."""
        return f"{self.join} {self.account}"


class CampaignMember(models.Model):
    """A session that belongs to a campaign's case, with what speaks against it."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="members", verbose_name=_("case"))
    account = models.CharField(_("account"), max_length=64, db_index=True)
    sid = models.CharField(_("session"), max_length=64)
    event_id = models.CharField(_("event"), max_length=64)
    at = models.DateTimeField(_("time of the event"))
    score = models.FloatField(_("score"))

    class Meta:
        """A session is a member once."""

        verbose_name = _("campaign member")
        verbose_name_plural = _("campaign members")
        ordering = ["at", "pk"]
        constraints = [models.UniqueConstraint(fields=["case", "sid"], name="authshield_member_once")]

    def __str__(self) -> str:
        """Account and score."""
        return f"{self.account} {self.score:.0f}"
