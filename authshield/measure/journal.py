"""Entries of the scoring stream, packed and read: what was seen, and how it was settled.

A Seen entry holds the event, how its reply is to be read, and (put in by the script) the reply itself, so that a
worker derives the very Features that the request had. Must not talk to Redis: that is ``stream``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgpack

from authshield.measure.derive import Context, derive
from authshield.measure.packing import pack
from authshield.vocabulary import codec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from authshield.measure.lessons import Settlement
    from authshield.measure.plan import Plan, Shape
    from authshield.measure.visitor import Visitor
    from authshield.vocabulary.decision import Decision, Outcome
    from authshield.vocabulary.event import Event
    from authshield.vocabulary.features import Features

SEEN, SETTLED = b"seen", b"settled"


@dataclass(frozen=True, slots=True)
class Seen:
    """An event that was measured. ``entry_id`` is its place in the stream."""

    entry_id: str
    event: Event
    features: Features

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.event.at


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of an event. ``extra`` is what the door added, such as the record of a new session."""

    entry_id: str
    event: Event
    decision: Decision
    outcome: Outcome
    extra: Mapping[str, str]
    trust: bool = False

    @property
    def at(self) -> datetime:
        """When the event happened."""
        return self.event.at


Entry = Seen | Settled

StreamEntry = tuple[bytes, bytes, bytes]
"""What a script adds to the stream: mark, blob, longest length."""


def seen_entry(event: Event, plan: Plan, context: Context, length: int) -> StreamEntry:
    """The entry of a measured event, as the script takes it."""
    return SEEN, _packed(event, plan.visitor) + _shape_of(plan, context), b"%d" % length


def settled_entry(event: Event, visitor: Visitor, settlement: Settlement, length: int) -> StreamEntry:
    """The entry of a settled event, as the script takes it."""
    plain = [
        codec.decision_to_plain(settlement.decision),
        codec.outcome_to_plain(settlement.outcome),
        dict(settlement.extra),
        settlement.trust,
    ]
    return SETTLED, _packed(event, visitor) + pack(plain), b"%d" % length


def read_entry(entry_id: str, fields: Mapping[bytes, bytes]) -> Entry:
    """The entry behind a stream's fields."""
    unpacker = msgpack.Unpacker()
    unpacker.feed(fields[b"b"])
    event = codec.event_from_plain(unpacker.unpack())
    if fields[b"k"] == SETTLED:
        decision, outcome, extra, trust = unpacker.unpack()
        return Settled(
            entry_id,
            event,
            codec.decision_from_plain(decision),
            codec.outcome_from_plain(outcome),
            extra,
            trust,
        )
    rows, context = unpacker.unpack()
    shape: Shape = tuple((kind, tuple(limit_ids)) for kind, limit_ids in rows)
    return Seen(
        entry_id, event, derive(event, shape, msgpack.unpackb(fields[b"r"], raw=True), Context(*context))
    )


_last: tuple[Event, bytes] | None = None
_VISITORS_FIELDS = 3


def _packed(event: Event, visitor: Visitor) -> bytes:
    """The event as its entries begin: one map, of which the visitor's part is packed already.

    It is packed twice in a row, seen and settled, so the last one is kept.
    """
    global _last  # noqa: PLW0603 - one slot, read and replaced whole: threads can only miss it
    last = _last
    if last is not None and last[0] is event:
        return last[1]
    occasion = codec.occasion_to_plain(event)
    head = _MAPS[len(occasion) + _VISITORS_FIELDS]
    packed = head + pack(occasion)[1:] + visitor.packed
    _last = event, packed
    return packed


_MAPS = tuple(bytes([0x80 + fields]) for fields in range(16))
"""How a map of so many entries begins in msgpack."""


_shapes: dict[tuple[int, Context], tuple[Shape, bytes]] = {}
_KEPT_SHAPES = 1024


def _shape_of(plan: Plan, context: Context) -> bytes:
    """Kept by the shape's identity, which the entry itself keeps from reuse: there are few."""
    shape = plan.shape
    kept = _shapes.get((id(shape), context))
    if kept is None:
        if len(_shapes) >= _KEPT_SHAPES:
            _shapes.clear()
        kept = _shapes[id(shape), context] = shape, pack([shape, context])
    return kept[1]
