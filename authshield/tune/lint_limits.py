"""Warnings about limits that can be published and hardly mean what was meant. Must not refuse anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authshield.vocabulary.actions import Action
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ruleset import Dimension, Scope, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authshield.vocabulary.ruleset import Limit, RulesetSource

_GUESSED_AT = frozenset({Kind.LOGIN, Kind.FACTOR_ATTEMPT})
# Many customers have the same one: whoever fills it shuts all of them out.
_SHARED = frozenset({Dimension.GLOBAL, Dimension.COUNTRY, Dimension.ASN, Dimension.FINGERPRINT})


def lint_limits(source: RulesetSource) -> list[str]:
    """Warnings as "path: what". Cost: each limit is compared with every other."""
    names = {entry.name for entry in source.lists}
    warnings = []
    for i, limit in enumerate(source.limits):
        path = f"limits[{i}] {limit.id}"
        found = [*_alone(limit), *_lists(limit, names)]
        if limit.state != State.OFF:
            found += _beside(limit, source.limits[:i], source.limits[i + 1 :])
        warnings += [f"{path}: {what}" for what in found]
    return warnings


def _alone(limit: Limit) -> Iterator[str]:
    if limit.state == State.OFF:
        yield "is off"
    is_guessed_at = limit.kinds & _GUESSED_AT
    if is_guessed_at and limit.dimension == Dimension.ACCOUNT and limit.scope == Scope.ANY:
        yield "counts strangers and the owner together: whoever guesses locks the customer out; set a scope"
    if is_guessed_at and not limit.refunds_success:
        yield "counts successes too: a busy address or customer is stopped without one failure"
    if limit.action == Action.DENY and limit.dimension in _SHARED and limit.also is None:
        yield f"denies by {limit.dimension}: one attacker shuts out everybody who shares it; challenge instead"
    if limit.action == Action.ALLOW and not limit.points:
        yield f"has neither points nor an action: it only counts, for velocity.{limit.id.replace('-', '_')}"


def _lists(limit: Limit, names: set[str]) -> Iterator[str]:
    for name in limit.exempt:
        if name not in names:
            yield f'spares the list "{name}", which is empty: nobody is spared; add entries, or correct the name'


def _beside(limit: Limit, before: tuple[Limit, ...], after: tuple[Limit, ...]) -> Iterator[str]:
    """At most one warning: of a twin before this one, or of a limit that decides in its place."""
    others = [other for other in (*before, *after) if other.state == State.ON and limit.kinds <= other.kinds]
    twin = next((other for other in before if _counts(other) == _counts(limit)), None)
    if twin is not None:
        yield f"counts the very same as {twin.id}; one of them is enough"
        return
    for other in others:
        if _is_tighter(other, limit) and _counts(other) != _counts(limit):
            if other.action == Action.DENY:
                yield f"is hardly ever reached: {other.id} refuses first"
                return
            if (other.action, other.required) >= (limit.action, limit.required) and not limit.points:
                yield f"adds nothing: {other.id} does as much, and sooner"
                return


def _counts(limit: Limit) -> tuple[object, ...]:
    return (limit.kinds, *_counted(limit), limit.window_seconds, limit.capacity, limit.burst, limit.grows_by)


def _counted(limit: Limit) -> tuple[object, ...]:
    """What is counted and by what; two limits with the same see the same numbers."""
    pair = frozenset({limit.dimension, limit.also or limit.dimension})
    given_back = (limit.refunds_success, limit.frees_cancelled)
    return (pair, limit.measure, limit.distinct_of, limit.scope, given_back, frozenset(limit.exempt))


def _is_tighter(other: Limit, limit: Limit) -> bool:
    """Whether ``other`` lets no more through, in windows that are no shorter."""
    return (
        _counted(other) == _counted(limit)
        and other.window_seconds >= limit.window_seconds
        and other.capacity + other.burst <= limit.capacity
        and other.grows_by <= limit.grows_by
    )
