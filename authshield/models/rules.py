"""Rules, limits and lists as the desk edits them, the versions it published, and the panic switches."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

IDENTIFIER = RegexValidator(
    r"^[a-z][a-z0-9_-]{1,49}$", _("Small letters, digits, - and _, 2 to 50 characters.")
)


class DraftState(models.TextChoices):
    """Whether it counts once it is published."""

    ON = "on", _("on")
    SHADOW = "shadow", _("shadow: recorded, counts for nothing")
    OFF = "off", _("off")


class ActionChoice(models.TextChoices):
    """What is done."""

    ALLOW = "allow", _("allow (points only)")
    CHALLENGE = "challenge", _("challenge")
    HOLD = "hold", _("hold")
    DENY = "deny", _("deny")


class StrengthChoice(models.TextChoices):
    """What a challenge asks for."""

    NONE = "none", _("none")
    ANY = "any", _("any")
    OTP = "otp", _("one-time code")
    PHISHING_RESISTANT = "phishing_resistant", _("phishing-resistant")
    OOB = "oob", _("confirmation on a trusted device")


class Consequence(models.Model):
    """The columns that rules and limits share."""

    identifier = models.CharField(_("id"), max_length=50, primary_key=True, validators=[IDENTIFIER])
    kinds = models.JSONField(_("kinds of event"), default=list)
    points = models.FloatField(_("points"), default=0, validators=[MinValueValidator(0)])
    action = models.CharField(_("action"), max_length=10, choices=ActionChoice.choices, default="allow")
    required = models.CharField(
        _("required strength"), max_length=20, choices=StrengthChoice.choices, default="none"
    )
    code = models.CharField(_("reason code"), max_length=50, blank=True)
    text = models.CharField(_("in words"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=DraftState.choices, default=DraftState.ON)
    updated_at = models.DateTimeField(_("changed at"), auto_now=True)
    updated_by = models.CharField(_("changed by"), max_length=150, blank=True)

    class Meta:
        """Columns only."""

        abstract = True

    def __str__(self) -> str:
        """The id."""
        return self.identifier


class RuleDraft(Consequence):
    """A rule as the desk edits it; it counts from the next publication on."""

    condition = models.TextField(_("condition"), help_text=_("CEL over the declared facts"))

    class Meta(Consequence.Meta):
        """Names for the desk."""

        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        ordering = ["identifier"]


class LimitDraft(Consequence):
    """A velocity limit as the desk edits it; it counts from the next publication on."""

    dimension = models.CharField(_("counted by"), max_length=20)
    also = models.CharField(_("together with"), max_length=20, blank=True)
    measure = models.CharField(_("what is counted"), max_length=10, default="count")
    distinct_of = models.CharField(_("different values of"), max_length=20, blank=True)
    scope = models.CharField(_("whose"), max_length=15, default="any")
    window_seconds = models.PositiveIntegerField(_("window, seconds"), validators=[MinValueValidator(1)])
    capacity = models.PositiveBigIntegerField(_("at most"))
    burst = models.PositiveIntegerField(_("so many more at once"), default=0)
    refunds_success = models.BooleanField(_("a sign-in that succeeds is not counted"), default=False)
    frees_cancelled = models.BooleanField(_("a cancelled order is not counted"), default=False)
    exempt = models.JSONField(_("not for"), default=list, blank=True)
    grows_by = models.PositiveIntegerField(_("so many more for each good customer"), default=0)
    progressive = models.BooleanField(_("each further refusal doubles the wait"), default=False)

    class Meta(Consequence.Meta):
        """Names for the desk."""

        verbose_name = _("velocity limit")
        verbose_name_plural = _("velocity limits")
        ordering = ["identifier"]


class ListDraft(models.Model):
    """One value in a named list. Lists count at once: every change is published by itself."""

    name = models.CharField(_("list"), max_length=50, validators=[IDENTIFIER])
    kind = models.CharField(_("kind"), max_length=10)
    value = models.CharField(_("value"), max_length=100)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    added_by = models.CharField(_("added by"), max_length=150, blank=True)
    added_at = models.DateTimeField(_("added at"), auto_now_add=True)

    class Meta:
        """A value is in a list once."""

        verbose_name = _("list entry")
        verbose_name_plural = _("list entries")
        ordering = ["name", "value"]
        constraints = [models.UniqueConstraint(fields=["name", "kind", "value"], name="authshield_list_once")]

    def __str__(self) -> str:
        """List and value."""
        return f"{self.name}: {self.value}"


class RulesetVersion(models.Model):
    """A published, numbered snapshot. Never changed; a roll-back publishes an old one's content anew."""

    number = models.PositiveIntegerField(_("version"), primary_key=True)
    snapshot = models.JSONField(_("snapshot"))
    created_at = models.DateTimeField(_("published at"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("author"),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        """Newest first."""

        verbose_name = _("published ruleset")
        verbose_name_plural = _("published rulesets")
        ordering = ["-number"]
        permissions = [("publish_ruleset", "Can publish and roll back rulesets")]

    def __str__(self) -> str:
        """The number."""
        return f"#{self.number}"


class SwitchRow(models.Model):
    """A panic switch with an expiry."""

    class Kind(models.TextChoices):
        """What it does."""

        OBSERVE_ALL = "observe_all", _("observe only: stop nobody")
        RULE_OFF = "rule_off", _("one rule off")
        TIGHTEN = "tighten", _("one kind of event tightened")
        SYMBOL = "symbol", _("buys of one symbol tightened")

    kind = models.CharField(_("switch"), max_length=12, choices=Kind.choices)
    target = models.CharField(_("rule, kind of event or symbol"), max_length=50, blank=True)
    action = models.CharField(_("at least"), max_length=10, choices=ActionChoice.choices, default="challenge")
    required = models.CharField(
        _("required strength"), max_length=20, choices=StrengthChoice.choices, default="otp"
    )
    expires_at = models.DateTimeField(_("expires at"))
    ended_at = models.DateTimeField(_("ended before its time at"), null=True, blank=True, editable=False)
    reason = models.CharField(_("reason"), max_length=200)
    created_by = models.CharField(_("by"), max_length=150, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        """Newest first."""

        verbose_name = _("panic switch")
        verbose_name_plural = _("panic switches")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        """Kind and target."""
        return f"{self.kind} {self.target}".strip()
