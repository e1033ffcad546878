"""The verdict's laws: nothing softens, order does not matter, reasons add up."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authshield.judge import judge
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import HOLDABLE, Client, Kind
from authshield.vocabulary.ruleset import (
    Dimension,
    Limit,
    ListEntry,
    Rule,
    State,
    Threshold,
)
from tests.judge.events import AT, event, features, rule, ruleset

LATER = AT + timedelta(hours=1)
NAMES = st.integers(0, 9_999).map("rule-{}".format)


@st.composite
def rules(draw: st.DrawFn, kind: Kind) -> Rule:
    """A rule that fires, with any consequence that this kind allows."""
    actions = [action for action in Action if action != Action.HOLD or kind in HOLDABLE]
    action = draw(st.sampled_from(actions))
    strengths = list(Strength) if action == Action.CHALLENGE else [Strength.NONE]
    return Rule(
        id=draw(NAMES),
        kinds=frozenset({kind}),
        when="true",
        points=draw(st.integers(0, 60)),
        action=action,
        required=draw(st.sampled_from(strengths)),
        state=draw(st.sampled_from([State.ON, State.SHADOW])),
    )


KINDS = st.sampled_from([Kind.LOGIN, Kind.ORDER, Kind.REQUEST, Kind.WITHDRAWAL])
SOME = KINDS.flatmap(
    lambda kind: st.tuples(
        st.just(kind), st.lists(rules(kind), min_size=1, max_size=6, unique_by=lambda one: one.id)
    )
)


@given(SOME)
@settings(max_examples=40)
def test_one_more_finding_never_softens(some: tuple[Kind, list[Rule]]) -> None:
    """Action, risk and, between challenges, the strength asked only ever rise."""
    kind, found = some
    before = judge(event(kind), features(), ruleset(*found[:-1]))
    after = judge(event(kind), features(), ruleset(*found))
    assert after.action >= before.action
    assert after.risk >= before.risk
    if after.action == before.action:
        assert after.required >= before.required


@given(SOME, st.randoms())
@settings(max_examples=40)
def test_the_order_of_rules_does_not_matter(some: tuple[Kind, list[Rule]], random: st.DataObject) -> None:
    """The same rules in any order give the same decision, reasons and all."""
    kind, found = some
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert judge(event(kind), features(), ruleset(*found)) == judge(
        event(kind), features(), ruleset(*shuffled)
    )


@given(SOME)
@settings(max_examples=40)
def test_reasons_add_up_and_shadows_count_for_nothing(some: tuple[Kind, list[Rule]]) -> None:
    """Points of the reasons are the risk before it is clipped; largest first; a shadow is only named."""
    kind, found = some
    decision = judge(event(kind), features(), ruleset(*found))
    points = [reason.points for reason in decision.reasons]
    assert decision.risk == min(sum(points), 100)
    assert points == sorted(points, reverse=True)
    shadows = {f"shadow:{one.id}" for one in found if one.state == State.SHADOW}
    assert shadows == {name for name in decision.rules if name.startswith("shadow:")}
    assert (
        judge(event(kind), features(), ruleset(*[one for one in found if one.state == State.ON])).reasons
        == decision.reasons
    )


def test_a_challenge_asks_for_the_strongest_of_its_findings() -> None:
    """Only findings that challenge say how strong the proof has to be."""
    weak = rule("weak", action=Action.CHALLENGE, required=Strength.ANY)
    strong = rule("strong", action=Action.CHALLENGE, required=Strength.PHISHING_RESISTANT)
    assert judge(event(), features(), ruleset(weak)).required == Strength.OTP
    assert judge(event(), features(), ruleset(weak, strong)).required == Strength.PHISHING_RESISTANT
    assert (
        judge(event(), features(), ruleset(rule("plain", action=Action.CHALLENGE))).required == Strength.OTP
    )
    at_login = replace(weak, kinds=frozenset({Kind.LOGIN}))
    assert judge(event(Kind.LOGIN), features(), ruleset(at_login)).required == Strength.ANY


def test_a_threshold_acts_from_its_risk_on() -> None:
    """Below it nothing, at it its action, with an entry that says so."""
    limit = Threshold(frozenset({Kind.ORDER}), 50, Action.HOLD)
    below = judge(event(), features(), ruleset(rule("points", points=49), thresholds=(limit,)))
    at = judge(event(), features(), ruleset(rule("points", points=50), thresholds=(limit,)))
    assert (below.action, at.action) == (Action.ALLOW, Action.HOLD)
    assert at.rules == ("points", "threshold:hold")
    assert [(reason.code, reason.points) for reason in at.reasons] == [("points", 50), ("risk_threshold", 0)]


FAILING = "order.value / order.adv > 1"


@pytest.mark.parametrize(
    ("kind", "action", "expected", "required"),
    [
        (Kind.ORDER, Action.ALLOW, Action.ALLOW, Strength.NONE),
        (Kind.ORDER, Action.CHALLENGE, Action.CHALLENGE, Strength.PHISHING_RESISTANT),
        (Kind.WITHDRAWAL, Action.HOLD, Action.HOLD, Strength.NONE),
        (Kind.ORDER, Action.DENY, Action.HOLD, Strength.NONE),
        (Kind.LOGIN, Action.DENY, Action.CHALLENGE, Strength.ANY),
        (Kind.REQUEST, Action.DENY, Action.ALLOW, Strength.NONE),
    ],
)
def test_a_rule_that_fails_opens_no_door(
    kind: Kind, action: Action, expected: Action, required: Strength
) -> None:
    """It is named, brings no points, takes no other rule with it, and counts where money moves."""
    strength = Strength.PHISHING_RESISTANT if action == Action.CHALLENGE else Strength.NONE
    failing = rule("divides", FAILING, kind, points=30, action=action, required=strength)
    decision = judge(event(kind), features(), ruleset(failing, rule("fine", kind=kind, points=5)))
    assert decision.rules == ("failed:divides", "fine")
    assert (decision.action, decision.required, decision.risk) == (expected, required, 5)


def test_a_shadow_rule_that_fails_is_only_named() -> None:
    """A shadow never acts, broken or not."""
    decision = judge(
        event(), features(), ruleset(rule("divides", FAILING, action=Action.DENY, state=State.SHADOW))
    )
    assert (decision.action, decision.rules) == (Action.ALLOW, ("shadow:failed:divides",))


@pytest.mark.parametrize(
    ("when", "facts"),
    [
        ("order.value == 5", {"order__value": 5.0}),
        ("order.adv_share == 1.0", {"order__adv_share": 1}),
        ("order.is_thin", {"order__is_thin": 1}),
        ("order.value > 5", {"order__value": 1 << 70}),
        ("order.symbol == '?'", {"order__symbol": "\ud800"}),
    ],
)
def test_a_fact_in_a_neighbouring_type_is_understood(when: str, facts: dict[str, Any]) -> None:
    """A whole number that arrives as 5.0 does not make a rule fail."""
    assert judge(event(), features(**facts), ruleset(rule("one", when, points=1))).rules == ("one",)


@pytest.mark.parametrize("value", [None, "5", 5.5, [], float("nan")])
def test_a_fact_of_the_wrong_type_fails_its_rules_and_no_other(value: object) -> None:
    """Never silently false."""
    compiled = ruleset(rule("one", "order.value > 5", points=1), rule("two", points=1))
    assert judge(event(), features(order__value=value), compiled).rules == ("failed:one", "two")


def test_an_absent_fact_fails_its_rules() -> None:
    """Features that are not complete are noticed."""
    facts = features()
    del facts.facts["order.value"]
    assert judge(event(), facts, ruleset(rule("one", "order.value > 5"))).rules == ("failed:one",)


def test_rules_see_the_counts_of_limits() -> None:
    """velocity.<id>, hyphens as underscores; 0 where the event was not counted."""
    limit = Limit("order-count", frozenset({Kind.ORDER}), Dimension.ACCOUNT, 600, 5)
    compiled = ruleset(rule("many", "velocity.order_count > 3", points=1), limits=(limit,))
    counted: dict[str, Any] = {"velocity__order-count": 4}
    assert judge(event(), features(**counted), compiled).rules == ("many",)
    assert judge(event(), features(), compiled).rules == ()


def test_rules_see_the_lists() -> None:
    """lists.* come from the published lists, whatever was measured."""
    compiled = ruleset(
        rule("listed", "'blocked' in lists.ip", points=1),
        lists=(ListEntry("blocked", "ip", "203.0.113.0/24"),),
    )
    assert judge(event(), features(), compiled).rules == ("listed",)
    assert judge(event(client=Client("198.51.100.1")), features(), compiled).rules == ()


def test_judging_is_pure() -> None:
    """Neither Django nor Redis nor Celery is loaded by it."""
    code = (
        "import sys, authshield.judge; "
        "print({'django', 'redis', 'celery'} & {name.partition('.')[0] for name in sys.modules})"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "set()\n", "")
