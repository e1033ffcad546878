"""What is demanded of somebody who is here now, by what the account can prove itself with.

The verdict is the judge's. Three things come on top, since they hang on the account's factors: a floor of the
operation itself, that nobody gets round a passkey, and that another device may confirm it. Must not soften a verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from authshield.factors import enrolled, oob
from authshield.factors.passkey import FACTOR, has_bound
from authshield.judge.demand import Demand, resolve
from authshield.record.rows import device_hash
from authshield.vocabulary.actions import FACTOR_STRENGTH, Action, Strength
from authshield.vocabulary.assurance import BOUND
from authshield.vocabulary.event import HOLDABLE, Kind, OrderChange, ProfileChange

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from django.contrib.auth.base_user import AbstractBaseUser

    from authshield.vocabulary.assessment import Assessment
    from authshield.vocabulary.decision import Decision

SPEAKING = frozenset({"email", "phone", "contact", "bank_account"})
"""Changes of data that say on another device what they would do. A new password or factor looks like a service."""


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
    """What an operation demands. Cost: 2 queries."""
    decision, names = assessment.decision, _usable(assessment.decision, user)
    demand = Demand(Action.ALLOW)
    if not decision.observe_only:
        demand = resolve(decision, assessment.event.kind, names)
        if FACTOR in names and _is_strange(assessment):
            demand = at_least(demand, Strength.PHISHING_RESISTANT, names)
    if floor is not None:
        demand = floor(demand, assessment.features.facts, names)
    return beside(demand, assessment, names)


def of_sign_in(assessment: Assessment, user: AbstractBaseUser) -> Demand:
    """What a sign-in demands. Who has a passkey is asked for it: a code may have been passed on, it may not.

    Cost: 1 query, 1 more on a trusted device.
    """
    names = _usable(assessment.decision, user)
    demand = resolve(assessment.decision, Kind.LOGIN, names)
    if FACTOR in names and demand.action == Action.CHALLENGE:
        demand = at_least(demand, Strength.PHISHING_RESISTANT, names)
    return beside(demand, assessment, names)


def beside(demand: Demand, assessment: Assessment, names: Collection[str]) -> Demand:
    """The same, and another device of the account may confirm it where nobody could be led to do so blindly.

    It is one more way, and the only one for who has none that is strong enough; it never raises what is asked.
    Cost: 1 query where it may.
    """
    decision, event = assessment.decision, assessment.event
    is_for_want = demand.action == Action.HOLD and decision.action == Action.CHALLENGE
    if wants_bound(decision) or (demand.action != Action.CHALLENGE and not is_for_want):
        return demand
    required = max(decision.required, Strength.OTP) if is_for_want else demand.required
    mine = event.device.key or device_hash(event.device.id)
    if not _speaks(assessment, required, names) or not oob.is_possible(
        event.account or "", event.at, but=mine
    ):
        return demand
    return Demand(Action.CHALLENGE, required, (*demand.factors, oob.FACTOR))


def wants_bound(decision: Decision) -> bool:
    """Whether of all passkeys only one counts that stays on its device."""
    return any(reason.code == BOUND for reason in decision.reasons)


def _usable(decision: Decision, user: AbstractBaseUser) -> tuple[str, ...]:
    """The factors that may be asked for. Cost: 1 query, 1 more where a synced passkey does not count."""
    names = enrolled(user)
    if FACTOR in names and wants_bound(decision) and not has_bound(user):
        return tuple(name for name in names if name != FACTOR)
    return names


def at_least(demand: Demand, least: Strength, names: Collection[str]) -> Demand:
    """At least this proof; a demand that is as strong already stays."""
    if demand.action > Action.CHALLENGE or (demand.action == Action.CHALLENGE and demand.required >= least):
        return demand
    enough = [name for name in FACTOR_STRENGTH if name in names and FACTOR_STRENGTH[name] >= least]
    return Demand(Action.CHALLENGE, least, tuple(sorted(enough, key=lambda name: FACTOR_STRENGTH[name])))


def _speaks(assessment: Assessment, required: Strength, names: Collection[str]) -> bool:
    """Whether what the other device would show tells the person what is done, whoever talks them into it.

    A sign-in and a page say nothing but who asks: there the asking device has to be the account's own. And nobody
    gets round a passkey by a person who is not looking, nor comes back from a takeover without a proof of their own.
    """
    event, facts = assessment.event, assessment.features.facts
    if assessment.features.is_missing or facts["account.must_prove"]:
        return False
    is_own = bool(facts["device.is_trusted"]) and not facts["device.is_cloned"]
    if event.kind not in HOLDABLE or (FACTOR in names and required < Strength.OOB):
        return is_own
    subject = event.subject
    if isinstance(subject, ProfileChange):
        return subject.field in SPEAKING
    return not isinstance(subject, OrderChange) or subject.order is not None


def _is_strange(assessment: Assessment) -> bool:
    """Whether money or data would move from a device without trust, in a session that proved nothing strong."""
    event, facts = assessment.event, assessment.features.facts
    if event.kind not in HOLDABLE or facts["device.is_trusted"]:
        return False
    is_cancel = isinstance(event.subject, OrderChange) and event.subject.change == "cancel"
    shown = facts["session.strength"]
    return not is_cancel and not (isinstance(shown, int) and shown >= Strength.PHISHING_RESISTANT)
