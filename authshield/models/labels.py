"""What turned out to be fraud and what did not, the counts that follow from it, and what was made of them.

Labels are only ever added and taken back; counts change by exactly what a label changes.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Verdict(models.TextChoices):
    """What it turned out to be."""

    FRAUD = "fraud", _("fraud")
    LEGIT = "legit", _("legitimate")


class Label(models.Model):
    """Somebody's word on a session or on one event. The one that counts is in force until it is taken back."""

    class Source(models.TextChoices):
        """Whose word it is."""

        DESK = "desk", _("desk")
        CUSTOMER = "customer", _("customer")

    account = models.CharField(_("account"), max_length=64, db_index=True)
    sid = models.CharField(_("session"), max_length=64, blank=True, db_index=True)
    event_id = models.CharField(
        _("event"), max_length=64, blank=True, help_text=_("empty: the whole session")
    )
    verdict = models.CharField(_("verdict"), max_length=8, choices=Verdict.choices)
    source = models.CharField(_("source"), max_length=8, choices=Source.choices)
    by = models.CharField(_("by"), max_length=150)
    from_sid = models.CharField(
        _("said in session"), max_length=64, blank=True, help_text=_("in which the customer said so")
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    at = models.DateTimeField(_("time"), db_index=True)
    taken_back_at = models.DateTimeField(_("taken back at"), null=True, blank=True)
    taken_back_by = models.CharField(_("taken back by"), max_length=150, blank=True)
    taken_back_reason = models.CharField(_("why it was taken back"), max_length=200, blank=True)

    class Meta:
        """One label in force for a thing and source."""

        verbose_name = _("label")
        verbose_name_plural = _("labels")
        ordering = ["-at", "-pk"]
        permissions = [("label_event", "Can label sessions and events as fraud or legitimate")]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "sid", "event_id", "source"],
                condition=models.Q(taken_back_at=None),
                name="authshield_label_once",
            )
        ]

    def __str__(self) -> str:
        """The verdict and what it is about."""
        return f"{self.get_verdict_display()}: {(self.event_id or self.sid)[:12]}"


class LabelledEvent(models.Model):
    """An event as it was counted: by which label, and on which step each of its signs stood."""

    event_id = models.CharField(_("event"), max_length=64, unique=True)
    at = models.DateTimeField(_("time"), db_index=True)
    kind = models.CharField(_("kind"), max_length=20)
    account = models.CharField(_("account"), max_length=64, db_index=True)
    sid = models.CharField(_("session"), max_length=64, blank=True)
    risk = models.FloatField(_("risk"), default=0)
    verdict = models.CharField(_("verdict"), max_length=8, choices=Verdict.choices)
    label = models.ForeignKey(Label, models.CASCADE, related_name="events", verbose_name=_("label"))
    steps = models.JSONField(_("steps"), default=dict, help_text=_("the step of each sign, by its code"))

    class Meta:
        """Names for the desk."""

        verbose_name = _("labelled event")
        verbose_name_plural = _("labelled events")
        ordering = ["-at"]

    def __str__(self) -> str:
        """Kind and verdict."""
        return f"{self.kind} {self.verdict}"


class Unlearnt(models.Model):
    """What a fraudulent event had taught its account's profile and no longer does."""

    event_id = models.CharField(_("event"), max_length=64, unique=True)
    account = models.CharField(_("account"), max_length=64, db_index=True)
    at = models.DateTimeField(_("time"), db_index=True)
    lesson = models.JSONField(_("lesson"), default=dict, help_text=_("fields and habits of the profile"))

    class Meta:
        """Names for the desk."""

        verbose_name = _("unlearnt event")
        verbose_name_plural = _("unlearnt events")

    def __str__(self) -> str:
        """The event."""
        return self.event_id


class SignCount(models.Model):
    """How many labelled events of a month stood on a step of a sign. ``sign`` empty: how many there were at all."""

    month = models.DateField(_("month"), help_text=_("of the events, not of their labels"))
    kind = models.CharField(_("kind"), max_length=20)
    sign = models.CharField(_("sign"), max_length=40, blank=True)
    step = models.PositiveSmallIntegerField(_("step"), default=0)
    verdict = models.CharField(_("verdict"), max_length=8, choices=Verdict.choices)
    number = models.IntegerField(_("number"), default=0)

    class Meta:
        """One row a step."""

        verbose_name = _("count of a sign")
        verbose_name_plural = _("counts of signs")
        constraints = [
            models.UniqueConstraint(
                fields=["month", "kind", "sign", "step", "verdict"], name="authshield_count_once"
            )
        ]

    def __str__(self) -> str:
        """Sign, step and number."""
        return f"{self.sign or self.kind} {self.step}: {self.number}"


class Proposal(models.Model):
    """Thresholds or weights that were worked out from what happened; a person publishes or dismisses them."""

    class Kind(models.TextChoices):
        """What it changes of the ruleset."""

        THRESHOLDS = "thresholds", _("thresholds")
        WEIGHTS = "weights", _("weights")

    class State(models.TextChoices):
        """What became of it."""

        OPEN = "open", _("draft")
        PUBLISHED = "published", _("published")
        DISMISSED = "dismissed", _("dismissed")

    kind = models.CharField(_("what"), max_length=12, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField(_("made at"), db_index=True)
    created_by = models.CharField(_("made by"), max_length=150, blank=True)
    content = models.JSONField(_("content"), default=dict)
    evidence = models.JSONField(_("evidence"), default=dict, help_text=_("what it was judged by"))
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=150, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    version = models.PositiveIntegerField(_("version"), null=True, blank=True)

    class Meta:
        """Newest first."""

        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        """What, and when it was made."""
        return f"{self.get_kind_display()} {self.created_at:%Y-%m-%d}"


class DriftReport(models.Model):
    """How far the latest week is from the weeks before it, sign by sign and rule by rule."""

    at = models.DateTimeField(_("time"), unique=True)
    content = models.JSONField(_("content"), default=dict)
    is_alarming = models.BooleanField(_("has drifted"), default=False)

    class Meta:
        """Newest first."""

        verbose_name = _("drift report")
        verbose_name_plural = _("drift reports")
        ordering = ["-at"]

    def __str__(self) -> str:
        """The day."""
        return f"{self.at:%Y-%m-%d}"


class Calibration(models.Model):
    """What chance of fraud a risk stands for, by the labels of its time."""

    at = models.DateTimeField(_("time"))
    group = models.CharField(_("group"), max_length=10)
    content = models.JSONField(_("content"), default=dict)

    class Meta:
        """Newest first."""

        verbose_name = _("calibration")
        verbose_name_plural = _("calibrations")
        ordering = ["-at"]
        constraints = [models.UniqueConstraint(fields=["at", "group"], name="authshield_calibration_once")]

    def __str__(self) -> str:
        """Group and day."""
        return f"{self.group} {self.at:%Y-%m-%d}"
