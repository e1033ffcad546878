"""Books in memory that hold open orders: an order port for tests of containment. Idempotent by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from authshield.errors import GatewayError
from authshield.vocabulary.operation import Operation
from authshield.vocabulary.ports import OpenOrder

PATH = "tests.open_books.OpenBooks"


class OpenBooks:
    """``orders`` by reference; ``failing`` are references that cannot be changed now; ``calls`` count effects."""

    def __init__(self) -> None:
        self.orders: dict[str, OpenOrder] = {}
        self.failing: set[str] = set()
        self.is_permanent = False
        self.calls: list[str] = []
        self.keys: set[str] = set()

    def place(self, reference: str, session: str, state: str = "accepted") -> None:
        """Somebody placed an order."""
        self.orders[reference] = OpenOrder(reference, "7992", "buy", session, state)

    def hold(self, operation: Operation, *, session: str, key: str) -> str:
        """Enter an operation as waiting."""
        self.place(key, session, "held")
        return key if operation.account else ""

    def release(self, account: str, reference: str, *, key: str) -> None:
        """Execute a waiting operation."""
        self._change(account, reference, "filled", key)

    def cancel(self, account: str, reference: str, *, reason: str, key: str) -> None:
        """Cancel."""
        self._change(account, reference, "cancelled", key + reason[:0])

    def suspend(self, account: str, reference: str, *, reason: str, key: str) -> None:
        """Make it wait."""
        self._change(account, reference, "held", key + reason[:0])

    def open_orders(self, account: str) -> Sequence[OpenOrder]:
        """What could still be executed."""
        return [order for order in self.orders.values() if account and order.state in {"accepted", "held"}]

    def _change(self, account: str, reference: str, state: str, key: str) -> None:
        if reference in self.failing:
            raise GatewayError(f"{reference} of {account} is busy", permanent=self.is_permanent)
        if key not in self.keys:
            self.keys.add(key)
            self.calls.append(f"{state} {reference}")
            self.orders[reference] = replace(self.orders[reference], state=state)
