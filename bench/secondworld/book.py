"""One account's money and shares: what it holds, what is reserved by open orders, and what fills make of it.

Amounts are whole units of the base currency (yen). Must stay consistent whoever trades.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.secondworld.market import Market, Share


@dataclass(slots=True, eq=False)
class Order:
    """One order and what is left of it."""

    number: str
    share: Share
    side: str
    quantity: int
    price: float
    kind: str
    fx: float
    wrapper: str | None
    filled: int = 0
    open: bool = True
    reserved: int = 0
    label: str = "legit"


@dataclass(slots=True)
class Book:
    """Cash, positions by symbol, a margin loan, open orders."""

    cash: int
    held: dict[str, int] = field(default_factory=dict)
    loan: int = 0
    orders: list[Order] = field(default_factory=list)

    def value(self, market: Market, at: int) -> int:
        """What the positions are worth now."""
        total = 0.0
        for code, quantity in self.held.items():
            share = market.by_code[code]
            total += quantity * market.price(share, at) * market.rate(share)
        return int(total)

    def free_cash(self) -> int:
        """Cash that no open order has claimed."""
        return self.cash - sum(order.reserved for order in self.orders if order.side == "buy")

    def coming_in(self) -> int:
        """About what open sales will bring."""
        return sum(
            int((order.quantity - order.filled) * order.price * order.fx)
            for order in self.orders
            if order.side == "sell"
        )

    def free(self, code: str) -> int:
        """Units that no open order sells."""
        promised = sum(
            order.quantity - order.filled
            for order in self.orders
            if order.side == "sell" and order.share.code == code
        )
        return self.held.get(code, 0) - promised

    def admit(self, order: Order) -> None:
        """Takes an order in; a purchase for cash claims its money."""
        if order.side == "buy" and order.wrapper != "margin":
            order.reserved = int(order.quantity * order.price * order.fx * 1.01)
        self.orders.append(order)

    def close(self, order: Order) -> None:
        """Nothing more will come of it."""
        order.open, order.reserved = False, 0
        if order in self.orders:
            self.orders.remove(order)

    def fill(self, order: Order, quantity: int, price: float) -> int:
        """Executes as much of it as the account can bear; returns how much that was."""
        code, lot = order.share.code, 1
        if order.side == "sell":
            quantity = min(quantity, self.held.get(code, 0))
        elif order.wrapper != "margin" and quantity * price * order.fx > self.cash:
            lot = order.share.lot
            quantity = int(self.cash / (price * order.fx)) // lot * lot
        if quantity <= 0:
            return 0
        self._move(order, quantity, round(quantity * price * order.fx))
        order.filled += quantity
        left = order.quantity - order.filled
        order.reserved = int(order.reserved * left / (left + quantity))
        return quantity

    def _move(self, order: Order, quantity: int, amount: int) -> None:
        code = order.share.code
        if order.side == "buy":
            self.held[code] = self.held.get(code, 0) + quantity
            if order.wrapper == "margin":
                self.loan += amount
            else:
                self.cash -= amount
            return
        self.held[code] -= quantity
        if not self.held[code]:
            del self.held[code]
        repaid = min(self.loan, amount) if order.wrapper == "margin" else 0
        self.loan -= repaid
        self.cash += amount - repaid
