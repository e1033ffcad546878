"""What can be traded. Prices of the moment are computed (quotes.py), not stored."""

from decimal import Decimal

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class Instrument(models.Model):
    """One made-up share or fund."""

    symbol = models.CharField(_("symbol"), max_length=16, primary_key=True)
    name_en = models.CharField(_("name in English"), max_length=80)
    name_ja = models.CharField(_("name in Japanese"), max_length=80)
    market = models.CharField(_("market"), max_length=4, help_text=_("ISO 10383 code"))
    kind = models.CharField(_("kind"), max_length=8, help_text=_("share or fund"))
    base_price = models.DecimalField(
        _("reference price"), max_digits=14, decimal_places=1, help_text=_("yen")
    )
    tick = models.DecimalField(_("tick"), max_digits=6, decimal_places=1, default=Decimal("0.1"))
    adv_minor = models.BigIntegerField(_("average daily value traded"), help_text=_("yen"))
    market_cap_minor = models.BigIntegerField(_("market capitalisation"), help_text=_("yen"))
    currency = models.CharField(_("currency"), max_length=3, default="JPY")

    class Meta:
        verbose_name = _("instrument")
        verbose_name_plural = _("instruments")
        ordering = ["symbol"]

    def __str__(self) -> str:
        return f"{self.symbol} {self.name}"

    @property
    def name(self) -> str:
        """The name in the language of the reader."""
        return self.name_ja if (get_language() or "").startswith("ja") else self.name_en
