"""What the assurance policy adds to the findings of one event. Pure, so that a replay asks as a live request does.

Findings are only added, never taken away: the policy raises what the risk demands and cannot soften it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.assurance import BOUND, EXPIRED, Act, Lifetimes, Requirement
from authshield.vocabulary.decision import Finding
from authshield.vocabulary.event import HOLDABLE, Kind, Login, OrderChange, PageRequest, ProfileChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from authshield.vocabulary.assurance import Assurance
    from authshield.vocabulary.event import Event
    from authshield.vocabulary.features import FactValue, Features

COOLING = "contact_changed"
_FIELDS: dict[str, Act] = {
    "email": Act.CONTACT,
    "phone": Act.CONTACT,
    "bank_account": Act.BANK_ACCOUNT,
    "password": Act.FACTOR,
    "mfa": Act.FACTOR,
    "api_key": Act.API_KEY,
}
_ACTS: dict[Kind, frozenset[Act]] = {
    Kind.LOGIN: frozenset({Act.LOGIN}),
    Kind.REQUEST: frozenset({Act.VIEW, Act.SECURITY, Act.WAY_BACK, Act.FREEZE_RELEASE}),
    Kind.ORDER: frozenset({Act.ORDER}),
    Kind.ORDER_CHANGE: frozenset({Act.ORDER}),
    Kind.WITHDRAWAL: frozenset({Act.WITHDRAWAL}),
    Kind.PROFILE_CHANGE: frozenset(_FIELDS.values()),
}
# Looked up once: a member of an enumeration costs as much as a function call.
_LOGIN, _REQUEST, _VIEW = Kind.LOGIN, Kind.REQUEST, Act.VIEW
_ONLY: dict[Kind, Act] = {kind: next(iter(acts)) for kind, acts in _ACTS.items() if len(acts) == 1}
_ONLY[Kind.PROFILE_CHANGE] = Act.CONTACT
_SECONDS_AN_HOUR, _HOURS_A_DAY = 3600.0, 24.0
_DEVICE = frozenset({"device.is_trusted", "device.age_days"})
_LIFETIME = frozenset({"session.idle_seconds", "session.age_seconds", "session.proof_age_seconds"})
_PROOF = frozenset({"session.strength", "session.proof_age_seconds"})
_FACTS: dict[Kind, frozenset[str]] = {
    Kind.LOGIN: frozenset({"login.method"}),
    Kind.REQUEST: _LIFETIME | _PROOF,
    Kind.ORDER: _LIFETIME
    | _PROOF
    | _DEVICE
    | {"account.contact_changed_hours", "order.portfolio_share", "order.liquidation_24h"},
    Kind.WITHDRAWAL: _LIFETIME | _PROOF | _DEVICE | {"account.contact_changed_hours"},
    Kind.PROFILE_CHANGE: _LIFETIME | _PROOF | _DEVICE | {"profile.is_first", "session.is_unusual"},
}
_FACTS[Kind.ORDER_CHANGE] = _FACTS[Kind.ORDER]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy made ready for one kind of event. ``exempt`` has the accounts and acts, with the end of each."""

    acts: Mapping[Act, Requirement]
    interim_until: datetime | None
    lifetimes: Lifetimes
    cooldown_share: float
    exempt: Mapping[tuple[str, Act], datetime]


def policies(assurance: Assurance) -> dict[Kind, Policy]:
    """The policy for each kind of event that it says anything about."""
    found = {}
    exempt = {(one.account, one.act): one.until for one in assurance.exemptions}
    for kind, acts in _ACTS.items():
        mine = {one.act: one for one in assurance.requirements if one.act in acts and _asks(one)}
        if mine or (kind is not Kind.LOGIN and any(seconds for _, seconds in assurance.lifetimes)):
            found[kind] = Policy(
                mine, assurance.interim_until, assurance.lifetimes, assurance.cooldown_share, exempt
            )
    return found


def facts_asked(kind: Kind, assurance: Assurance) -> frozenset[str]:
    """The facts that the policy may read on such an event."""
    return _FACTS.get(kind, frozenset()) if kind in policies(assurance) else frozenset()


def _asks(one: Requirement) -> bool:
    return bool(one.required or one.interim or one.at_most or one.cooldown_seconds or one.known_device)


def assured(event: Event, features: Features, policy: Policy) -> list[Finding]:
    """What the policy asks of this event. Cost: below 1 µs where it asks for nothing."""
    found = [] if event.kind is _LOGIN else _lifetime(event, features.facts, policy.lifetimes)
    requirement = policy.acts.get(act) if (act := act_of(event)) is not None else None
    if requirement is None:
        return found
    facts = features.facts
    if requirement.required or requirement.interim or requirement.at_most or requirement.known_device:
        found += _proof(event, facts, requirement, policy)
    if requirement.cooldown_seconds:
        found += _cooldown(event, facts, requirement, policy.cooldown_share)
    return found


