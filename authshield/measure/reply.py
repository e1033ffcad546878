"""What the script replied, read into named values. Pure; knows how ``generate`` lays a reply out.

Must not say what the values mean: that is ``derive``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING, Any, NamedTuple

import msgpack

from authshield.measure.generate import ACCOUNT_TTL_MS
from authshield.measure.generate_bases import NUMBERED, STEPS, WINDOWS
from authshield.measure.operands import order_of
from authshield.vocabulary.features import LimitHit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

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

FIELDS = ("dev", "fp", "ip", "net", "asn", "cc", "br", "hr", "an", "sym", "mkt")
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
_DEVICE = Struct(">HBB")
_PLACES, _ALL = 9, len(FIELDS)
_LOOKS = Struct(">BHHB")
_NUMBERS = Struct(f">{len(NUMBERED)}H")
_OTHER = 2
_SHOWN = 6
"""Where a session's reply says whether the device is its own, after the time at which it was seen before."""

_STARTS = {name: 1 + place * _ENTRY.size for place, name in enumerate(FIELDS)}
_KEPT = 1024
VELOCITY = "velocity."
"""How the fact that holds a limit's count begins."""


@dataclass(slots=True)
class Reading:
    """One event's reply. What was not asked for stays at its default."""

    account: Mapping[str, Any] = field(default_factory=dict)
    session: Mapping[str, Any] = field(default_factory=dict)
    profile: dict[str, Entry] = field(default_factory=dict)
    entries: bytes = b""
    forgotten_ms: int = 0
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
    has_double: bool = False
    is_proof_used: bool = False
    is_other_device: bool = False
    seen_before_ms: int = 0
    is_place_device: bool = False
    velocity: dict[str, int] = field(default_factory=dict)
    over: tuple[LimitHit, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """What each limit has counted, by its id; ``velocity`` has it by the name of its fact."""
        return {name.removeprefix(VELOCITY): count for name, count in self.velocity.items()}

    def entry(self, name: str) -> Entry:
        """The profile entry of the event's own value in this field, read from ``entries`` when it is asked for."""
        found = self.profile.get(name)
        if found is None:
            found = self.profile[name] = self._read_entry(_STARTS[name])
        return found

    def _read_entry(self, start: int) -> Entry:
        if start >= len(self.entries):
            return NOTHING
        values = _ENTRY.unpack_from(self.entries, start)
        return Entry._make(values) if values[_FIRST] and values[_LAST] > self.forgotten_ms else NOTHING


def read(event: Event, shape: Shape, replies: Sequence[bytes]) -> Reading:
    """Read the replies of an event's keys. Cost: about 5 µs."""
    reading, layout = Reading(), _layout(shape)
    told: list[float] = []
    for part, reply in zip(layout.parts, replies, strict=True):
        kind, read_base, limits = part
        at = 0 if read_base is None else read_base(reading, event, reply)
        if limits is not None:
            told += limits.unpack_from(reply, at)
            at += limits.size
        if kind == "acct":
            reading.account = _attributes(reply[at:])
        elif kind == "sess":
            # Of a session that has shown a device and no more, that is known.
            reading.session = _attributes(reply[at:]) or ({"dev": True} if reply[_SHOWN] else {})
    if told:
        reading.velocity = dict(zip(layout.names, map(int, told[::2]), strict=True))
        if max(told[1::2]) >= 0:
            reading.over = tuple(_hits(layout.names, told))
    return reading


def _hits(names: Sequence[str], told: Sequence[float]) -> Iterator[LimitHit]:
    for name, count, wait in zip(names, told[::2], told[1::2], strict=True):
        if wait >= 0:
            yield LimitHit(name.removeprefix(VELOCITY), int(count), int(wait))


class _Part(NamedTuple):
    """One key's reply: its kind of entity, what reads its base, and how many limits follow it."""

    kind: str
    read_base: Callable[[Reading, Event, bytes], int] | None
    limits: Struct | None


class _Layout(NamedTuple):
    """How a shape is read; ``names`` are the facts that all its limits' counts become."""

    parts: tuple[_Part, ...]
    names: tuple[str, ...]


_layouts: dict[int, tuple[Shape, _Layout]] = {}


def _layout(shape: Shape) -> _Layout:
    """Kept by the shape's identity, which the entry itself keeps from reuse, and by its value."""
    kept = _layouts.get(id(shape))
    if kept is None or kept[0] is not shape:
        if len(_layouts) >= _KEPT:
            _layouts.clear()
        kept = _layouts[id(shape)] = shape, _laid_out(shape)
    return kept[1]


@lru_cache(maxsize=_KEPT)
def _laid_out(shape: Shape) -> _Layout:
    parts = (
        _Part(kind, _BASES.get(kind), Struct(f">{2 * len(ids)}d") if ids else None) for kind, ids in shape
    )
    return _Layout(tuple(parts), tuple(VELOCITY + one for _, ids in shape for one in ids))


def _read_session(reading: Reading, _: Event, reply: bytes) -> int:
    reading.seen_before_ms = int.from_bytes(reply[:_SHOWN], "big")
    reading.is_other_device = reply[_SHOWN] == _OTHER
    return _SHOWN + 1


def _read_device(reading: Reading, _: Event, reply: bytes) -> int:
    reading.device_accounts, has_double, is_used = _DEVICE.unpack_from(reply)
    reading.has_double, reading.is_proof_used = has_double == 1, is_used == 1
    return _DEVICE.size


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
    at = 1 + (_ALL if has_order else _PLACES) * _ENTRY.size
    reading.entries, reading.forgotten_ms = reply[:at], event.at_ms - ACCOUNT_TTL_MS
    reading.looks = Looks._make(_LOOKS.unpack_from(reply, at))
    at += _LOOKS.size
    reading.numbers = dict(zip(NUMBERED, _NUMBERS.unpack_from(reply, at), strict=True))
    at += _NUMBERS.size
    if not has_order:
        return at
    reading.orders, *sums = _TRADES.unpack_from(reply, at)
    reading.sold, reading.sold_lately, reading.bought, reading.symbol_bought = map(int, sums)
    return at + _TRADES.size


_BASES: dict[str, Callable[[Reading, Event, bytes], int]] = {
    "acct": _read_account,
    "sess": _read_session,
    "dev": _read_device,
    "sym": _read_symbol,
}
"""Each reads what comes before the limits, and returns where those begin."""


@lru_cache(maxsize=2048)
def _attributes(packed: bytes) -> Mapping[str, Any]:
    """Between two events of a session they often stay as they are. Not to be changed."""
    attributes: dict[str, Any] = msgpack.unpackb(packed) if packed else {}
    return attributes
