"""Count an event and learn all that is known of it, in one round trip.

Must not judge: that is ``judge``. Must not raise for a store that does not answer: the Features say so.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgpack

from authshield.errors import StoreUnavailable
from authshield.measure.derive import Context, derive, without_store
from authshield.measure.journal import seen_entry
from authshield.measure.plan import plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from authshield.measure.plan import Program, RulesetLike
    from authshield.measure.store import Store
    from authshield.vocabulary.event import Event
    from authshield.vocabulary.features import Features

Segment = tuple["Sequence[str]", bytes]
"""The keys of one event's programs, and the programs as the script reads them."""


def measure(
    event: Event, ruleset: RulesetLike, store: Store, *, stream: bool = True, durable: bool = True
) -> Features:
    """Count this event by every limit and read all facts; with ``stream`` also hand it to the workers.

    Windows are right-open and sliding; counts include this event; an event measured twice counts once.
    ``durable`` False: no account is ever cold, for a replay that has no durable copy. Cost: 1 round trip.
    """
    return measure_after(None, event, ruleset, store, stream=stream, durable=durable)


def measure_after(
    before: Segment | None,
    event: Event,
    ruleset: RulesetLike,
    store: Store,
    *,
    stream: bool = True,
    durable: bool = True,
) -> Features:
    """``measure``, with what settles an earlier event in the same round trip, ahead of it."""
    parameters = ruleset.source.parameters
    context = Context.of(parameters, store.market_time_zone)
    planned = plan(event, ruleset.limits_for(event.kind), parameters, store.keys)
    entry = seen_entry(event, planned.shape, context, store.stream_length) if stream else None
    body = pack_segment(event.at_ms, store.keys.tag("event", event.id), planned.programs, entry)
    keys, segments = planned.keys, [body]
    if before is not None:
        keys, segments = [*before[0], *keys], [before[1], body]
    began = time.perf_counter()
    try:
        reply = store.run_segments(keys, segments)[-1]
    except StoreUnavailable:
        return without_store(event, context, milliseconds=(time.perf_counter() - began) * 1000)
    waited = (time.perf_counter() - began) * 1000
    return derive(event, planned.shape, reply, context, durable=durable, milliseconds=waited)


def pack_segment(
    now_ms: int, tag: int, programs: Sequence[Program], entry: list[object] | None = None
) -> bytes:
    """One event's programs as the script reads them. ``tag`` marks what the event counted."""
    segment: list[object] = [now_ms, tag, programs]
    if entry is not None:
        segment.append(entry)
    packed: bytes = msgpack.packb(segment, use_bin_type=False)
    return packed
