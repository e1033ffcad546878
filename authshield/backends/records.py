"""The records port of a site that has not named one: nothing was added. Must not pretend to have removed anything."""

from __future__ import annotations

from datetime import datetime

from authshield.errors import GatewayError
from authshield.vocabulary.ports import AddedRecord


class NoRecords:
    """Knows of no contact, bank account or plan."""

    def added_since(self, account: str, since: datetime) -> tuple[AddedRecord, ...]:  # noqa: ARG002 - the port's words
        """None."""
        return ()

    def remove(self, account: str, reference: str, *, key: str) -> None:  # noqa: ARG002 - the port's words
        """Refuse: nothing is known here."""
        msg = (
            f"Cannot remove {reference!r} of account {account!r}: AUTHSHIELD_CUSTOMER_RECORDS names no records; "
            "set it to the dotted path of the broker's CustomerRecords"
        )
        raise GatewayError(msg, permanent=True)
