"""What the script replied, read into named values. Pure; knows the order in which ``plan`` asked.

Must not say what the values mean: that is ``derive``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgpack

from authshield.measure.plan import browser_and_places, order_of
from authshield.vocabulary.features import LimitHit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authshield.measure.plan import Shape
    from authshield.vocabulary.event import Event


class Entry(NamedTuple):
    """A profile entry: first and last use in milliseconds, uses, and whether trust was given. All 0: not there."""

    first: int = 0
    last: int = 0
    times: int = 0
    trusted: int = 0

    @property
    def is_seen(self) -> bool:
        """Whether the account has used it."""
        return self.first > 0

    def is_earned(self, at_ms: int, trust_ms: int) -> bool:
        """Whether it was given trust, or is old enough."""
        return self.first > 0 and (self.trusted == 1 or self.first + trust_ms <= at_ms)


NOTHING = Entry()

_SAME, _OTHER = 1, 2


@dataclass(slots=True)
class Reading:
    """One event's reply. What was not asked for stays at its default."""

    account: dict[str, Any] = field(default_factory=dict)
    session: dict[str, Any] = field(default_factory=dict)
    profile: dict[str, Entry] = field(default_factory=dict)
    orders: int = 0
    sold: int = 0
    sold_lately: int = 0
    bought: int = 0
    symbol_bought: int = 0
    unusual_value: int = 0
    unusual_buyers: int = 0
    is_unusual_buyer: bool = False
    device_accounts: int = 0
    is_other_device: bool = False
    is_place_device: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    over: list[LimitHit] = field(default_factory=list)

    def entry(self, name: str) -> Entry:
        """The profile entry of the event's own value in this field."""
        return self.profile.get(name, NOTHING)


def read(event: Event, shape: Shape, packed: bytes) -> Reading:
    """Read one segment's reply. Cost: about 10 µs."""
    reading = Reading()
    values = iter(msgpack.unpackb(packed, raw=True))
    for kind, limit_ids in shape:
        if kind == "acct":
            _read_account(reading, event, values)
        elif kind == "sess":
            reading.session = _attributes(next(values))
            reading.is_other_device = next(values) == _OTHER
        elif kind == "dev":
            reading.device_accounts = next(values)
            next(values)
        elif kind == "sym":
            reading.unusual_value = next(values)
            reading.unusual_buyers = next(values)
            reading.is_unusual_buyer = next(values) == 1
        for limit_id in limit_ids:
            count, wait = int(next(values)), int(next(values))
            reading.counts[limit_id] = count
            if wait >= 0:
                reading.over.append(LimitHit(limit_id, count, wait))
    return reading


def _read_account(reading: Reading, event: Event, values: Iterator[Any]) -> None:
    reading.account = _attributes(next(values))
    reading.is_place_device = next(values) == _SAME
    _read_entry(reading, "dev", values)
    for name, _ in browser_and_places(event):
        _read_entry(reading, name, values)
    if order_of(event) is None:
        return
    _read_entry(reading, "sym", values)
    _read_entry(reading, "mkt", values)
    reading.orders = next(values)
    next(values)
    reading.sold = next(values)
    next(values)
    reading.sold_lately = next(values)
    reading.bought = next(values)
    next(values)
    reading.symbol_bought = next(values)


def _read_entry(reading: Reading, name: str, values: Iterator[Any]) -> None:
    first = next(values)
    if first:
        reading.profile[name] = Entry(first, next(values), next(values), next(values))


def _attributes(blob: bytes) -> dict[str, Any]:
    attributes: dict[str, Any] = msgpack.unpackb(blob) if blob else {}
    return attributes
