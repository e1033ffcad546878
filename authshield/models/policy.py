"""What the desk changes of the assurance policy, what needs a second person, and addresses that were replaced."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class AssuranceDraft(models.Model):
    """The assurance policy as the desk edits it: one row; it counts from the next publication on."""

    policy = models.JSONField(_("policy"), default=dict)
    updated_at = models.DateTimeField(_("changed at"), auto_now=True)
    updated_by = models.CharField(_("changed by"), max_length=150, blank=True)

    class Meta:
        """Names for the desk."""

        verbose_name = _("assurance policy")
        verbose_name_plural = _("assurance policy")

    def __str__(self) -> str:
        """The profile that it goes by."""
        return str(self.policy.get("profile", ""))


class Approval(models.Model):
    """Something that one member of staff asks for and another one decides, once."""

    class Kind(models.TextChoices):
        """What is asked for."""

        UNFREEZE = "unfreeze", _("release a frozen account")
        EXEMPTION = "exemption", _("exempt an account from a requirement")
        DROP_FACTOR = "drop_factor", _("remove a customer's authenticator")

    class State(models.TextChoices):
        """Where it stands; every change is one conditional update."""

        ASKED = "asked", _("waits for a second person")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        ENDED = "ended", _("ended before its time")

    kind = models.CharField(_("what"), max_length=12, choices=Kind.choices)
    account = models.CharField(_("account"), max_length=64, db_index=True)
    target = models.CharField(_("of it"), max_length=100, blank=True)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.ASKED)
    reason = models.CharField(_("reason"), max_length=200)
    asked_by = models.CharField(_("asked by"), max_length=150)
    asked_at = models.DateTimeField(_("asked at"))
    decided_by = models.CharField(_("decided by"), max_length=150, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decision_reason = models.CharField(_("reason of the decision"), max_length=200, blank=True)

    class Meta:
        """The same is asked for once at a time."""

        verbose_name = _("two-person request")
        verbose_name_plural = _("two-person requests")
        ordering = ["-asked_at"]
        permissions = [
            ("ask_approval", "Can ask for what needs a second person"),
            ("decide_approval", "Can decide what another person asked for"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "account", "target"],
                condition=models.Q(state="asked"),
                name="authshield_approval_once",
            )
        ]

    def __str__(self) -> str:
        """What, and for whom."""
        return f"{self.get_kind_display()}: {self.account} {self.target}".strip()


class FormerAddress(models.Model):
    """An address that a customer was reached at and that was replaced: notices go there too, for a while."""

    account = models.CharField(_("account"), max_length=64, db_index=True)
    address = models.CharField(_("address"), max_length=254)
    replaced_at = models.DateTimeField(_("replaced at"), db_index=True)

    class Meta:
        """Each once."""

        verbose_name = _("former address")
        verbose_name_plural = _("former addresses")
        constraints = [
            models.UniqueConstraint(fields=["account", "address"], name="authshield_former_address_once")
        ]

    def __str__(self) -> str:
        """The account."""
        return self.account
