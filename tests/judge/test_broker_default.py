"""The shipped rules: each fires on the story that it is for, and not on its harmless neighbour."""

from __future__ import annotations

from typing import Any

import pytest

from authshield.judge import Ruleset, compile_ruleset, judge, resolve
from authshield.tune.transfer import default_source
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import Kind
from authshield.vocabulary.facts import MISSING
from authshield.vocabulary.features import LimitHit
from tests.judge.events import event, features
from tests.judge.stories import (
    HOME,
    LOGINS,
    MOVED,
    NEW_DEVICE,
    ORDERS,
    STORIES,
    STRANGER,
    THIN,
    Facts,
)

RULESET = compile_ruleset(default_source())
ALWAYS = {"withdrawal-proof"}


def decide(kind: Kind, facts: Facts, *, over: tuple[LimitHit, ...] = (), ruleset: Ruleset = RULESET) -> Any:
    """Judge an event of the customer at home, but for these facts; lists.* are put in by hand."""
    measured = features(over, **HOME | facts)
    listed = {name: value for name, value in facts.items() if name.startswith("lists.")}
    if not listed:
        return judge(event(kind), measured, ruleset)
    matched, _ = ruleset.programs[kind].run(measured.facts, MISSING | listed)
    return tuple(rule.id for rule in matched)


def fired(kind: Kind, facts: Facts) -> set[str]:
    """The ids of the rules that fire."""
    decision = decide(kind, facts)
    return set(decision if isinstance(decision, tuple) else decision.rules)


def test_every_shipped_rule_has_its_story() -> None:
    """No rule is shipped untried."""
    assert set(STORIES) == {rule.id for rule in RULESET.source.rules}


@pytest.mark.parametrize("identifier", list(STORIES))
def test_a_shipped_rule_fires_on_its_story(identifier: str) -> None:
    """The facts of the story make it fire."""
    kind, facts, _ = STORIES[identifier]
    assert identifier in fired(kind, facts)


@pytest.mark.parametrize("identifier", sorted(STORIES.keys() - ALWAYS))
def test_a_shipped_rule_leaves_the_harmless_neighbour_alone(identifier: str) -> None:
    """One fact more in the customer's favour, and it does not fire."""
    kind, facts, instead = STORIES[identifier]
    assert identifier not in fired(kind, facts | instead)


@pytest.mark.parametrize("kind", [Kind.LOGIN, Kind.ORDER, Kind.REQUEST, Kind.ORDER_CHANGE])
def test_a_customer_at_home_is_never_bothered(kind: Kind) -> None:
    """Nothing fires on the usual day."""
    decision = decide(kind, {})
    assert (decision.action, decision.risk, decision.rules) == (Action.ALLOW, 0, ())


@pytest.mark.parametrize(("story", "facts", "action", "required"), LOGINS, ids=[row[0] for row in LOGINS])
def test_who_is_asked_at_the_sign_in(story: str, facts: Facts, action: Action, required: Strength) -> None:
    """Neither an unknown browser alone nor an unknown network alone is enough."""
    decision = decide(Kind.LOGIN, facts)
    assert (decision.action, decision.required) == (action, required), story


@pytest.mark.parametrize(("story", "facts", "action", "required"), ORDERS, ids=[row[0] for row in ORDERS])
def test_which_orders_go_through(story: str, facts: Facts, action: Action, required: Strength) -> None:
    """Ordinary trading goes through; what the thieves of 2025 did does not."""
    decision = decide(Kind.ORDER, facts)
    assert (decision.action, decision.required) == (action, required), story


def test_an_amend_is_judged_as_the_order_that_it_makes_and_a_cancel_is_free() -> None:
    """Growing a small order into a thin large one is held; taking an order back never is."""
    amend = {"change.kind": "amend", "change.value_increase": 5_000_000}
    decision = decide(Kind.ORDER_CHANGE, STRANGER | THIN | amend)
    assert resolve(decision, Kind.ORDER_CHANGE, ("totp",)).action == Action.HOLD
    cancel = {"change.kind": "cancel", "order.side": "", "order.adv": 0, "order.value": 0}
    assert decide(Kind.ORDER_CHANGE, STRANGER | cancel).action == Action.ALLOW
    odd = STRANGER | MOVED | {"device.proof": "invalid", "session.score": 55.0}
    assert decide(Kind.ORDER_CHANGE, odd | cancel).action == Action.ALLOW


@pytest.mark.parametrize(
    ("facts", "enrolled", "expected"),
    [
        ({}, ("totp",), Action.CHALLENGE),
        ({}, ("email",), Action.HOLD),
        ({"withdrawal.destination_age_days": 1.0}, ("webauthn",), Action.HOLD),
        (STRANGER, ("totp",), Action.HOLD),
    ],
)
def test_a_withdrawal_always_needs_a_proof(facts: Facts, enrolled: tuple[str, ...], expected: Action) -> None:
    """Without a strong factor, or to a young destination, or from a stranger, it waits."""
    assert resolve(decide(Kind.WITHDRAWAL, facts), Kind.WITHDRAWAL, enrolled).action == expected


def test_profile_changes_always_need_a_proof_that_a_stranger_cannot_relay() -> None:
    """At home a one-time code is enough; from an unknown session it has to be bound to this site."""
    assert decide(Kind.PROFILE_CHANGE, {}).required == Strength.OTP
    assert decide(Kind.PROFILE_CHANGE, STRANGER).required == Strength.PHISHING_RESISTANT


def test_guesses_are_throttled_and_the_victim_signs_in() -> None:
    """Five from strangers, then no more from them; the trusted device has a count of its own."""
    limits = {limit.id: limit for limit in RULESET.limits_for(Kind.LOGIN)}
    assert limits["login-strangers-10m"].capacity == 5
    over = (LimitHit("login-strangers-10m", 6, 30_000), LimitHit("login-address-10m", 21, 30_000))
    assert decide(Kind.LOGIN, NEW_DEVICE, over=over).action == Action.DENY
    assert decide(Kind.LOGIN, {}, over=over[1:]).action == Action.ALLOW
