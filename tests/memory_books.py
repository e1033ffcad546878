"""The broker's books in memory: an order port for tests that need no demo site. Idempotent by key."""

from __future__ import annotations

from collections.abc import Sequence

from authshield.errors import GatewayError
from authshield.vocabulary.operation import Operation
from authshield.vocabulary.ports import OpenOrder

PATH = "tests.memory_books.MemoryBooks"


class MemoryBooks:
    """``waiting``, ``executed`` and ``cancelled`` hold references; ``is_closed`` makes every call fail."""

    def __init__(self) -> None:
        self.waiting: dict[str, Operation] = {}
        self.executed: list[str] = []
        self.cancelled: list[str] = []
        self.keys: set[str] = set()
        self.is_closed = False

    def hold(self, operation: Operation, *, session: str, key: str) -> str:
        """Enter an operation as waiting."""
        self._check()
        reference = f"O-{session}-{len(self.waiting)}"
        self.keys.add(key)
        self.waiting[reference] = operation
        return reference

    def release(self, account: str, reference: str, *, key: str) -> None:
        """Execute a waiting operation, once."""
        self._check()
        if key not in self.keys and self.waiting[reference].account == account:
            self.keys.add(key)
            self.executed.append(reference)

    def cancel(self, account: str, reference: str, *, reason: str, key: str) -> None:
        """Cancel a waiting operation."""
        self._check()
        if key not in self.keys and reason and self.waiting[reference].account == account:
            self.keys.add(key)
            self.cancelled.append(reference)

    def suspend(self, account: str, reference: str, *, reason: str, key: str) -> None:
        """Nothing is ever open here."""
        raise GatewayError(f"order {reference} of {account} is not open ({reason}, {key})", permanent=True)

    def open_orders(self, account: str) -> Sequence[OpenOrder]:
        """Nothing is ever open here."""
        del account
        return ()

    def _check(self) -> None:
        if self.is_closed:
            raise GatewayError("the books do not answer: try again")
