"""The broker's books as the desk reads them. Must not change anything there."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from authshield.backends.loader import order_gateway
from authshield.errors import GatewayError
from authshield.vocabulary.ports import OpenOrder


def open_orders(account: str) -> tuple[Sequence[OpenOrder], str]:
    """The account's open orders, and one sentence where the books could not be asked."""
    try:
        return order_gateway().open_orders(account), ""
    except GatewayError as error:
        return (), _("The broker's books could not be asked for open orders: %(error)s") % {"error": error}
