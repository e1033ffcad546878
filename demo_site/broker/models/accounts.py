"""Accounts: cash, positions, how the customer is reached and paid. What is reserved can't be spent twice."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Account(models.Model):
    """One customer's account. Locked first by whatever moves money or shares."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        primary_key=True,
        related_name="account",
        verbose_name=_("customer"),
    )
    cash_minor = models.BigIntegerField(_("cash"), help_text=_("yen, what is reserved included"))
    reserved_minor = models.BigIntegerField(_("reserved"), default=0, help_text=_("yen, for open orders"))
    opened_at = models.DateTimeField(_("opened at"))

    class Meta:
        verbose_name = _("brokerage account")
        verbose_name_plural = _("brokerage accounts")
        constraints = [
            models.CheckConstraint(
                condition=Q(reserved_minor__gte=0) & Q(cash_minor__gte=F("reserved_minor")),
                name="broker_no_overdraft",
            )
        ]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def available_minor(self) -> int:
        """Cash that no open order has reserved, in yen."""
        return self.cash_minor - self.reserved_minor


class Position(models.Model):
    """Shares of one instrument in one account."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="positions", verbose_name=_("account"))
    instrument = models.ForeignKey("broker.Instrument", models.PROTECT, verbose_name=_("instrument"))
    quantity = models.BigIntegerField(_("quantity"), default=0)
    reserved = models.BigIntegerField(_("reserved"), default=0, help_text=_("offered in open sell orders"))
    cost_minor = models.BigIntegerField(_("cost"), default=0, help_text=_("yen paid for what is held"))

    class Meta:
        verbose_name = _("position")
        verbose_name_plural = _("positions")
        constraints = [
            models.UniqueConstraint(fields=["account", "instrument"], name="broker_position_once"),
            models.CheckConstraint(
                condition=Q(reserved__gte=0) & Q(quantity__gte=F("reserved")), name="broker_no_overselling"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.instrument_id}"

    @property
    def available(self) -> int:
        """Shares that no open order offers."""
        return self.quantity - self.reserved


class ContactDetails(models.Model):
    """How a customer is reached; the newest row is in force, older ones stay."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="contacts", verbose_name=_("account"))
    email = models.EmailField(_("e-mail"))
    phone = models.CharField(_("phone"), max_length=20)
    since_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("contact details")
        verbose_name_plural = _("contact details")
        ordering = ["-since_at", "-pk"]

    def __str__(self) -> str:
        return self.email


class BankAccount(models.Model):
    """Where withdrawals may go. The newest is preselected, older ones stay usable."""

    account = models.ForeignKey(
        Account, models.CASCADE, related_name="bank_accounts", verbose_name=_("account")
    )
    number = models.CharField(_("bank account"), max_length=16, help_text=_("bank-branch-account"))
    since_at = models.DateTimeField(_("registered at"))

    class Meta:
        verbose_name = _("bank account")
        verbose_name_plural = _("bank accounts")
        ordering = ["-since_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["account", "number"], name="broker_bank_once")]

    def __str__(self) -> str:
        return self.number
