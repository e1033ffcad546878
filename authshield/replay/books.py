"""What a replay remembers of orders and portfolios, as a broker's books would tell a live request.

Must not decide. Memory is bounded: the oldest entries are forgotten first.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from authshield.replay.money import MAX_MINOR, Base
from authshield.replay.record import Record
from authshield.vocabulary.event import Event, Fill, Order, OrderChange, Withdrawal

REMEMBERED = 200_000


@dataclass(frozen=True, slots=True)
class Placed:
    """An order of the file: whether it was let through, and the risk it was given."""

    order: Order
    fx: Decimal
    happened: bool
    risk: float


@dataclass(slots=True)
class Books:
    """Orders by account and reference; totals of portfolios by account, as of its last order."""

    base: Base
    orders: dict[tuple[str | None, str], Placed] = field(default_factory=dict)
    totals: dict[str | None, int] = field(default_factory=dict)

    def completed(self, record: Record) -> Event:
        """The event with what only the books know: the amended order, the portfolio of a withdrawal."""
        event, subject = record.event, record.event.subject
        if isinstance(subject, OrderChange):
            placed = self.orders.get((event.account, subject.order_id))
            return event if placed is None else replace(event, subject=self._changed(subject, placed, record))
        if isinstance(subject, Withdrawal) and event.account in self.totals:
            return replace(event, subject=replace(subject, total_minor=self.totals[event.account]))
        return event

    def never_placed(self, event: Event) -> Placed | None:
        """The order that a fill tells of, if that order was held or stopped, so that nothing can be filled."""
        if not isinstance(event.subject, Fill):
            return None
        placed = self.orders.get((event.account, event.subject.order_id))
        return placed if placed is not None and not placed.happened else None

    def note(self, event: Event, fx: Decimal, *, happened: bool, risk: float) -> None:
        """Remember an order, or what an amend that took effect has made of it."""
        subject = event.subject
        if isinstance(subject, Order):
            self.totals[event.account] = subject.portfolio.total_minor
            _forget_oldest(self.totals)
            if subject.order_id:
                self._remember(event, Placed(subject, fx, happened, risk))
        elif isinstance(subject, OrderChange) and subject.order is not None and happened:
            before = self.orders[event.account, subject.order_id]
            self._remember(event, replace(before, order=subject.order))

    def _changed(self, change: OrderChange, placed: Placed, record: Record) -> OrderChange:
        previous = placed.order.value_minor
        if record.amended is None:
            return replace(change, previous_value_minor=previous)
        quantity, price = record.amended
        value = min(self.base.minor(quantity, price, placed.fx), MAX_MINOR)
        order = replace(placed.order, quantity=quantity, price=price, value_minor=value)
        return replace(change, order=order, previous_value_minor=previous)

    def _remember(self, event: Event, placed: Placed) -> None:
        order_id = placed.order.order_id
        self.orders.pop((event.account, order_id), None)
        self.orders[event.account, order_id] = placed
        _forget_oldest(self.orders)


def _forget_oldest(memory: dict[str | None, int] | dict[tuple[str | None, str], Placed]) -> None:
    if len(memory) > REMEMBERED:
        del memory[next(iter(memory))]  # type: ignore[arg-type]  # a key of this very dictionary
