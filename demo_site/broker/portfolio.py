"""What an account holds and what it is worth now. Must not change anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from demo_site.broker.models import Account, Instrument, Position
from demo_site.broker.quotes import Quote, quote


@dataclass(frozen=True, slots=True)
class Holding:
    """One position at the quote of the moment."""

    position: Position
    instrument: Instrument
    quote: Quote

    @property
    def value_minor(self) -> int:
        """Yen at the last price."""
        return int(self.quote.last * self.position.quantity)

    @property
    def gain_minor(self) -> int:
        """Yen gained since it was bought."""
        return self.value_minor - self.position.cost_minor

    @property
    def day_change_minor(self) -> int:
        """Yen gained since yesterday's close."""
        return int((self.quote.last - self.quote.previous) * self.position.quantity)


def holdings(account: Account, now: datetime) -> Sequence[Holding]:
    """All positions, the largest first. Cost: 1 query."""
    rows = account.positions.filter(quantity__gt=0).select_related("instrument")
    found = [Holding(row, row.instrument, quote(row.instrument, now)) for row in rows]
    return sorted(found, key=lambda holding: holding.value_minor, reverse=True)


def value_minor(held: Sequence[Holding]) -> int:
    """Yen of all positions together."""
    return sum(holding.value_minor for holding in held)


def day_change_minor(held: Sequence[Holding]) -> int:
    """Yen gained by all positions together since yesterday's close."""
    return sum(holding.day_change_minor for holding in held)
