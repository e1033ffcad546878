"""What a change of factors asks for, whatever the rules say: no factor comes in by a weaker one than the account has.

The rules may ask for more. Must not look at anything but facts and factors.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from authshield.conf import current
from authshield.demands import at_least
from authshield.factors.passkey import FACTOR
from authshield.judge.demand import Demand
from authshield.vocabulary.actions import FACTOR_STRENGTH, Action, Strength


def strongest(demand: Demand, facts: Mapping[str, Any], enrolled: Collection[str]) -> Demand:
    """A proof by a passkey where there is one, made for this change; else what the rules say."""
    del facts
    return at_least(demand, Strength.PHISHING_RESISTANT, enrolled) if FACTOR in enrolled else demand


def new_passkey(demand: Demand, facts: Mapping[str, Any], enrolled: Collection[str]) -> Demand:
    """A passkey vouches for the next one. The first comes in by the strongest proof that the account has.

    And only on a device that was trusted before, in a session from there or from home: a code that somebody passed
    on opens a session, but plants no passkey. Who has nothing but a password has just typed it.
    """
    if FACTOR in enrolled:
        return at_least(demand, Strength.PHISHING_RESISTANT, enrolled)
    if not may_begin(facts):
        return Demand(Action.DENY)
    best = max((FACTOR_STRENGTH[name] for name in enrolled), default=Strength.NONE)
    if best:
        return at_least(demand, best, enrolled)
    is_fresh = facts["session.age_seconds"] <= current().FRESH_PROOF_SECONDS
    return demand if is_fresh else Demand(Action.DENY)


def confirming_device(demand: Demand, facts: Mapping[str, Any], enrolled: Collection[str]) -> Demand:
    """A device that is to confirm what others ask for has to be trusted, and comes in as a passkey does."""
    return new_passkey(demand, facts, enrolled) if may_begin(facts) else Demand(Action.DENY)


def may_begin(facts: Mapping[str, Any]) -> bool:
    """Whether an account's first passkey may come from this device and session."""
    is_moved = facts["session.device_changed"] or facts["session.browser_changed"]
    return bool(facts["device.is_trusted"]) and not facts["session.is_unusual"] and not is_moved
