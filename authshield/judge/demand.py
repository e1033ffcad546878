"""What a decision means for a customer with these factors: what to ask, what to hold, what to refuse.

Must not look factors up; whoever calls knows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from authshield.vocabulary.actions import FACTOR_STRENGTH, Action, Strength
from authshield.vocabulary.event import HOLDABLE, Kind
from authshield.vocabulary.quick import quick

if TYPE_CHECKING:
    from collections.abc import Collection

    from authshield.vocabulary.decision import Decision


@quick
@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked. ``factors`` are those of the customer that are strong enough, weakest first.

    A challenge without factors cannot be passed.
    """

    action: Action
    required: Strength = Strength.NONE
    factors: tuple[str, ...] = ()


_ORDER = sorted(FACTOR_STRENGTH, key=lambda name: FACTOR_STRENGTH[name])  # stable: totp before static


def resolve(decision: Decision, kind: Kind, enrolled: Collection[str]) -> Demand:
    """Settle a decision for a customer who has ``enrolled`` these factors; unknown names are ignored."""
    if decision.action == Action.HOLD and kind not in HOLDABLE:
        return Demand(Action.DENY)
    if decision.action != Action.CHALLENGE:
        return Demand(decision.action)
    least = Strength.OTP if kind in HOLDABLE else Strength.ANY
    required = max(decision.required, least)
    best = max((FACTOR_STRENGTH[name] for name in enrolled if name in FACTOR_STRENGTH), default=Strength.NONE)
    if best >= required:
        asked = max(required, min(decision.prefers, best))
        return Demand(Action.CHALLENGE, asked, _at_least(asked, enrolled))
    if decision.required == Strength.NONE and decision.prefers:
        return Demand(Action.ALLOW)
    if kind in HOLDABLE:
        return Demand(Action.HOLD)
    asked = best or required
    return Demand(Action.CHALLENGE, asked, _at_least(asked, enrolled))


def _at_least(required: Strength, enrolled: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in _ORDER if name in enrolled and FACTOR_STRENGTH[name] >= required)
