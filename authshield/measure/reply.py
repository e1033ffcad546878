"""What the script replied, read into named values. Pure; knows how ``generate`` lays a reply out.

Must not say what the values mean: that is ``derive``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from struct import Struct
from typing import TYPE_CHECKING, Any, NamedTuple

import msgpack

from authshield.measure.generate import ACCOUNT_TTL_MS
from authshield.measure.generate_bases import NUMBERED, STEPS, WINDOWS
from authshield.measure.operands import order_of
from authshield.vocabulary.features import LimitHit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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

    def is_old(self, at_ms: int, trust_ms: int) -> bool:
        """Whether it was first used so long ago."""
        return 0 < self.first <= at_ms - trust_ms


NOTHING = Entry()

FIELDS = ("dev", "fp", "net", "asn", "cc", "br", "hr", "an", "sym", "mkt")
"""Profile fields in the order of a reply; the last two for orders only."""


class Looks(NamedTuple):
    """What is known of the looks of the event's device.

    ``kin``: 0 nothing, 1 it was seen before, 2 it is new and resembles a trusted one. ``same`` and ``other`` have a
    bit for each trait (``operands.TRAITS``) that is as it was, or is not; ``proofs`` were given by it before.
    """

    kin: int = 0
    same: int = 0
    other: int = 0
    proofs: int = 0


UNKNOWN_LOOKS = Looks()

_ENTRY = Struct(">QQIB")
_FIRST, _LAST = 0, 1
_TRADES = Struct(">Idddd")
_SYMBOL = Struct(">dHB")
_PLACES, _ALL = 8, len(FIELDS)
_LOOKS = Struct(">BHHB")
_NUMBERS = Struct(f">{len(NUMBERED)}H")
_OTHER = 2


@dataclass(slots=True)
class Reading:
    """One event's reply. What was not asked for stays at its default."""

    account: dict[str, Any] = field(default_factory=dict)
    session: dict[str, Any] = field(default_factory=dict)
    profile: dict[str, Entry] = field(default_factory=dict)
    looks: Looks = UNKNOWN_LOOKS
    numbers: dict[str, int] = field(default_factory=dict)
    buyers: bytes = b""
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


def read(event: Event, shape: Shape, replies: Sequence[bytes]) -> Reading:
    """Read the replies of an event's keys. Cost: about 5 µs."""
    reading = Reading()
    for (kind, limit_ids), reply in zip(shape, replies, strict=True):
        read_base = _BASES.get(kind)
        at = 0 if read_base is None else read_base(reading, event, reply)
        if limit_ids:
            at = _read_limits(reading, limit_ids, reply, at)
        if kind == "acct":
            reading.account = _attributes(reply, at)
        elif kind == "sess":
            # Of a session that has shown a device and no more, that is known.
            reading.session = _attributes(reply, at) or ({"dev": True} if reply[0] else {})
    return reading


def _read_session(reading: Reading, _: Event, reply: bytes) -> int:
    reading.is_other_device = reply[0] == _OTHER
    return 1


def _read_device(reading: Reading, _: Event, reply: bytes) -> int:
    reading.device_accounts = int.from_bytes(reply[:2], "big")
    return 2


def _read_symbol(reading: Reading, _: Event, reply: bytes) -> int:
    value, reading.unusual_buyers, is_buyer = _SYMBOL.unpack_from(reply)
    reading.unusual_value, reading.is_unusual_buyer = int(value), is_buyer == 1
    at = _SYMBOL.size + 1
    if reply[at - 1]:
        reading.buyers = reply[at : at + WINDOWS * STEPS]
    return at + len(reading.buyers)


def _read_account(reading: Reading, event: Event, reply: bytes) -> int:
    """The profile entries and what was traded; returns where the limits begin."""
    reading.is_place_device = reply[0] == 1
    has_order = order_of(event) is not None
    names, forgotten = FIELDS[: _ALL if has_order else _PLACES], event.at_ms - ACCOUNT_TTL_MS
    at = 1 + len(names) * _ENTRY.size
    for name, entry in zip(names, _ENTRY.iter_unpack(reply[1:at]), strict=True):
        if entry[_FIRST] and entry[_LAST] > forgotten:
            reading.profile[name] = Entry._make(entry)
    reading.looks = Looks._make(_LOOKS.unpack_from(reply, at))
    at += _LOOKS.size
    reading.numbers = dict(zip(NUMBERED, _NUMBERS.unpack_from(reply, at), strict=True))
    at += _NUMBERS.size
    if not has_order:
        return at
    reading.orders, *sums = _TRADES.unpack_from(reply, at)
    reading.sold, reading.sold_lately, reading.bought, reading.symbol_bought = map(int, sums)
    return at + _TRADES.size


def _read_limits(reading: Reading, limit_ids: tuple[str, ...], reply: bytes, at: int) -> int:
    layout = _limits(len(limit_ids))
    values = layout.unpack_from(reply, at)
    counts, waits = values[::2], values[1::2]
    reading.counts.update(zip(limit_ids, map(int, counts), strict=True))
    if max(waits) >= 0:
        reading.over += [
            LimitHit(limit_id, int(count), int(wait))
            for limit_id, count, wait in zip(limit_ids, counts, waits, strict=True)
            if wait >= 0
        ]
    return at + layout.size


_BASES: dict[str, Callable[[Reading, Event, bytes], int]] = {
    "acct": _read_account,
    "sess": _read_session,
    "dev": _read_device,
    "sym": _read_symbol,
}
"""Each reads what comes before the limits, and returns where those begin."""


@cache
def _limits(number: int) -> Struct:
    return Struct(f">{2 * number}d")


def _attributes(reply: bytes, at: int) -> dict[str, Any]:
    if len(reply) == at:
        return {}
    attributes: dict[str, Any] = msgpack.unpackb(reply[at:])
    return attributes
