"""What stands in for the store while it cannot be asked: the durable copy's facts, and a limiter in the database.

Guesses alone are counted here, by the published limits, before any secret is looked at; the written policy for
every other kind of event is ``judge``'s. Must not decide: whoever is over a limit is named to ``judge`` as always.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from authshield.enforce import fallback
from authshield.enforce.fallback import Window
from authshield.enforce.turns import LONGEST_SECONDS, Turns
from authshield.measure.keys import entities, fingerprint_text
from authshield.measure.store import Store, default_store
from authshield.record import durable, reports
from authshield.vocabulary.actions import Action
from authshield.vocabulary.event import Event, Kind
from authshield.vocabulary.features import Features, LimitHit
from authshield.vocabulary.ruleset import Dimension, Limit, Measure, Scope

if TYPE_CHECKING:
    from authshield.judge import Ruleset

GUESSES = frozenset({Kind.LOGIN, Kind.FACTOR_ATTEMPT, Kind.PASSWORD_RESET})

MOST = 500
"""A limit of more than this guards against masses, not guesses: it rests while the store is away."""

_ENTITY = {
    Dimension.ACCOUNT: "acct",
    Dimension.USERNAME: "name",
    Dimension.IP: "ip",
    Dimension.PREFIX: "net",
    Dimension.ASN: "asn",
    Dimension.DEVICE: "dev",
    Dimension.SESSION: "sess",
}
_COUNTABLE = frozenset({Measure.COUNT, Measure.DISTINCT})

_turns: WeakKeyDictionary[Store, Turns] = WeakKeyDictionary()
"""This process's own: what was counted beside another store says nothing."""


def stand_in(features: Features, event: Event, ruleset: Ruleset, now: datetime) -> Features:
    """Fill in what the database knows, and count a guess by every limit that guards against guessing.

    Cost: 4 queries for an account and 1 for its session; 1 for a guess, 2 where it is over a limit; now and then 1
    to report it.
    """
    reports.store_is_away(now)
    if event.account is not None:
        features = durable.stand_in(features, event, durable.load(event.account), now)
    if event.kind not in GUESSES:
        return features
    windows = {
        _left(window, ruleset.limits[limit_id], event, features): limit_id
        for window, limit_id in _windows(event, features, ruleset)
    }
    waits = fallback.reserve(tuple(windows), now) if windows else {}
    for full in waits:
        _own_turns().give_back(full.key, event.id)
    over = tuple(LimitHit(windows[full], full.capacity + 1, waits[full]) for full in waits)
    return replace(features, over=over)


def beside(features: Features, event: Event, ruleset: Ruleset) -> Features:
    """A guess that the store counted, held against what the database counted while the store did not answer.

    Cost: 1 µs unless it did within the hour.
    """
    turns = _own_turns()
    turns.tell(_guessed_at(event, features), features.facts, event.at_ms)
    if turns.is_idle(event.at_ms):
        return features
    over = list(features.over)
    full = {hit.limit_id for hit in over}
    for window, limit_id in _windows(event, features, ruleset):
        limit = ruleset.limits[limit_id]
        if limit_id in full or not _takes_turns(limit):
            continue
        taken = turns.taken(window.key, event.at_ms - window.window_seconds * 1000)
        count = int(features.facts[f"velocity.{limit_id}"]) + len(taken)  # type: ignore[arg-type]
        if taken and count > limit.capacity:
            wait = min(taken) + window.window_seconds * 1000 - event.at_ms
            over.append(LimitHit(limit_id, count, wait))
    return replace(features, over=tuple(over))


def was_right(event: Event, features: Features) -> None:
    """A guess that the store counted was right, and is given back there."""
    _own_turns().was_right(_guessed_at(event, features))


def _own_turns() -> Turns:
    store = default_store()
    found = _turns.get(store)
    return _turns.setdefault(store, Turns()) if found is None else found


