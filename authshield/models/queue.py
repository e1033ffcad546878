"""Work that waits: the outbox, notices, late scores; and what stands in for Redis, and tells that it is away."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class OutboxTask(models.Model):
    """A task to be run, written in the transaction of its cause. Ids only as arguments."""

    task = models.CharField(_("task"), max_length=60)
    argument = models.CharField(_("id of its object"), max_length=64)
    created_at = models.DateTimeField(_("created at"))
    due_at = models.DateTimeField(_("due at"), db_index=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True, db_index=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.CharField(_("last error"), max_length=300, blank=True)

    class Meta:
        """The same task for the same object is wanted once."""

        verbose_name = _("outbox task")
        verbose_name_plural = _("outbox")
        constraints = [models.UniqueConstraint(fields=["task", "argument"], name="authshield_outbox_once")]

    def __str__(self) -> str:
        """Task and argument."""
        return f"{self.task} {self.argument}"


class Notice(models.Model):
    """A message to a customer. Holds no code and no link."""

    account = models.CharField(_("account"), max_length=64, db_index=True)
    address = models.CharField(_("address"), max_length=254)
    template = models.CharField(_("template"), max_length=60)
    language = models.CharField(_("language"), max_length=10, default="en")
    context = models.JSONField(_("context"), default=dict)
    sealed_context = models.BinaryField(_("sealed context"), blank=True, default=b"")
    key = models.CharField(_("key"), max_length=100, unique=True)
    created_at = models.DateTimeField(_("created at"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    class Meta:
        """Names for the desk."""

        verbose_name = _("notice")
        verbose_name_plural = _("notices")

    def __str__(self) -> str:
        """Template and account."""
        return f"{self.template} {self.account}"


class SessionScore(models.Model):
    """The late score of a session after one of its events; scored once an event and model version."""

    event_id = models.CharField(_("event"), max_length=64)
    model = models.CharField(_("model"), max_length=30)
    sid = models.CharField(_("session"), max_length=64, db_index=True)
    account = models.CharField(_("account"), max_length=64)
    score = models.FloatField(_("score"))
    reasons = models.JSONField(_("reasons"), default=list)
    event_at = models.DateTimeField(_("time of the event"))
    scored_at = models.DateTimeField(_("scored at"))

    class Meta:
        """Once an event and model."""

        verbose_name = _("session score")
        verbose_name_plural = _("session scores")
        constraints = [models.UniqueConstraint(fields=["event_id", "model"], name="authshield_score_once")]

    def __str__(self) -> str:
        """Session and score."""
        return f"{self.sid[:12]} {self.score:.0f}"


class FallbackWindow(models.Model):
    """Counts while Redis is away: one row a limited thing, changed by one statement."""

    key = models.CharField(_("key"), max_length=100, primary_key=True)
    log = models.TextField(_("log"), default="", help_text=_("what was counted and when, oldest first"))
    capacity = models.PositiveIntegerField(_("capacity"), default=0)
    since = models.CharField(
        _("since"),
        max_length=13,
        default="",
        help_text=_("when the window began at its last event, in milliseconds"),
    )
    updated_at = models.DateTimeField(_("updated at"), db_index=True)

    class Meta:
        """Names for the desk."""

        verbose_name = _("fallback window")
        verbose_name_plural = _("fallback windows")

    def __str__(self) -> str:
        """The key."""
        return self.key


class StoreReport(models.Model):
    """What a web process says of its store: whether it works without, and how often it had to."""

    node = models.CharField(_("web process"), max_length=100, primary_key=True)
    is_away = models.BooleanField(_("works without Redis"), default=False)
    changed_at = models.DateTimeField(_("since"))
    reported_at = models.DateTimeField(_("last reported at"), db_index=True)
    outages = models.PositiveIntegerField(_("outages"), default=0)
    events = models.PositiveBigIntegerField(_("events judged without Redis"), default=0)

    class Meta:
        """Names for the desk."""

        verbose_name = _("report on Redis")
        verbose_name_plural = _("reports on Redis")
        ordering = ["-reported_at"]

    def __str__(self) -> str:
        """The process."""
        return self.node
