"""Adds up what the signs of an event weigh, and says which weighed how much.

One nat is worth ``POINTS_A_NAT`` points of risk, so that a risk of 100 means even odds where one sign-in in some
27,000 is a thief's: the scale of April 2025 (4,852 accesses among about 129 million sign-ins a month; FSA, and our
count of sign-ins). Evidence is bounded by its weights alone; where it adds up to nothing or less, there is nothing
to tell.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from authshield.judge.evidence.sign import CAMPAIGN
from authshield.judge.evidence.signs import SIGNS
from authshield.judge.evidence.weights import base_code
from authshield.judge.evidence.wording import say
from authshield.vocabulary.decision import Finding
from authshield.vocabulary.event import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authshield.judge.evidence.sign import Facts, Read, Sign

MODEL = "model"
"""In place of a rule's id."""

POINTS_A_NAT = 10.0
LEAST_POINTS = 0.05
"""What weighs less is not worth a line of its own; it is told with the base, so that the lines add up."""


class _Scale(NamedTuple):
    """A sign with what its steps weigh; ``is_apart`` is the sign's."""

    read: Read
    edges: tuple[float, ...]
    nats: tuple[float, ...]
    sign: Sign
    is_apart: bool


_Ready = tuple["Read", tuple[float, ...], tuple[float, ...], _Scale]
"""The same, laid out as it is used: a plain tuple is taken apart in a tenth of the time."""


@dataclass(frozen=True, slots=True)
class Scales:
    """The signs of one kind of event, what each step weighs, and what an ordinary event starts from (nats)."""

    base: float
    own: tuple[_Ready, ...]
    campaign: tuple[_Ready, ...]


class Weighed(NamedTuple):
    """Nats against the session and the event, and nats that others' doings add; ``steps`` by sign's code."""

    own: float
    campaign: float
    parts: tuple[tuple[_Scale, float, float], ...]
    base: float

    @property
    def strangeness(self) -> float:
        """What of ``own`` is not told by what all buyers of a symbol have in common: who it is, and what was sold."""
        return self.base + sum([nats for scale, _, nats in self.parts if scale.is_apart])

    @property
    def points(self) -> float:
        """Points of risk; below 0 where it speaks for the customer."""
        return POINTS_A_NAT * (self.own + self.campaign)

    def shares(self) -> list[float]:
        """The points of ``lines``, without their words."""
        told = [POINTS_A_NAT * nats for _, _, nats in self.parts if abs(nats) * POINTS_A_NAT >= LEAST_POINTS]
        return [*told, self.points - sum(told)]

    def lines(self) -> list[Finding]:
        """A line for whatever counts; they add up."""
        lines = [
            Finding(MODEL, scale.sign.code, POINTS_A_NAT * nats, text=say(scale.sign, value))
            for scale, value, nats in self.parts
            if abs(nats) * POINTS_A_NAT >= LEAST_POINTS
        ]
        rest = self.points - sum(line.points for line in lines)
        return [*lines, Finding(MODEL, "base", rest, text="where an ordinary event starts from")]


def scales(weights: Mapping[str, tuple[float, ...]], parameters: Mapping[str, float]) -> dict[Kind, Scales]:
    """Make ready what a ruleset weighs by; kinds of event without a sign are left out."""
    found = {}
    for kind in Kind:
        signs = [sign for sign in SIGNS if kind in sign.kinds and parameters.get(f"model_{sign.group}", 1)]
        made = [_Scale(sign.read, sign.edges, weights[sign.code], sign, sign.is_apart) for sign in signs]
        if made:
            own = tuple((*one[:3], one) for one in made if one.sign.group != CAMPAIGN)
            others = tuple((*one[:3], one) for one in made if one.sign.group == CAMPAIGN)
            found[kind] = Scales(weights[base_code(kind)][0], own, others)
    return found


def weigh(facts: Facts, by: Scales) -> Weighed:
    """Weigh an event. Cost: about 1 µs a sign."""
    own, parts = by.base, []
    for read, edges, weights, scale in by.own:
        value = read(facts)
        nats = weights[bisect_right(edges, value)]
        own += nats
        parts.append((scale, value, nats))
    campaign = 0.0
    for read, edges, weights, scale in by.campaign:
        value = read(facts)
        nats = weights[bisect_right(edges, value)]
        campaign += nats
        parts.append((scale, value, nats))
    return Weighed(own, campaign, tuple(parts), by.base)


def steps(facts: Facts, by: Scales) -> dict[str, int]:
    """The step that each sign of the event stands on, by code: what labels are counted by."""
    return {
        scale.sign.code: bisect_right(edges, read(facts)) for read, edges, _, scale in (*by.own, *by.campaign)
    }
