"""The order port of a site that has not named one: an empty set of books. Must not pretend to have acted."""

from __future__ import annotations

from typing import NoReturn

from authshield.errors import GatewayError
from authshield.vocabulary.operation import Operation
from authshield.vocabulary.ports import OpenOrder


class NoBooks:
    """Holds nothing and knows no order, so that a held operation simply does not happen."""

    def hold(self, operation: Operation, *, session: str, key: str) -> str:  # noqa: ARG002 - the port's words
        """Enter nothing; there is no reference."""
        return ""

    def release(self, account: str, reference: str, *, key: str) -> None:  # noqa: ARG002 - the port's words
        """Refuse: nothing waits here."""
        _refuse("release", account, reference)

    def cancel(self, account: str, reference: str, *, reason: str, key: str) -> None:  # noqa: ARG002
        """Refuse: nothing waits here."""
        _refuse("cancel", account, reference)

    def suspend(self, account: str, reference: str, *, reason: str, key: str) -> None:  # noqa: ARG002
        """Refuse: nothing is open here."""
        _refuse("suspend", account, reference)

    def open_orders(self, account: str) -> tuple[OpenOrder, ...]:  # noqa: ARG002 - the port's words
        """None."""
        return ()


def _refuse(verb: str, account: str, reference: str) -> NoReturn:
    msg = (
        f"Cannot {verb} order {reference!r} of account {account!r}: AUTHSHIELD_ORDER_GATEWAY names no books; "
        "set it to the dotted path of the broker's OrderGateway"
    )
    raise GatewayError(msg, permanent=True)
