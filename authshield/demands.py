"""What is demanded of somebody who is here now, by what the account can prove itself with.

The verdict is the judge's. Two things come on top, since they hang on the account's factors: a floor of the operation
itself, and that nobody gets round a passkey. Must not soften a verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from authshield.factors import enrolled
from authshield.factors.passkey import FACTOR
from authshield.judge.demand import Demand, resolve
from authshield.vocabulary.actions import FACTOR_STRENGTH, Action, Strength
from authshield.vocabulary.event import HOLDABLE, Kind, OrderChange

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from django.contrib.auth.base_user import AbstractBaseUser

    from authshield.vocabulary.assessment import Assessment
    from authshield.vocabulary.decision import Decision


class Floor(Protocol):
    """What an operation asks for whatever the rules say; it never softens."""

    def __call__(self, demand: Demand, facts: Mapping[str, Any], enrolled: Collection[str]) -> Demand:
        """The stricter of what is demanded and what the floor asks of an account with these factors."""


def is_free(assessment: Assessment, floor: Floor | None) -> bool:
    """Whether nothing is demanded, whatever the account's factors are. Cost: no query."""
    decision = assessment.decision
    if floor is not None:
        return False
    return decision.observe_only or (decision.action == Action.ALLOW and not _is_strange(assessment))


def of_operation(assessment: Assessment, user: AbstractBaseUser, floor: Floor | None) -> Demand:
    """What an operation demands. Cost: 1 query."""
    decision, names = assessment.decision, enrolled(user)
    demand = Demand(Action.ALLOW)
    if not decision.observe_only:
        demand = resolve(decision, assessment.event.kind, names)
        if FACTOR in names and _is_strange(assessment):
            demand = at_least(demand, Strength.PHISHING_RESISTANT, names)
    return demand if floor is None else floor(demand, assessment.features.facts, names)


def of_sign_in(decision: Decision, names: Collection[str]) -> Demand:
    """What a sign-in demands. Who has a passkey is asked for it: a code may have been passed on, it may not."""
    demand = resolve(decision, Kind.LOGIN, names)
    if FACTOR in names and demand.action == Action.CHALLENGE:
        return at_least(demand, Strength.PHISHING_RESISTANT, names)
    return demand


def at_least(demand: Demand, least: Strength, names: Collection[str]) -> Demand:
    """At least this proof; a demand that is as strong already stays."""
    if demand.action > Action.CHALLENGE or (demand.action == Action.CHALLENGE and demand.required >= least):
        return demand
    enough = [name for name in FACTOR_STRENGTH if name in names and FACTOR_STRENGTH[name] >= least]
    return Demand(Action.CHALLENGE, least, tuple(sorted(enough, key=lambda name: FACTOR_STRENGTH[name])))


def _is_strange(assessment: Assessment) -> bool:
    """Whether money or data would move from a device without trust, in a session that proved nothing strong."""
    event, facts = assessment.event, assessment.features.facts
    if event.kind not in HOLDABLE or facts["device.is_trusted"]:
        return False
    is_cancel = isinstance(event.subject, OrderChange) and event.subject.change == "cancel"
    shown = facts["session.strength"]
    return not is_cancel and not (isinstance(shown, int) and shown >= Strength.PHISHING_RESISTANT)
