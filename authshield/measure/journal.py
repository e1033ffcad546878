"""Entries of the scoring stream, packed and read: what was seen, and how it was settled.

A Seen entry holds the event, how its reply is to be read, and (put in by the script) the reply itself, so that a
worker derives the very Features that the request had. Must not talk to Redis: that is ``stream``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgpack

from authshield.measure.derive import Context, derive
from authshield.vocabulary import codec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from authshield.measure.plan import Shape
    from authshield.vocabulary.decision import Decision, Outcome
    from authshield.vocabulary.event import Event
    from authshield.vocabulary.features import Features

SEEN, SETTLED = "seen", "settled"


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


def seen_entry(event: Event, shape: Shape, context: Context, length: int) -> list[object]:
    """The entry of a measured event, as the script takes it."""
    blob = msgpack.packb(codec.event_to_plain(event)) + _packed_shape(shape, context)
    return [SEEN, blob, length]


def settled_entry(
    event: Event,
    decision: Decision,
    outcome: Outcome,
    extra: Mapping[str, str],
    *,
    trust: bool,
    length: int,
) -> list[object]:
    """The entry of a settled event, as the script takes it."""
    plain = [
        codec.event_to_plain(event),
        codec.decision_to_plain(decision),
        codec.outcome_to_plain(outcome),
        dict(extra),
        trust,
    ]
    return [SETTLED, msgpack.packb(plain), length]


def read_entry(entry_id: str, fields: Mapping[bytes, bytes]) -> Entry:
    """The entry behind a stream's fields."""
    if fields[b"k"] == SETTLED.encode():
        event, decision, outcome, extra, trust = msgpack.unpackb(fields[b"b"])
        return Settled(
            entry_id,
            codec.event_from_plain(event),
            codec.decision_from_plain(decision),
            codec.outcome_from_plain(outcome),
            extra,
            trust,
        )
    unpacker = msgpack.Unpacker()
    unpacker.feed(fields[b"b"])
    event = codec.event_from_plain(unpacker.unpack())
    rows, context = unpacker.unpack()
    shape: Shape = tuple((kind, tuple(limit_ids)) for kind, limit_ids in rows)
    return Seen(entry_id, event, derive(event, shape, fields[b"r"], Context(*context)))


@lru_cache(maxsize=1024)
def _packed_shape(shape: Shape, context: Context) -> bytes:
    packed: Any = msgpack.packb([shape, context])
    return bytes(packed)
