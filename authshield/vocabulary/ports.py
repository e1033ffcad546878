"""Ports: what AuthShield asks of the broker's systems. Each is chosen by a dotted path in the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from authshield.vocabulary.event import Network
    from authshield.vocabulary.operation import Operation


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order that is not finished yet, in the broker's books."""

    reference: str
    symbol: str
    side: str
    session: str
    state: str
    placed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AddedRecord:
    """Something of the customer's data that came since a moment. ``text`` names it to the customer and the desk.

    ``kind`` is contact, bank_account, plan (what buys or pays by itself) or api_key.
    """

    kind: str
    reference: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Prompt:
    """Something waits for a customer's other devices. It says neither what nor the number that is to be entered.

    ``devices`` are keyed hashes of the device ids that may confirm it: a push goes to subscriptions of these alone.
    ``path`` is the page of this site that shows it, ``subject`` and ``text`` are in the customer's language.
    """

    account: str
    devices: tuple[str, ...]
    path: str
    subject: str
    text: str
    expires_at: datetime


class OrderGateway(Protocol):
    """The broker's books. Every call is idempotent by ``key``: a repeated call changes nothing more.

    Raises ``GatewayError`` (``permanent`` says whether another try makes sense).
    """

    def hold(self, operation: Operation, *, session: str, key: str) -> str:
        """Enter an operation as waiting, without effect. Returns the broker's reference."""

    def release(self, account: str, reference: str, *, key: str) -> None:
        """Execute a waiting operation."""

    def cancel(self, account: str, reference: str, *, reason: str, key: str) -> None:
        """Cancel a waiting operation or an open order."""

    def suspend(self, account: str, reference: str, *, reason: str, key: str) -> None:
        """Turn an open order into a waiting one."""

    def open_orders(self, account: str) -> Sequence[OpenOrder]:
        """All orders of the account that could still be executed."""


class CustomerRecords(Protocol):
    """The broker's records of a customer, as far as a takeover may have added to them."""

    def added_since(self, account: str, since: datetime) -> Sequence[AddedRecord]:
        """What was added at that time or later and is still in force."""

    def remove(self, account: str, reference: str, *, key: str) -> None:
        """Take it out of force; what it replaced counts again. Idempotent by ``key``; raises ``GatewayError``."""


class SessionEnder(Protocol):
    """Ends sign-in sessions in whatever store the site keeps them."""

    def end(self, session_key: str) -> None:
        """Make the session unusable on every web node at once."""


class GeoLocator(Protocol):
    """Looks an address up in local data, without a network call."""

    def locate(self, ip: str) -> Network:
        """What is known of the address; unknown fields stay unknown."""


class Notifier(Protocol):
    """Tells a customer something."""

    def notify(self, *, address: str, subject: str, text: str) -> None:
        """Send one message; raises ``GatewayError`` when it could not be handed over."""


class DevicePrompter(Protocol):
    """Tells a customer's trusted devices that something waits there, such as by web push."""

    def prompt(self, prompt: Prompt) -> None:
        """Hand one prompt over; raises ``GatewayError`` when that could not be done."""
