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
MAX_COUNT = 1_000_000
MAX_SHARE = 10_000_000
MAX_EXEMPT = 10
# So many different values are kept one by one; a sketch of more could not give one back.
MAX_REFUNDED = 1_000
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
        return f"{self.field}: {self.text % {name: _told(value) for name, value in self.values.items()}}"


def faults_of(limit: Limit) -> Iterator[Fault]:
    """Every reason why this limit cannot be published; its consequence is looked at elsewhere."""
    yield from _amounts(limit)
    yield from _entity(limit)
    yield from _measure(limit)
    yield from _distinct(limit)
    yield from _given_back(limit)
    yield from _growth(limit)
    yield from _exempt(limit)


def _told(value: Any) -> str:
    return ", ".join(sorted(value)) if isinstance(value, frozenset) else str(value)


def _fault(field: str, text: str, **values: Any) -> Fault:
    return Fault(field, text, values)


def _amounts(limit: Limit) -> Iterator[Fault]:
    most = _MOST.get(limit.measure, MAX_COUNT)
    if not 1 <= limit.capacity <= most:
        text = "%(value)s is not possible, allowed are 1 to %(most)s; to stop everything use a rule"
        yield _fault("capacity", text, value=limit.capacity, most=most)
    if not 1 <= limit.window_seconds <= MAX_WINDOW_SECONDS:
        text = "%(value)s seconds are not possible, allowed are 1 second to 30 days (%(most)s seconds)"
        yield _fault("window_seconds", text, value=limit.window_seconds, most=MAX_WINDOW_SECONDS)
    for field in ("burst", "grows_by"):
        value = getattr(limit, field)
        if not 0 <= value <= MAX_COUNT:
            text = "%(value)s is not possible, allowed are 0 (none) to %(most)s"
            yield _fault(field, text, value=value, most=MAX_COUNT)


def _entity(limit: Limit) -> Iterator[Fault]:
    for field, by in (("dimension", limit.dimension), ("also", limit.also)):
        if by is not None and (lacking := limit.kinds - KINDS_WITH[by]):
            yield _lacking(field, by, lacking)
    if limit.also == limit.dimension:
        text = "a pair needs two different things, both are %(by)s; choose another"
        yield _fault("also", text, by=limit.also)
    elif limit.also is not None and Dimension.GLOBAL in {limit.dimension, limit.also}:
        yield _fault(
            "also", "the whole site is everything already; a pair with it adds nothing, leave it out"
        )
    if limit.scope != Scope.ANY and (limit.dimension, limit.also) != (Dimension.ACCOUNT, None):
        text = "only a limit by account alone can tell known devices from unknown ones; count everybody's"
        yield _fault("scope", text)


def _lacking(field: str, by: Dimension, lacking: frozenset[Kind]) -> Fault:
    text = "%(kinds)s: there is no %(by)s to count by; drop these events, or choose something else"
    return _fault(field, text, kinds=lacking, by=by)


def _measure(limit: Limit) -> Iterator[Fault]:
    if limit.measure == Measure.SUM and limit.kinds - VALUED:
        text = "only orders, their changes and withdrawals have a value to sum up; count events instead"
        yield _fault("measure", text)
    if limit.measure == Measure.SHARE and limit.kinds - ORDERS:
        text = "only orders and their changes have a share of the portfolio; count events instead"
        yield _fault("measure", text)
    if limit.burst and limit.measure != Measure.COUNT:
        yield _fault("burst", "a burst makes sense only where events are counted; leave it at 0")


def _distinct(limit: Limit) -> Iterator[Fault]:
    of = limit.distinct_of
    if limit.measure == Measure.DISTINCT and of is None:
        yield _fault("distinct_of", "different values of what? Choose one")
    if of is None:
        return
    if limit.measure != Measure.DISTINCT:
        yield _fault("distinct_of", "this is for counting different values only; leave it empty")
    elif of in {limit.dimension, limit.also, Dimension.GLOBAL}:
        yield _fault("distinct_of", "there is only ever one %(by)s here; choose something else", by=of)
    elif lacking := limit.kinds - KINDS_WITH[of]:
        yield _lacking("distinct_of", of, lacking)


def _given_back(limit: Limit) -> Iterator[Fault]:
    if limit.refunds_success and limit.kinds - REFUNDABLE:
        text = "only sign-ins and answers to challenges can be given back; switch it off"
        yield _fault("refunds_success", text)
    elif limit.refunds_success and limit.measure == Measure.DISTINCT and limit.capacity > MAX_REFUNDED:
        text = "of more than %(most)s different values none can be given back; switch it off, or allow fewer"
        yield _fault("refunds_success", text, most=MAX_REFUNDED)
    if limit.frees_cancelled and limit.kinds - ORDERS:
        yield _fault("frees_cancelled", "only orders and their changes can be cancelled; switch it off")
    elif limit.frees_cancelled and limit.measure == Measure.DISTINCT:
        text = "counts and sums can be given back, different values cannot; switch it off"
        yield _fault("frees_cancelled", text)


def _growth(limit: Limit) -> Iterator[Fault]:
    is_by_address = limit.dimension in GROWING and limit.also is None
    if limit.grows_by > 0 and not (is_by_address and limit.kinds == {Kind.LOGIN}):
        text = "only sign-ins counted by address or address block alone grow with good customers; set it to 0"
        yield _fault("grows_by", text)
    if limit.progressive and limit.action != Action.DENY:
        yield _fault("progressive", "only a denial has a wait that can double; deny, or switch it off")


def _exempt(limit: Limit) -> Iterator[Fault]:
    if len(set(limit.exempt)) < len(limit.exempt) or len(limit.exempt) > MAX_EXEMPT:
        text = "at most %(most)s lists, each once; put their members into one list"
        yield _fault("exempt", text, most=MAX_EXEMPT)
    for name in limit.exempt:
        if not LIST_NAME.fullmatch(name):
            text = "“%(name)s” is no name of a list: 2 to 50 small letters, digits, - and _"
            yield _fault("exempt", text, name=name)