def _left(window: Window, limit: Limit, event: Event, features: Features) -> Window:
    """The window without the room that the store is known to have filled."""
    if not _takes_turns(limit):
        return window
    turns = _own_turns()
    turns.take(window.key, event.id, event.at_ms)
    since = event.at_ms - window.window_seconds * 1000
    filled = turns.told(_guessed_at(event, features), limit.id, since)
    return replace(window, capacity=max(0, window.capacity - filled)) if filled else window


def _takes_turns(limit: Limit) -> bool:
    is_short = limit.window_seconds <= LONGEST_SECONDS
    return is_short and limit.dimension is Dimension.ACCOUNT and limit.measure is Measure.COUNT


def _guessed_at(event: Event, features: Features) -> str:
    """The account, or the name that stands for one; each of its known devices by itself."""
    device = event.device.id if features.facts["device.is_trusted"] else ""
    return f"{event.kind}\x1f{event.account}\x1f{event.username}\x1f{device}"


def settle(
    event: Event, features: Features, ruleset: Ruleset, *, is_right: bool, is_refused: bool = False
) -> None:
    """Give a guess back: a right one to the limits that say so, one that was refused unheard to all that count.

    Cost: 1 query where there are any.
    """
    if not (is_right or is_refused) or event.kind not in GUESSES:
        return
    windows = [
        window
        for window, limit_id in _windows(event, features, ruleset)
        if _gives_back(ruleset.limits[limit_id], is_refused=is_refused)
    ]
    for window in windows:
        _own_turns().give_back(window.key, event.id)
    if windows:
        fallback.give_back(windows, event.at)


def _gives_back(limit: Limit, *, is_refused: bool) -> bool:
    # A value that is told apart may be there for an earlier guess that was heard.
    return limit.measure is Measure.COUNT if is_refused else limit.refunds_success


def _windows(event: Event, features: Features, ruleset: Ruleset) -> Iterator[tuple[Window, str]]:
    values = _values(event)
    listed = {name for names in ruleset.lists.facts(event).values() for name in names}
    is_known = bool(features.facts["device.is_trusted"])
    for limit in ruleset.limits_for(event.kind):
        if not _is_kept(limit) or not listed.isdisjoint(limit.exempt):
            continue
        key = _key(limit, values, is_known=is_known)
        if key is None:
            continue
        member = event.id
        if limit.measure is Measure.DISTINCT:
            member = values.get(limit.distinct_of or limit.dimension, "")
        yield Window(key, member, limit.capacity, limit.window_seconds), limit.id


def _is_kept(limit: Limit) -> bool:
    """Whether it stops guesses. What only asks for a code rests: strangers are asked for one anyhow."""
    stops = limit.action >= Action.HOLD
    return stops and limit.measure in _COUNTABLE and limit.capacity <= MOST


def _key(limit: Limit, values: Mapping[Dimension, str], *, is_known: bool) -> str | None:
    """What the limit counts by; None where the event lacks the value or is not the limit's to count."""
    parts = [limit.id, limit.measure.value]
    for dimension in (limit.dimension, limit.also):
        if dimension is None:
            continue
        if dimension not in values:
            return None
        parts.append(values[dimension])
    if limit.dimension is Dimension.ACCOUNT and limit.scope is not Scope.ANY:
        if is_known != (limit.scope is Scope.KNOWN_DEVICE):
            return None
        # Each known device has a budget of its own, which strangers cannot use up.
        parts.append(values.get(Dimension.DEVICE, "") if is_known else "")
    return "\x1f".join(parts)


def _values(event: Event) -> dict[Dimension, str]:
    found = entities(event)
    values = {dimension: found[kind] for dimension, kind in _ENTITY.items() if kind in found}
    if event.account is None:  # a name that is nobody's has the budget that an account would have
        values[Dimension.ACCOUNT] = f"name:{found['name']}"
    if event.network.country:
        values[Dimension.COUNTRY] = event.network.country
    if event.device.fingerprint:
        values[Dimension.FINGERPRINT] = fingerprint_text(event.device.fingerprint)
    return values
