"""Count an event and learn all that is known of it, in one round trip.

Must not judge: that is ``judge``. Must not raise for a store that does not answer: the Features say so.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from authshield.errors import StoreUnavailable
from authshield.measure.derive import Context, derive, without_store
from authshield.measure.journal import seen_entry
from authshield.measure.keys import shard_of
from authshield.measure.plan import plan

if TYPE_CHECKING:
    from authshield.measure.calls import Call
    from authshield.measure.plan import RulesetLike, Shape
    from authshield.measure.store import Store
    from authshield.vocabulary.event import Event
    from authshield.vocabulary.features import Features


def measure(
    event: Event, ruleset: RulesetLike, store: Store, *, stream: bool = True, durable: bool = True
) -> Features:
    """Count this event by every limit and read all facts; with ``stream`` also hand it to the workers.

    Windows are right-open and sliding; counts include this event; an event measured twice counts once.
    ``durable`` False: no account is ever cold, for a replay that has no durable copy. Cost: 1 round trip.
    """
    return measure_after(None, event, ruleset, store, stream=stream, durable=durable)


def measure_after(
    before: Call | None,
    event: Event,
    ruleset: RulesetLike,
    store: Store,
    *,
    stream: bool = True,
    durable: bool = True,
) -> Features:
    """``measure``, with what settles an earlier event in the same round trip, ahead of it."""
    asked = _ask(event, ruleset, store, stream=stream)
    began = time.perf_counter()
    try:
        replies = store.run([asked.call] if before is None else [before, asked.call])[-1]
    except StoreUnavailable:
        return without_store(event, asked.context, milliseconds=_since(began))
    return derive(event, asked.shape, replies, asked.context, durable=durable, milliseconds=_since(began))


async def ameasure(event: Event, ruleset: RulesetLike, store: Store) -> Features:
    """``measure`` on an event loop, without a thread. Cost: 1 round trip."""
    asked = _ask(event, ruleset, store, stream=True)
    began = time.perf_counter()
    try:
        [replies] = await store.arun([asked.call])
    except StoreUnavailable:
        return without_store(event, asked.context, milliseconds=_since(began))
    return derive(event, asked.shape, replies, asked.context, milliseconds=_since(began))


class _Asked(NamedTuple):
    call: Call
    shape: Shape
    context: Context


def _ask(event: Event, ruleset: RulesetLike, store: Store, *, stream: bool) -> _Asked:
    context = Context.of(ruleset.source.parameters, store.market_time_zone)
    planned = plan(event, ruleset, store.keys)
    call = planned.call
    if stream:
        entry = seen_entry(event, planned, context, store.stream_length)
        call = call._replace(entry=entry, shard=shard_of(event, store.shards) if store.shards > 1 else 0)
    return _Asked(call, planned.shape, context)


def _since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
