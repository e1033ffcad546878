"""Withdrawals, changes that wait, and passwords that are not in force yet."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Withdrawal(models.Model):
    """Money that leaves. Its amount has left the account's cash in every state but held and cancelled."""

    class State(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        HELD = "held", _("held")
        CANCELLED = "cancelled", _("cancelled")

    public_id = models.CharField(_("number"), max_length=24, primary_key=True)
    account = models.ForeignKey(
        "broker.Account", models.CASCADE, related_name="withdrawals", verbose_name=_("account")
    )
    amount_minor = models.BigIntegerField(_("amount"), help_text=_("yen"))
    bank_account = models.CharField(_("bank account"), max_length=16)
    state = models.CharField(_("state"), max_length=9, choices=State.choices)
    key = models.CharField(_("key"), max_length=100, null=True, blank=True, unique=True)
    created_at = models.DateTimeField(_("asked for at"))

    class Meta:
        verbose_name = _("withdrawal")
        verbose_name_plural = _("withdrawals")
        ordering = ["-created_at", "-public_id"]

    def __str__(self) -> str:
        return f"{self.amount_minor} → {self.bank_account}"


class HeldChange(models.Model):
    """A change of an order or of the customer's data that waits, in its canonical text."""

    class State(models.TextChoices):
        HELD = "held", _("held")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")

    public_id = models.CharField(_("number"), max_length=24, primary_key=True)
    account = models.ForeignKey(
        "broker.Account", models.CASCADE, related_name="held_changes", verbose_name=_("account")
    )
    operation = models.TextField(_("operation"))
    session = models.CharField(_("session"), max_length=64, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.HELD)
    key = models.CharField(_("key"), max_length=100, unique=True)
    created_at = models.DateTimeField(_("asked for at"))

    class Meta:
        verbose_name = _("held change")
        verbose_name_plural = _("held changes")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.public_id


class PendingPassword(models.Model):
    """A new password that was typed but is not proved yet.

    An operation is displayed, stored and kept for years: it names this row and holds nothing of the password.
    """

    public_id = models.CharField(_("number"), max_length=24, primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="pending_passwords",
        verbose_name=_("customer"),
    )
    encoded = models.CharField(_("hash"), max_length=128)
    created_at = models.DateTimeField(_("typed at"))

    class Meta:
        verbose_name = _("pending password")
        verbose_name_plural = _("pending passwords")

    def __str__(self) -> str:
        return self.public_id
