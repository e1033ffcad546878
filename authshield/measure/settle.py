"""What came of an event goes back to the counters: refunds, releases, learning, and an entry for the workers.

Must not decide whether anything may be learnt: the ``Settlement`` says so.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from authshield.errors import StoreUnavailable
from authshield.measure.journal import settled_entry
from authshield.measure.lessons import ISSUED_DEVICE, Settlement, lessons
from authshield.measure.measuring import Segment, measure_after, pack_segment
from authshield.measure.plan import OTHER_TTL_MS, TTL, entities
from authshield.vocabulary.decision import Final
from authshield.vocabulary.event import Event, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authshield.measure.plan import Op, Program, RulesetLike
    from authshield.measure.store import Store
    from authshield.vocabulary.features import Features

__all__ = ["ISSUED_DEVICE", "Settlement", "settle", "settle_then_measure", "settling"]

RESERVING = frozenset({Kind.ORDER, Kind.ORDER_CHANGE, Kind.WITHDRAWAL, Kind.PROFILE_CHANGE})
"""Kinds that give back what they counted when they did not happen. An attempt at a secret never does."""


def settle(
    event: Event, features: Features, settlement: Settlement, store: Store, *, stream: bool = True
) -> None:
    """Settle a measured event. ``features`` are those that it was judged by.

    Raises nothing; where the store was missing at the measuring it is not asked again. Cost: 1 round trip.
    """
    if features.is_missing:
        return
    keys, segment = settling(event, features, settlement, store, stream=stream)
    with suppress(StoreUnavailable):
        store.run_segments(keys, [segment])


def settle_then_measure(
    settled: tuple[Event, Features, Settlement] | None,
    event: Event,
    ruleset: RulesetLike,
    store: Store,
    *,
    stream: bool = True,
) -> Features:
    """Settle an earlier event and measure the next one in one round trip, as a replay does; never cold."""
    before = None
    if settled is not None and not settled[1].is_missing:
        before = settling(*settled, store, stream=stream)
    return measure_after(before, event, ruleset, store, stream=stream, durable=False)


def settling(
    event: Event, features: Features, settlement: Settlement, store: Store, *, stream: bool = True
) -> Segment:
    """The keys and the packed programs that settle an event; for calls that carry more than one."""
    keys, programs = [], []
    found = _entities(event, settlement)
    for kind, value in found.items():
        ops = _release(event, settlement)
        ops += lessons(kind, event, features, settlement=settlement, keys=store.keys)
        if ops:
            program: Program = [TTL.get(kind, OTHER_TTL_MS), *ops]
            keys.append(store.keys.entity(kind, value))
            programs.append(program)
    entry = None
    if stream:
        entry = settled_entry(
            event,
            settlement.decision,
            settlement.outcome,
            settlement.extra,
            trust=settlement.trust,
            length=store.stream_length,
        )
    return keys, pack_segment(event.at_ms, store.keys.tag("event", event.id), programs, entry)


def _entities(event: Event, settlement: Settlement) -> Mapping[str, str]:
    found = entities(event)
    if event.kind is Kind.LOGIN and not settlement.outcome.happened:
        found.pop("sess", None)
    return found


def _release(event: Event, settlement: Settlement) -> list[Op]:
    # What is held may still happen: it keeps its place in the limits and in what was sold and bought.
    is_off = not settlement.outcome.happened and settlement.outcome.final is not Final.HELD
    if event.kind in RESERVING and is_off:
        return [["r", "w"]]
    return [["r", "wr:"]] if settlement.login_succeeded else []
