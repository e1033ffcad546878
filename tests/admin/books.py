"""A broker's books in memory, for the desk's tests: orders that are open, and what was asked of them."""

from __future__ import annotations

from collections.abc import Sequence

from authshield.errors import GatewayError
from authshield.vocabulary.operation import Operation
from authshield.vocabulary.ports import OpenOrder

OPEN = [
    OpenOrder("B-1", "6613", "buy", "sid-1", "accepted"),
    OpenOrder("B-2", "7203", "sell", "sid-2", "accepted"),
]


class Books:
    """An ``OrderGateway`` that remembers its calls."""

    calls: list[tuple[str, str]] = []

    def hold(self, operation: Operation, *, session: str, key: str) -> str:
        """Enter nothing."""
        del operation, session, key
        return "B-9"

    def release(self, account: str, reference: str, *, key: str) -> None:
        """Remember it."""
        del account, key
        self.calls.append(("release", reference))

    def cancel(self, account: str, reference: str, *, reason: str, key: str) -> None:
        """Remember it."""
        del account, reason, key
        self.calls.append(("cancel", reference))

    def suspend(self, account: str, reference: str, *, reason: str, key: str) -> None:
        """Remember it."""
        del account, reason, key
        self.calls.append(("suspend", reference))

    def open_orders(self, account: str) -> Sequence[OpenOrder]:
        """The two."""
        del account
        return OPEN


class ClosedBooks(Books):
    """Books that do not answer."""

    def release(self, account: str, reference: str, *, key: str) -> None:
        """Refuse."""
        raise GatewayError(f"release {reference} of {account} ({key}): the books do not answer")

    def suspend(self, account: str, reference: str, *, reason: str, key: str) -> None:
        """Refuse."""
        raise GatewayError(f"suspend {reference} of {account} ({reason}, {key}): the books do not answer")

    def open_orders(self, account: str) -> Sequence[OpenOrder]:
        """Refuse."""
        raise GatewayError(f"open orders of {account}: the books do not answer")
