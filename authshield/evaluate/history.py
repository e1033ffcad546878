"""Plain features of sign-ins and orders, as anybody would compute them from a file: food for the isolation forest.

They come from the recorded events alone, not from our models. Must not look at labels, but for what the caller says
is not to be learnt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_network
from math import asin, cos, log, log1p, radians, sin, sqrt

from authshield.vocabulary.event import Event, Network, Order, Withdrawal

NEVER_HOURS = 24.0 * 365
SIGN_IN_FIGURES = 18
_EARTH_KM = 6371.0
_DAY_SECONDS = 86_400.0
_HOURS = 24

Row = tuple[float, ...]


@dataclass(slots=True)
class _Account:
    values: set[Hashable] = field(default_factory=set)
    hours: Counter[int] = field(default_factory=Counter)
    sign_ins: int = 0
    last_at: datetime | None = None
    last_at_place: Network | None = None
    failures: int = 0
    symbols: set[Hashable] = field(default_factory=set)
    sold: list[tuple[datetime, int]] = field(default_factory=list)
    bought: list[tuple[datetime, int]] = field(default_factory=list)


@dataclass(slots=True)
class History:
    """What came before, by account and for all."""

    accounts: dict[str, _Account] = field(default_factory=dict)
    everybody: Counter[Hashable] = field(default_factory=Counter)
    sign_ins: int = 0

    def failed(self, event: Event) -> None:
        """A wrong password."""
        self._of(event).failures += 1

    def sign_in(self, event: Event) -> Row:
        """A sign-in with the right password, in figures."""
        own, network = self._of(event), event.network
        values = _values(event)
        fresh = [float(value not in own.values) for value in values]
        hour = event.at.hour
        near = sum(own.hours[(hour + step) % _HOURS] for step in (-1, 0, 1))
        hours_since = (event.at - own.last_at).total_seconds() / 3600 if own.last_at else NEVER_HOURS
        return (
            *fresh,
            *(log((self.sign_ins + 1) / (self.everybody[value] + 1)) for value in values[1:]),
            log1p(hours_since),
            log1p(own.sign_ins),
            log1p(own.failures),
            log((own.sign_ins + 3) / (near + 1)),
            log1p(_kilometres(own.last_at_place, network)),
            float(network.kind in {"hosting", "anonymizer"}),
            float(event.device.proof == "invalid"),
        )

    def learn(self, event: Event) -> None:
        """Take a sign-in into the history."""
        own = self._of(event)
        values = _values(event)
        own.values.update(values)
        own.hours[event.at.hour] += 1
        own.sign_ins += 1
        own.last_at, own.last_at_place, own.failures = event.at, event.network, 0
        self.everybody.update(values[1:])
        self.sign_ins += 1

    def order(self, event: Event, subject: Order | Withdrawal, signed_in_at: datetime | None) -> Row:
        """An order or a withdrawal in figures; it is learnt at once, as the broker's books would know it."""
        own = self._of(event)
        sold, bought = _last_day(own.sold, event.at), _last_day(own.bought, event.at)
        since = (event.at - signed_in_at).total_seconds() if signed_in_at else _DAY_SECONDS
        if isinstance(subject, Withdrawal):
            shares = _shares(subject.value_minor, subject.total_minor, sold, bought)
            return (0.0, log1p(subject.value_minor), *shares, 0.0, 0.0, 1.0, log1p(max(since, 0)), 1.0)
        adv = subject.instrument.adv_minor or 0
        new = (float(subject.symbol not in own.symbols), float(("market", subject.market) not in own.symbols))
        row = (
            1.0 if subject.side == "buy" else -1.0,
            log1p(subject.value_minor),
            *_shares(subject.value_minor, subject.portfolio.total_minor, sold, bought),
            log1p(adv),
            min(subject.value_minor / adv, 10.0) if adv else 0.0,
            new[0],
            log1p(max(since, 0)),
            new[1],
        )
        own.symbols.update((subject.symbol, ("market", subject.market)))
        (own.bought if subject.side == "buy" else own.sold).append((event.at, subject.value_minor))
        return row

    def _of(self, event: Event) -> _Account:
        return self.accounts.setdefault(event.account or "", _Account())


def _values(event: Event) -> tuple[Hashable, ...]:
    """Device, address block, carrier, country, browser, fingerprint; each with its name."""
    fingerprint = tuple(sorted(event.device.fingerprint.items()))
    return (
        ("device", event.device.id),
        ("block", _block(event.client.ip)),
        ("carrier", event.network.asn),
        ("country", event.network.country),
        ("browser", event.client.browser),
        ("fingerprint", hash(fingerprint)),
    )


def _block(ip: str) -> str:
    return str(ip_network(f"{ip}/{48 if ':' in ip else 24}", strict=False))


def _last_day(orders: list[tuple[datetime, int]], now: datetime) -> int:
    while orders and (now - orders[0][0]).total_seconds() > _DAY_SECONDS:
        del orders[0]
    return sum(value for _, value in orders)


def _shares(value: int, total: int, sold: int, bought: int) -> Row:
    """The order, the day's sales and the day's purchases as shares; purchases of what was sold."""
    whole = max(total, 1)
    return (min(value / whole, 2.0), min(sold / whole, 2.0), min(bought / max(sold, whole, 1), 2.0))


def _kilometres(before: Network | None, now: Network) -> float:
    if before is None or before.lat is None or before.lon is None or now.lat is None or now.lon is None:
        return 0.0
    here, there = radians(before.lat), radians(now.lat)
    half = sin((there - here) / 2) ** 2 + cos(here) * cos(there) * sin(radians(now.lon - before.lon) / 2) ** 2
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(half)))
