"""What is wrong with a velocity limit, each fault at its field. Must not judge whether it is wise.

A fault's text is a template, so that the desk can tell it in another language.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from authshield.vocabulary.actions import Action
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ruleset import KINDS_WITH, Dimension, Measure, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authshield.vocabulary.ruleset import Limit

MAX_WINDOW_SECONDS = 30 * 86_400
MAX_CAPACITY = 1 << 53
# A count over a longer log than this would make one entity's value in the store too large to handle at once.
MAX_COUNT = 10_000
MAX_SHARE = 10_000_000
MAX_EXEMPT = 10
LIST_NAME = re.compile(r"[a-z][a-z0-9_-]{1,49}")

ORDERS = frozenset({Kind.ORDER, Kind.ORDER_CHANGE})
VALUED = ORDERS | {Kind.WITHDRAWAL}
REFUNDABLE = frozenset({Kind.LOGIN, Kind.FACTOR_ATTEMPT})
GROWING = frozenset({Dimension.IP, Dimension.PREFIX})
_MOST = {Measure.SUM: MAX_CAPACITY, Measure.SHARE: MAX_SHARE}


class Fault(NamedTuple):
    """A slip: at which field, a template of what is wrong and the way out, and the values in it."""

    field: str
    text: str
    values: dict[str, Any]

    def __str__(self) -> str:
        """In English."""
        return self.text % {name: told(value) for name, value in self.values.items()}


def told(value: Any) -> str:
    """A value of a fault: kinds of event by name, anything else as it is."""
    return ", ".join(sorted(value)) if isinstance(value, frozenset) else str(value)


def faults_of(limit: Limit) -> Iterator[Fault]:
    """Every reason why this limit cannot be published; its consequence is looked at elsewhere."""
    yield from _amounts(limit)
    yield from _entity(limit)
    yield from _measure(limit)
    yield from _distinct(limit)
    yield from _given_back(limit)
    yield from _growth(limit)
    yield from _exempt(limit)


def _fault(field: str, text: str, **values: Any) -> Fault:
    return Fault(field, text, values)


def _amounts(limit: Limit) -> Iterator[Fault]:
    most = _MOST.get(limit.measure, MAX_COUNT)
    if not 1 <= limit.capacity <= most:
        yield _fault(
            "capacity",
            "capacity is %(value)s, allowed are 1 to %(most)s; to stop everything use a rule",
            value=limit.capacity,
            most=most,
        )
    if not 1 <= limit.window_seconds <= MAX_WINDOW_SECONDS:
        yield _fault(
            "window_seconds",
            "window is %(value)s seconds, allowed are 1 to %(most)s (30 days)",
            value=limit.window_seconds,
            most=MAX_WINDOW_SECONDS,
        )
    if not 0 <= limit.burst <= MAX_COUNT:
        yield _fault(
            "burst",
            "burst is %(value)s, allowed are 0 (none) to %(most)s",
            value=limit.burst,
            most=MAX_COUNT,
        )


def _entity(limit: Limit) -> Iterator[Fault]:
    for field, by in (("dimension", limit.dimension), ("also", limit.also)):
        if by is not None and (lacking := limit.kinds - KINDS_WITH[by]):
            yield _lacking(field, by, lacking)
    if limit.also == limit.dimension:
        yield _fault(
            "also", "a pair needs two different things, both are %(by)s; choose another", by=limit.also
        )
    elif limit.also is not None and Dimension.GLOBAL in {limit.dimension, limit.also}:
        yield _fault("also", "%(by)s is everything already; a pair with it adds nothing", by=Dimension.GLOBAL)
    if limit.scope != Scope.ANY and (limit.dimension, limit.also) != (Dimension.ACCOUNT, None):
        pair = f"{limit.dimension} + {limit.also}" if limit.also else limit.dimension
        yield _fault(
            "scope",
            "scope %(scope)s is for limits by account only, this one counts by %(by)s; choose any",
            scope=limit.scope,
            by=pair,
        )


def _lacking(field: str, by: Dimension, lacking: frozenset[Kind]) -> Fault:
    return _fault(
        field,
        "%(kinds)s has no %(by)s to count by; take it out of the kinds, or count by something else",
        kinds=lacking,
        by=by,
    )


def _measure(limit: Limit) -> Iterator[Fault]:
    if limit.measure == Measure.SUM and limit.kinds - VALUED:
        yield _fault(
            "measure", "only order, order_change and withdrawal have a value to sum up; count instead"
        )
    if limit.measure == Measure.SHARE and limit.kinds - ORDERS:
        yield _fault(
            "measure", "only order and order_change have a share of the portfolio; count or sum instead"
        )
    if limit.burst and limit.measure != Measure.COUNT:
        yield _fault(
            "burst",
            "a burst makes sense with measure count only, not with %(what)s; leave it 0",
            what=limit.measure,
        )


def _distinct(limit: Limit) -> Iterator[Fault]:
    of = limit.distinct_of
    if limit.measure == Measure.DISTINCT and of is None:
        yield _fault("distinct_of", "distinct needs distinct_of: different values of what?")
    if of is None:
        return
    if limit.measure != Measure.DISTINCT:
        yield _fault(
            "distinct_of",
            "distinct_of makes sense with measure distinct only, not with %(what)s; leave it out",
            what=limit.measure,
        )
    elif of in {limit.dimension, limit.also}:
        yield _fault(
            "distinct_of", "by %(by)s there is only ever one %(by)s; choose another distinct_of", by=of
        )
    elif of == Dimension.GLOBAL:
        yield _fault("distinct_of", "of %(by)s there is only ever one; choose another distinct_of", by=of)
    elif lacking := limit.kinds - KINDS_WITH[of]:
        yield _lacking("distinct_of", of, lacking)


def _given_back(limit: Limit) -> Iterator[Fault]:
    if limit.refunds_success and limit.kinds - REFUNDABLE:
        yield _fault(
            "refunds_success",
            "success is refunded for login and factor_attempt only; switch it off",
        )
    if limit.frees_cancelled and limit.kinds - ORDERS:
        yield _fault(
            "frees_cancelled",
            "only order and order_change can be cancelled; switch it off",
        )
    elif limit.frees_cancelled and limit.measure == Measure.DISTINCT:
        yield _fault(
            "frees_cancelled",
            "a cancelled order gives back counts and sums, not different values; switch it off",
        )


def _growth(limit: Limit) -> Iterator[Fault]:
    if not 0 <= limit.grows_by <= MAX_COUNT:
        yield _fault(
            "grows_by",
            "grows_by is %(value)s, allowed are 0 (not at all) to %(most)s",
            value=limit.grows_by,
            most=MAX_COUNT,
        )
    elif limit.grows_by and (limit.kinds != {Kind.LOGIN} or limit.dimension not in GROWING or limit.also):
        yield _fault(
            "grows_by",
            "only a limit on login by ip or prefix alone grows with good customers; set grows_by to 0",
        )
    if limit.progressive and limit.action != Action.DENY:
        yield _fault(
            "progressive",
            "only a denial has a wait that can double, this one is %(action)s; deny, or switch it off",
            action=limit.action.word,
        )


def _exempt(limit: Limit) -> Iterator[Fault]:
    if len(set(limit.exempt)) < len(limit.exempt) or len(limit.exempt) > MAX_EXEMPT:
        yield _fault(
            "exempt", "at most %(most)s lists, each once; put their members into one list", most=MAX_EXEMPT
        )
    for name in limit.exempt:
        if not LIST_NAME.fullmatch(name):
            yield _fault(
                "exempt", 'exempt names "%(name)s", which is no name of a list, such as office', name=name
            )
