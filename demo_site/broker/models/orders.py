"""Orders and their states. What moves an order from state to state is in orders.py and books.py."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Order(models.Model):
    """One order of one account."""

    class Side(models.TextChoices):
        BUY = "buy", _("buy")
        SELL = "sell", _("sell")

    class Type(models.TextChoices):
        MARKET = "market", pgettext_lazy("order", "market")
        LIMIT = "limit", pgettext_lazy("order", "limit")

    class State(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        QUEUED = "queued", _("queued")
        HELD = "held", _("held")
        PARTLY_FILLED = "partly_filled", _("partly filled")
        FILLED = "filled", _("filled")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("expired")

    OPEN = (State.ACCEPTED, State.QUEUED, State.PARTLY_FILLED)
    LIVE = (*OPEN, State.HELD)

    public_id = models.CharField(_("number"), max_length=24, primary_key=True)
    account = models.ForeignKey(
        "broker.Account", models.CASCADE, related_name="orders", verbose_name=_("account")
    )
    client_order_id = models.CharField(_("client's number"), max_length=64, blank=True)
    instrument = models.ForeignKey("broker.Instrument", models.PROTECT, verbose_name=_("instrument"))
    side = models.CharField(_("side"), max_length=4, choices=Side.choices)
    quantity = models.BigIntegerField(_("quantity"))
    order_type = models.CharField(_("type"), max_length=6, choices=Type.choices)
    limit_price = models.DecimalField(
        pgettext_lazy("order", "limit"), max_digits=14, decimal_places=1, null=True, blank=True
    )
    state = models.CharField(_("state"), max_length=13, choices=State.choices)
    state_reason = models.CharField(_("why"), max_length=200, blank=True)
    filled_quantity = models.BigIntegerField(_("filled"), default=0)
    filled_value_minor = models.BigIntegerField(_("value filled"), default=0, help_text=_("yen"))
    reserved_minor = models.BigIntegerField(_("reserved"), default=0, help_text=_("yen, by a buy order"))
    reserved_quantity = models.BigIntegerField(
        _("offered"), default=0, help_text=_("shares, by a sell order")
    )
    session = models.CharField(_("session"), max_length=64, blank=True)
    key = models.CharField(
        _("key"), max_length=100, null=True, blank=True, unique=True, help_text=_("of the call that held it")
    )
    created_at = models.DateTimeField(_("placed at"))
    updated_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-created_at", "-public_id"]
        indexes = [models.Index(fields=["account", "state"], name="broker_order_open")]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "client_order_id"],
                condition=~Q(client_order_id=""),
                name="broker_client_order_once",
            ),
            models.CheckConstraint(
                condition=Q(filled_quantity__gte=0) & Q(quantity__gte=F("filled_quantity")),
                name="broker_no_overfill",
            ),
            models.CheckConstraint(
                condition=Q(reserved_minor__gte=0) & Q(reserved_quantity__gte=0),
                name="broker_order_reserves",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.quantity} {self.instrument_id}"

    @property
    def remaining(self) -> int:
        """Shares that are not filled yet."""
        return self.quantity - self.filled_quantity

    @property
    def is_live(self) -> bool:
        """Whether it can still be cancelled."""
        return self.state in self.LIVE

    @property
    def is_amendable(self) -> bool:
        """Whether its quantity and limit can still be changed."""
        return self.state in self.OPEN and self.order_type == self.Type.LIMIT

    @property
    def average_price(self) -> Decimal | None:
        """Yen a share over all fills, None before the first."""
        if not self.filled_quantity:
            return None
        return (Decimal(self.filled_value_minor) / self.filled_quantity).quantize(Decimal("0.1"))
