"""The one row that an order leaves. Must not hold more."""

from django.db import models


class PlacedOrder(models.Model):
    """An order that was let through."""

    account = models.CharField(max_length=20)
    symbol = models.CharField(max_length=16)
    side = models.CharField(max_length=4)
    quantity = models.PositiveIntegerField()

    class Meta:
        """The site has no migrations: its table is made from this."""

        app_label = "site"

    def __str__(self) -> str:
        """Side, quantity and symbol."""
        return f"{self.side} {self.quantity} {self.symbol}"
