"""Where findings come from: rules, limits, the state of account and session, and an outage of the store.

Must not combine them; that is ``judge``'s part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from authshield.judge.evidence.weigh import POINTS_A_NAT
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.decision import Finding
from authshield.vocabulary.event import HOLDABLE, Kind, OrderChange
from authshield.vocabulary.ruleset import AIMED_AT, SHARED, SPARING, Limit, Rule, State

if TYPE_CHECKING:
    from authshield.judge.compiled import Ruleset
    from authshield.vocabulary.event import Event
    from authshield.vocabulary.features import FactValue, Features, LimitHit

_SPARED_BY = frozenset({"device.is_seen", "device.is_trusted"})
_FROZEN_KINDS = HOLDABLE | {Kind.LOGIN}
_AFTERWARDS = frozenset({Kind.LOGOUT, Kind.FILL})
"""What may come after a session's end: nobody is kept from signing out, and what is done is done."""

_LOGIN = Kind.LOGIN
_UNDONE = "cancel"
"""A change that only takes an order back."""

_GUARDED_BY = frozenset({"account.is_frozen", "session.is_ended"})
_PROVED_BY = frozenset({"account.must_prove", "login.method"})
_BEFORE = frozenset({"session.score", "session.peak", "session.strength", "change.kind"})


def facts_read(kind: Kind) -> frozenset[str]:
    """The facts that are read on such an event besides those that its rules name."""
    found = _GUARDED_BY | _SPARED_BY if kind in SPARING else _GUARDED_BY
    found = found | _PROVED_BY if kind is Kind.LOGIN else found
    return found | _BEFORE if kind in HOLDABLE else found


def rule_findings(event: Event, features: Features, ruleset: Ruleset) -> list[Finding]:
    """The rules that match or fail. In an outage only those that need nothing from the store are asked."""
    program = (ruleset.outage_programs if features.is_missing else ruleset.programs)[event.kind]
    if not program.rules:
        return []
    listed = ruleset.lists.facts(event, program.listed)
    matched, failed = program.run(features.facts, listed)
    if not matched and not failed:
        return []
    found = [ruleset.told[rule.id] for rule in matched]
    return [*found, *(_failed(rule, event) for rule in failed)] if failed else found


def matched(rule: Rule) -> Finding:
    """What a rule that matches has found."""
    return Finding(
        rule.id,
        rule.code or rule.id,
        rule.points,
        rule.action,
        rule.required,
        rule.text,
        shadow=rule.state == State.SHADOW,
    )


def _failed(rule: Rule, event: Event) -> Finding:
    """A rule that could not be answered must not open the door, nor shut it for everybody.

    Where money moves it counts as if it had matched, a denial as a hold, which a person can undo. At a
    sign-in it asks for a code. Pages stay open.
    """
    action, required = Action.ALLOW, Strength.NONE
    if rule.action > Action.ALLOW and event.kind in HOLDABLE:
        action = min(rule.action, Action.HOLD)
        required = rule.required if action == Action.CHALLENGE else Strength.NONE
    elif rule.action > Action.ALLOW and event.kind == Kind.LOGIN:
        action, required = Action.CHALLENGE, Strength.ANY
    text = "the rule could not be answered"
    return Finding(
        f"failed:{rule.id}", "rule_failed", 0.0, action, required, text, rule.state == State.SHADOW
    )


def limit_findings(event: Event, features: Features, ruleset: Ruleset) -> list[Finding]:
    """The limits that this event would exceed."""
    return [
        _limited(event, features, hit, ruleset.limits[hit.limit_id])
        for hit in features.over
        if hit.limit_id in ruleset.limits
    ]


def _limited(event: Event, features: Features, hit: LimitHit, limit: Limit) -> Finding:
    is_spared = _is_spared(event, features, limit)
    return Finding(
        limit.id,
        limit.code or limit.id,
        0.0 if is_spared else limit.points,
        Action.ALLOW if is_spared else limit.action,
        Strength.NONE if is_spared else limit.required,
        "not applied: the customer's own device" if is_spared else limit.text,
        shadow=limit.state == State.SHADOW,
        retry_after_seconds=0 if is_spared else max(-(-hit.retry_after_ms // 1000), 1),
    )


def _is_spared(event: Event, features: Features, limit: Limit) -> bool:
    if event.kind not in SPARING:
        return False
    by = {limit.dimension, limit.also or limit.dimension}
    if not by <= SHARED | AIMED_AT:
        return False
    facts = features.facts
    return bool(facts["device.is_trusted"] or (len(by) == 1 and by <= AIMED_AT and facts["device.is_seen"]))


def guards(event: Event, features: Features) -> list[Finding]:
    """What no rule and no switch can lift: a frozen account and an ended session."""
    found, facts = [], features.facts
    if facts["account.is_frozen"] and event.kind in _FROZEN_KINDS:
        found.append(
            Finding("account-frozen", "account_frozen", 0.0, Action.DENY, text="the account is frozen")
        )
    if event.kind is _LOGIN and facts["account.must_prove"] and facts["login.method"] != "passkey":
        text = "the account was frozen or taken over, and has to prove itself"
        strong = Strength.PHISHING_RESISTANT
        found.append(
            Finding("must-prove", "must_prove", 0.0, Action.CHALLENGE, strong, text=text, lenient=True)
        )
    if facts["session.is_ended"] and event.kind not in _AFTERWARDS:
        found.append(
            Finding("session-ended", "session_ended", 0.0, Action.DENY, text="the session was ended")
        )
    return found


def outage(event: Event, features: Features) -> list[Finding]:
    """The written policy while the counters cannot be asked: money and strangers need a strong factor."""
    subject = event.subject
    is_cancel = isinstance(subject, OrderChange) and subject.change == "cancel"
    is_known_login = event.kind == Kind.LOGIN and bool(features.facts["device.is_trusted"])
    if event.kind not in HOLDABLE | {Kind.LOGIN} or is_cancel or is_known_login:
        return []
    text = "the counters cannot be asked"
    return [Finding("outage", "degraded", 0.0, Action.CHALLENGE, Strength.OTP, text)]


def takes_back(event: Event, features: Features) -> bool:
    """Whether it only takes an order back."""
    return event.kind == Kind.ORDER_CHANGE and features.facts["change.kind"] == _UNDONE


def points_before(event: Event, features: Features) -> float:
    """The highest risk that the session came to before, at an order or late; 0 where it proved itself since.

    Only a proof that cannot be relayed counts. Taking an order back is nobody's harm.
    """
    if event.kind not in HOLDABLE or features.is_missing or takes_back(event, features):
        return 0.0
    facts = features.facts
    if _number(facts["session.strength"]) >= Strength.PHISHING_RESISTANT:
        return 0.0
    return max(_number(facts["session.score"]), POINTS_A_NAT * _number(facts["session.peak"]))


def _number(value: FactValue) -> float:
    return value if isinstance(value, (int, float)) else 0.0