def act_of(event: Event) -> Act | None:
    """What the event does, in the policy's words; None for what it says nothing about."""
    subject, kind = event.subject, event.kind
    if kind is _REQUEST:
        return Act(subject.act) if isinstance(subject, PageRequest) and subject.act else _VIEW
    if isinstance(subject, OrderChange) and subject.change == "cancel":
        return None
    if isinstance(subject, ProfileChange):
        return _FIELDS.get(subject.field, Act.CONTACT)
    return _ONLY.get(kind)


def _proof(
    event: Event, facts: Mapping[str, FactValue], requirement: Requirement, policy: Policy
) -> Iterator[Finding]:
    required, at_most = _required(event, facts, requirement, policy), requirement.at_most
    if not (required or at_most) or _is_first_at_home(event, facts):
        return
    is_bound = requirement.device_bound and required >= Strength.PHISHING_RESISTANT
    if isinstance(event.subject, Login):
        if facts["login.method"] == "passkey" and required <= Strength.PHISHING_RESISTANT and not is_bound:
            return
    elif (
        not is_bound
        and requirement.max_age_seconds
        and _number(facts["session.proof_age_seconds"]) <= requirement.max_age_seconds
    ):
        shown = _number(facts["session.strength"])
        required = Strength.NONE if shown >= required else required
        at_most = Strength.NONE if shown else at_most
    text = "the assurance policy"
    if required:
        code = BOUND if is_bound else "assurance"
        yield Finding("assurance", code, 0.0, Action.CHALLENGE, required, text)
    if at_most > required:
        yield Finding("assurance", "assurance", 0.0, Action.CHALLENGE, at_most, text, lenient=True)


def _required(
    event: Event, facts: Mapping[str, FactValue], requirement: Requirement, policy: Policy
) -> Strength:
    required = requirement.required_at(event.at, policy.interim_until)
    if required and _is_exempt(event, requirement.act, policy):
        required = Strength.NONE
    if requirement.known_device and not facts["device.is_trusted"]:
        required = max(required, Strength.PHISHING_RESISTANT)
    return required


def _is_first_at_home(event: Event, facts: Mapping[str, FactValue]) -> bool:
    """Whether the first strong factor is set up where the account is at home: it has nothing to prove it with."""
    if not (isinstance(event.subject, ProfileChange) and facts["profile.is_first"]):
        return False
    is_factor = _FIELDS.get(event.subject.field) is Act.FACTOR and event.subject.field == "mfa"
    return is_factor and bool(facts["device.is_trusted"]) and not facts["session.is_unusual"]


def _is_exempt(event: Event, act: Act, policy: Policy) -> bool:
    until = policy.exempt.get((event.account or "", act)) if policy.exempt else None
    return until is not None and event.at < until


def _cooldown(
    event: Event, facts: Mapping[str, FactValue], requirement: Requirement, share: float
) -> Iterator[Finding]:
    """What waits after a change: whoever made it must not be the one who profits at once.

    A passkey on a device that the account trusted before the change ends it: that device is not the thief's.
    """
    hours = _number(facts["account.contact_changed_hours"])
    if hours * _SECONDS_AN_HOUR >= requirement.cooldown_seconds:
        return
    is_own = facts["device.is_trusted"] and _number(facts["device.age_days"]) * _HOURS_A_DAY > hours
    text = "contact data or factors were changed lately"
    if event.kind is Kind.WITHDRAWAL:
        if is_own:
            strong = Strength.PHISHING_RESISTANT
            yield Finding("cooldown", COOLING, 0.0, Action.CHALLENGE, strong, text)
        else:
            yield Finding("cooldown", COOLING, 0.0, Action.HOLD, text=text)
        return
    moved = max(_number(facts["order.portfolio_share"]), _number(facts["order.liquidation_24h"]))
    if not is_own and moved >= share:
        yield Finding("cooldown", COOLING, 0.0, Action.HOLD, text=text)


def _lifetime(event: Event, facts: Mapping[str, FactValue], lifetimes: Lifetimes) -> list[Finding]:
    """Whether the session is over, or too old to trade in without a new proof."""
    takes_back = isinstance(event.subject, OrderChange) and event.subject.change == "cancel"
    # Taking an order back is nobody's harm, and programs do it after hours of waiting.
    idle = 0.0 if takes_back else _number(facts["session.idle_seconds"])
    age = _number(facts["session.age_seconds"])
    if _is_over(idle, lifetimes.reading_idle) or _is_over(age, lifetimes.reading_absolute):
        return [Finding("session-expired", EXPIRED, 0.0, Action.DENY, text="the session is over by its age")]
    if event.kind not in HOLDABLE or takes_back:
        return []
    since_proof = min(age, _number(facts["session.proof_age_seconds"]))
    if _is_over(idle, lifetimes.trading_idle) or _is_over(since_proof, lifetimes.trading_absolute):
        text = "the session is too old to trade in"
        strong = Strength.PHISHING_RESISTANT
        return [Finding("session-old", "session_old", 0.0, Action.CHALLENGE, strong, text, lenient=True)]
    return []


def _is_over(seconds: float, most: int) -> bool:
    return bool(most) and seconds > most


def _number(value: FactValue) -> float:
    return value if isinstance(value, (int, float)) else 0.0
