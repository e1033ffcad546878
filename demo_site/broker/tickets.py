"""An order as it was asked for, between the strings of an operation and the columns of a table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from django.utils.translation import gettext as _

from authshield.errors import InvalidInput
from authshield.observe import canonical
from demo_site.broker.models import Instrument, Order

MOST_SHARES = 10**9
HIGHEST_PRICE = 10**8
WHOLE = re.compile(r"[0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What somebody wants to buy or sell; ``limit_price`` is None for a market order."""

    symbol: str
    side: str
    quantity: int
    order_type: str
    limit_price: Decimal | None
    client_order_id: str = ""

    @classmethod
    def from_fields(cls, fields: Mapping[str, str]) -> Self:
        """Read the canonical fields of an operation."""
        return cls(
            symbol=fields["symbol"],
            side=fields["side"],
            quantity=int(fields["quantity"]),
            order_type=fields["order_type"],
            limit_price=Decimal(fields["limit_price"]) if "limit_price" in fields else None,
            client_order_id=fields.get("client_order_id", ""),
        )

    def is_same_as(self, order: Order) -> bool:
        """Whether the order was placed with this very ticket."""
        return (
            order.instrument_id == self.symbol
            and order.side == self.side
            and order.quantity == self.quantity
            and order.order_type == self.order_type
            and order.limit_price == self.limit_price
        )


def shares(value: object) -> str:
    """A whole number of shares in canonical notation. Raises InvalidInput."""
    text = canonical.quantity(value)
    if not WHOLE.fullmatch(text) or int(text) > MOST_SHARES:
        raise InvalidInput(_("Shares come in whole numbers, at most a thousand million."), field="quantity")
    return text


def limit(value: object) -> str:
    """A limit price in canonical notation: yen with at most one decimal. Raises InvalidInput."""
    text = canonical.price(value)
    if Decimal(text) > HIGHEST_PRICE or len(text.partition(".")[2]) > 1:
        raise InvalidInput(_("A limit is in yen, with at most one decimal."), field="limit_price")
    return text


def yen(value: object) -> str:
    """An amount in whole yen, in canonical notation. Raises InvalidInput."""
    text = canonical.amount(value)
    if not WHOLE.fullmatch(text):
        raise InvalidInput(_("An amount is in whole yen."), field="amount")
    return text


def listed(symbol: str) -> Instrument:
    """The instrument of a symbol. Raises InvalidInput (422) for an unknown one."""
    instrument = Instrument.objects.filter(pk=symbol).first()
    if instrument is None:
        raise InvalidInput(_("No instrument has this symbol."), field="symbol", code="unknown_symbol")
    return instrument
