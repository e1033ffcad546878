"""The event: one thing that somebody did, as the site saw it.

Immutable, and free of Django: the live doors, the stream, the replay and the tests all speak it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from authshield.vocabulary.quick import quick

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Kind(StrEnum):
    """Kinds of event. The first eight are those of the interchange format; the rest are live only."""

    LOGIN = "login"
    ORDER = "order"
    ORDER_CHANGE = "order_change"
    FILL = "fill"
    WITHDRAWAL = "withdrawal"
    PROFILE_CHANGE = "profile_change"
    REQUEST = "request"
    LOGOUT = "logout"
    FACTOR_ATTEMPT = "factor_attempt"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a kind of event


HOLDABLE = frozenset({Kind.ORDER, Kind.ORDER_CHANGE, Kind.WITHDRAWAL, Kind.PROFILE_CHANGE})
"""Kinds that can wait for a person; for every other kind a hold becomes its stricter neighbour."""


@quick
@dataclass(frozen=True, slots=True)
class Client:
    """Where the event came from and what the browser said of itself.

    ``browser`` is family and system without versions, such as "Chrome/Windows".
    """

    ip: str
    user_agent: str = ""
    accept_language: str = ""
    sec_ch_ua: str = ""
    sec_ch_ua_platform: str = ""
    sec_ch_ua_mobile: str = ""
    ja4: str = ""
    browser: str = ""


@quick
@dataclass(frozen=True, slots=True)
class DeviceSeen:
    """The device as it presented itself.

    ``id`` is the verified id from the device cookie, None where no valid cookie came. ``proof`` is
    "valid", "invalid" or "" (none offered). ``fingerprint`` holds short strings. ``key`` is the keyed hash of
    the id under which the desk sees the device; recorded events have none. ``is_bound`` says that the session is
    bound to the device's key, ``is_held`` that the cookie came which the browser itself keeps alive (device bound
    session credentials).
    """

    id: str | None = None
    proof: str = ""
    fingerprint: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    is_bound: bool = False
    is_held: bool = False


@quick
@dataclass(frozen=True, slots=True)
class Network:
    """What is known of the address. Unknown is 0, "" or None, never a guess."""

    asn: int = 0
    country: str = ""
    lat: float | None = None
    lon: float | None = None
    radius_km: float = 0.0
    kind: str = ""


@quick
@dataclass(frozen=True, slots=True)
class Login:
    """A sign-in. Before the password is checked, ``succeeded`` is the hypothesis that it is right."""

    succeeded: bool
    method: str = "password"
    is_staff: bool = False


@quick
@dataclass(frozen=True, slots=True)
class Instrument:
    """The traded thing; amounts in minor units of the base currency, None where unknown."""

    adv_minor: int | None = None
    market_cap_minor: int | None = None


@quick
@dataclass(frozen=True, slots=True)
class Portfolio:
    """The account as it was just before the order; amounts in minor units of the base currency."""

    cash_minor: int = 0
    positions_value_minor: int = 0
    position_quantity: Decimal = Decimal(0)
    positions: int = 0

    @property
    def total_minor(self) -> int:
        """Cash and positions together."""
        return self.cash_minor + self.positions_value_minor


@quick
@dataclass(frozen=True, slots=True)
class Order:
    """A new order. ``value_minor`` is quantity x price x fx in minor units of the base currency."""

    symbol: str
    side: str
    quantity: Decimal
    price: Decimal
    value_minor: int
    market: str = ""
    currency: str = "JPY"
    type: str = "market"
    order_id: str = ""
    account_type: str = ""
    queued: bool = False
    instrument: Instrument = field(default_factory=Instrument)
    portfolio: Portfolio = field(default_factory=Portfolio)


@quick
@dataclass(frozen=True, slots=True)
class OrderChange:
    """A cancel or an amend. ``order`` is the order as it would be after an amend, None where unknown."""

    order_id: str
    change: str
    order: Order | None = None
    previous_value_minor: int = 0


@quick
@dataclass(frozen=True, slots=True)
class Fill:
    """An execution of an order."""

    order_id: str
    quantity: Decimal
    price: Decimal


@quick
@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Money that is to leave, in minor units of the base currency.

    ``destination`` names the bank account it goes to; limits count by its keyed hash, and nothing else keeps it.
    """

    value_minor: int
    currency: str = "JPY"
    destination_age_days: float = 0.0
    total_minor: int = 0
    destination: str = ""


@quick
@dataclass(frozen=True, slots=True)
class ProfileChange:
    """A change of contact data, bank account, password or factors.

    ``is_first`` says that it enrols the account's first strong factor.
    """

    field: str
    is_first: bool = False


@quick
@dataclass(frozen=True, slots=True)
class PageRequest:
    """Any other page of a signed-in session.

    ``act`` is what it does in the words of ``assurance.Act``, where it does more than show something.
    """

    path: str
    act: str = ""


Subject = Login | Order | OrderChange | Fill | Withdrawal | ProfileChange | PageRequest | None


@quick
@dataclass(frozen=True, slots=True)
class Who:
    """Whose event it is: account, signed-in session, and the name as typed at a sign-in."""

    account: str | None = None
    session: str | None = None
    username: str = ""


@quick
@dataclass(frozen=True, slots=True)
class Event:
    """One thing that somebody did.

    ``account`` is the broker's stable account id (None where no such account exists), ``session`` an
    opaque id that is the same for all events of one signed-in session, ``at`` aware and UTC. ``proof`` names the very
    proof that came with it, so that the store sees whether it came before; ``cookie`` has generation and mark of the
    device cookie in 16 hex digits: of two copies one grows old.
    """

    id: str
    at: datetime
    kind: Kind
    account: str | None
    session: str | None
    client: Client
    device: DeviceSeen = field(default_factory=DeviceSeen)
    network: Network = field(default_factory=Network)
    subject: Subject = None
    username: str = ""
    proof: str = ""
    cookie: str = ""

    @property
    def at_ms(self) -> int:
        """Milliseconds since the epoch."""
        return _milliseconds(self.at)


@lru_cache(maxsize=64)
def _milliseconds(at: datetime) -> int:
    """Asked for some times in a row."""
    return round(at.timestamp() * 1000)
