"""What came of an event goes back to the counters: refunds, releases, learning, and an entry for the workers.

Must not decide whether anything may be learnt: the ``Settlement`` says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from authshield.measure.generate import TTL
from authshield.measure.journal import settled_entry
from authshield.measure.keys import shard_of
from authshield.measure.lessons import ISSUED_DEVICE, ISSUED_ORDER, WITHOUT_COOKIES, Settlement, lessons
from authshield.measure.measuring import measure_after
from authshield.measure.plan import entities, program_for
from authshield.measure.programs import learn_call
from authshield.vocabulary.actions import Action
from authshield.vocabulary.decision import Final
from authshield.vocabulary.event import Event, Kind, Order, OrderChange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authshield.measure.calls import Call
    from authshield.measure.keys import Keys
    from authshield.measure.plan import RulesetLike
    from authshield.measure.programs import Op, Program
    from authshield.measure.store import Store
    from authshield.vocabulary.features import Features

__all__ = [
    "ISSUED_DEVICE",
    "ISSUED_ORDER",
    "UNFILLED",
    "WITHOUT_COOKIES",
    "Settlement",
    "settle",
    "settle_then_measure",
    "settling",
]

RESERVING = frozenset({Kind.ORDER, Kind.ORDER_CHANGE, Kind.WITHDRAWAL, Kind.PROFILE_CHANGE})
"""Kinds that give back what they counted when they did not happen."""

UNFILLED = "unfilled"
"""Key in ``extra``: of the order that was cancelled nothing had been executed. Otherwise it stays counted.

Whoever has nearly all of an order filled and cancels the rest must not get all of it back."""

GUESSES = frozenset({Kind.LOGIN, Kind.FACTOR_ATTEMPT, Kind.PASSWORD_RESET})
"""Attempts at a secret: these give nothing back once the secret was looked at."""

# Looked up once: a member of an enumeration costs as much as ten local names.
_LOGIN, _ORDER_CHANGE, _HELD, _DENY = Kind.LOGIN, Kind.ORDER_CHANGE, Final.HELD, Action.DENY


def is_refused_unheard(event: Event, settlement: Settlement) -> bool:
    """Whether a limit refused a guess before its secret was looked at.

    It gives back what it counted: whoever goes on guessing after the short limit is full must not fill the long
    ones too, and so keep the customer's new browser out for a month. What is denied for another reason stays counted:
    it is answered as a wrong password is, hash and all, and only the limits end that.
    """
    decision = settlement.decision
    is_limited = decision.action is _DENY and decision.retry_after_seconds > 0
    is_stopped = is_limited and not settlement.outcome.happened and not decision.observe_only
    return is_stopped and event.kind in GUESSES


def settle(
    event: Event,
    features: Features,
    settlement: Settlement,
    store: Store,
    *,
    ruleset: RulesetLike | None = None,
    stream: bool = True,
) -> None:
    """Settle a measured event. ``features`` are those that it was judged by.

    ``ruleset`` spares the keys that none of its limits counts by. Raises nothing; where the store was missing at
    the measuring it is not asked again. Cost: 1 packet, sent without waiting for what it replies.
    """
    if features.is_missing:
        return
    call = settling(event, features, settlement, store, ruleset=ruleset, stream=stream)
    store.send([call])


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
        before = settling(*settled, store, ruleset=ruleset, stream=stream)
    return measure_after(before, event, ruleset, store, stream=stream, durable=False)


def settling(
    event: Event,
    features: Features,
    settlement: Settlement,
    store: Store,
    *,
    ruleset: RulesetLike | None = None,
    stream: bool = True,
) -> Call:
    """The call that settles an event; for trips that carry more than one."""
    keys = store.keys
    tag = keys.event(event.id)
    given_back = _given_back(event, settlement, tag, keys)
    programs: dict[str, Program] = {}
    for kind, value in _entities(event, settlement, ruleset).items():
        ops = [*given_back, *lessons(kind, event, features, settlement=settlement, keys=keys)]
        if ops:
            programs[keys.entity(kind, value)] = [TTL.get(kind, 0), *ops]
    entry = None
    if stream:
        entry = settled_entry(event, keys.visitors.of(event), settlement, store.stream_length)
    call = learn_call(max(0, event.at_ms), tag, programs, entry)
    return call if store.shards == 1 else call._replace(shard=shard_of(event, store.shards))


def _entities(event: Event, settlement: Settlement, ruleset: RulesetLike | None) -> Mapping[str, str]:
    wanted = None if ruleset is None else _wanted(event.kind, ruleset)
    found = entities(event, wanted)
    if event.kind is _LOGIN and not settlement.outcome.happened:
        found.pop("sess", None)
    if wanted is None:
        return found
    return {kind: value for kind, value in found.items() if kind in wanted or kind in _TAUGHT}


_TAUGHT = frozenset({"acct", "sess", "sym"})


def _wanted(kind: Kind, ruleset: RulesetLike) -> frozenset[str]:
    wanted = program_for(kind, ruleset).wanted
    # A cancel gives back what its order was counted by.
    return wanted | program_for(Kind.ORDER, ruleset).wanted if kind is _ORDER_CHANGE else wanted


def _given_back(event: Event, settlement: Settlement, tag: int, keys: Keys) -> list[Op]:
    """What the windows give back: an event that did not happen, a right secret, a cancelled order."""
    # What is held may still happen: it keeps its place in the limits and in what was sold and bought.
    happened = settlement.outcome.happened
    is_off = not happened and settlement.outcome.final is not _HELD
    if (event.kind in RESERVING and is_off) or is_refused_unheard(event, settlement):
        return [["r", "", tag]]
    if settlement.login_succeeded:
        return [["r", "rb", tag]]
    order, subject = _order_tag(event, settlement, keys), event.subject
    if not order:
        return []
    if isinstance(subject, OrderChange):
        is_free = happened and subject.change == "cancel" and UNFILLED in settlement.extra
        return [["r", "fb", order]] if is_free else []
    # A cancel names the order, not the event that placed it.
    return [["u", "fb", tag, order]]


def _order_tag(event: Event, settlement: Settlement, keys: Keys) -> int:
    subject = event.subject
    if not isinstance(subject, (Order, OrderChange)):
        return 0
    order_id = settlement.extra.get(ISSUED_ORDER, "") or subject.order_id
    return keys.tag("order", f"{event.account}\x1f{order_id}") if order_id else 0
