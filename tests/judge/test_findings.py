"""Limits, frozen accounts, ended sessions, outages and panic switches, as a verdict takes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from authshield.judge import judge
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import HOLDABLE, Kind, OrderChange
from authshield.vocabulary.features import LimitHit
from authshield.vocabulary.ruleset import Dimension, Limit, ListEntry, State, Switch, SwitchKind
from tests.judge.events import AT, event, features, rule, ruleset

LATER = AT + timedelta(hours=1)
FAILING = "order.value / order.adv > 1"


def hit(identifier: str = "a-limit", milliseconds: int = 1_500) -> tuple[LimitHit, ...]:
    """One limit that would be exceeded."""
    return (LimitHit(identifier, 6, milliseconds),)


def login_limit(dimension: Dimension, **rest: object) -> Limit:
    """A limit on sign-ins."""
    return Limit("a-limit", frozenset({Kind.LOGIN}), dimension, 600, 5, points=20, **rest)  # type: ignore[arg-type]


def test_a_limit_denies_and_says_when_to_come_back() -> None:
    """Milliseconds are rounded up to whole seconds."""
    compiled = ruleset(limits=(login_limit(Dimension.ACCOUNT),))
    decision = judge(event(Kind.LOGIN), features(hit()), compiled)
    assert (decision.action, decision.retry_after_seconds, decision.risk) == (Action.DENY, 2, 20)
    assert judge(event(Kind.LOGIN), features(hit(milliseconds=0)), compiled).retry_after_seconds == 1
    assert judge(event(Kind.LOGIN), features(hit("unknown")), compiled).action == Action.ALLOW


def test_a_limit_in_shadow_is_only_named() -> None:
    """It can be tried before it bites."""
    compiled = ruleset(limits=(login_limit(Dimension.IP, state=State.SHADOW),))
    decision = judge(event(Kind.LOGIN), features(hit()), compiled)
    assert (decision.action, decision.rules, decision.retry_after_seconds) == (
        Action.ALLOW,
        ("shadow:a-limit",),
        0,
    )


SHARED = (
    Dimension.IP,
    Dimension.PREFIX,
    Dimension.ASN,
    Dimension.COUNTRY,
    Dimension.FINGERPRINT,
    Dimension.USERNAME,
    Dimension.GLOBAL,
)


@pytest.mark.parametrize("dimension", SHARED)
def test_a_trusted_device_is_not_stopped_by_strangers(dimension: Dimension) -> None:
    """Guesses from the same address or at the same name throttle strangers, not the victim."""
    compiled = ruleset(limits=(login_limit(dimension),))
    spared = judge(event(Kind.LOGIN), features(hit(), device__is_trusted=True), compiled)
    assert (spared.action, spared.rules, spared.risk) == (Action.ALLOW, ("a-limit",), 0)
    assert judge(event(Kind.LOGIN), features(hit()), compiled).action == Action.DENY


def test_a_trusted_device_keeps_its_own_limit() -> None:
    """What is counted by account or device stops everybody, an address and a device together too."""
    for limit in (
        login_limit(Dimension.ACCOUNT),
        login_limit(Dimension.DEVICE),
        login_limit(Dimension.IP, also=Dimension.DEVICE),
    ):
        compiled = ruleset(limits=(limit,))
        decision = judge(event(Kind.LOGIN), features(hit(), device__is_trusted=True), compiled)
        assert decision.action == Action.DENY


def test_a_seen_device_is_not_stopped_by_guesses_at_the_name() -> None:
    """A customer's new phone works while somebody guesses at the name, or at everybody's.

    By address it has to be trusted, and so by address and name together.
    """
    seen = features(hit(), device__is_seen=True)

    def action(limit: Limit) -> Action:
        return judge(event(Kind.LOGIN), seen, ruleset(limits=(limit,))).action

    assert action(login_limit(Dimension.USERNAME)) == Action.ALLOW
    assert action(login_limit(Dimension.GLOBAL)) == Action.ALLOW
    assert action(login_limit(Dimension.IP)) == Action.DENY
    assert action(login_limit(Dimension.USERNAME, also=Dimension.IP)) == Action.DENY


def test_an_order_is_stopped_by_its_limit_on_a_trusted_device_too() -> None:
    """Only guessing at sign-ins and codes is a stranger's doing."""
    limit = Limit("a-limit", frozenset({Kind.ORDER}), Dimension.IP, 600, 5, action=Action.HOLD)
    decision = judge(event(), features(hit(), device__is_trusted=True), ruleset(limits=(limit,)))
    assert decision.action == Action.HOLD


@pytest.mark.parametrize("kind", list(Kind))
def test_a_frozen_account_neither_signs_in_nor_trades(kind: Kind) -> None:
    """The code says so; other pages stay readable."""
    decision = judge(event(kind), features(account__is_frozen=True), ruleset())
    stopped = kind in HOLDABLE | {Kind.LOGIN}
    assert (decision.action == Action.DENY) == stopped
    assert [reason.code for reason in decision.reasons] == ["account_frozen"] * stopped


@pytest.mark.parametrize("kind", list(Kind))
def test_an_ended_session_does_nothing_but_sign_out(kind: Kind) -> None:
    """Whatever the rules say; what an order of it bought before is told afterwards."""
    decision = judge(event(kind), features(session__is_ended=True), ruleset())
    assert (decision.action == Action.DENY) == (kind not in {Kind.LOGOUT, Kind.FILL})


@pytest.mark.parametrize(
    ("kind", "is_trusted", "expected"),
    [
        (Kind.LOGIN, True, Action.ALLOW),
        (Kind.LOGIN, False, Action.CHALLENGE),
        (Kind.ORDER, True, Action.CHALLENGE),
        (Kind.ORDER_CHANGE, True, Action.CHALLENGE),
        (Kind.WITHDRAWAL, True, Action.CHALLENGE),
        (Kind.PROFILE_CHANGE, True, Action.CHALLENGE),
        (Kind.REQUEST, False, Action.ALLOW),
        (Kind.LOGOUT, False, Action.ALLOW),
    ],
)
def test_an_outage_has_its_policy(kind: Kind, is_trusted: bool, expected: Action) -> None:
    """Pages open, trusted devices sign in, money and strangers need a one-time code; marked as degraded."""
    decision = judge(event(kind), features(is_missing=True, device__is_trusted=is_trusted), ruleset())
    assert decision.action == expected
    assert decision.required == (Strength.OTP if expected == Action.CHALLENGE else Strength.NONE)
    assert decision.degraded


def test_cancelling_is_free_in_an_outage() -> None:
    """It only ever lowers what is at stake."""
    cancel = event(Kind.ORDER_CHANGE, subject=OrderChange("o1", "cancel"))
    assert judge(cancel, features(is_missing=True), ruleset()).action == Action.ALLOW


def test_in_an_outage_only_rules_that_need_no_counter_are_asked() -> None:
    """What is not known is not judged; lists and the order itself still count, and so does a rule made for it."""
    compiled = ruleset(
        rule("counts", "!order.symbol_seen", action=Action.DENY),
        rule("own", "order.value > 5", points=1),
        rule("listed", "'blocked' in lists.ip", points=1),
        rule("made-for-it", "store.is_missing && !order.symbol_seen", points=1),
        lists=(ListEntry("blocked", "ip", "203.0.113.7"),),
    )
    facts = features(is_missing=True, order__value=9, store__is_missing=True)
    assert judge(event(), facts, compiled).rules == ("listed", "made-for-it", "outage", "own")


def test_a_switch_turns_a_rule_or_limit_off() -> None:
    """Even one that fails; the others go on."""
    limit = Limit("a-limit", frozenset({Kind.ORDER}), Dimension.ACCOUNT, 600, 5)
    compiled = ruleset(
        rule("bad", FAILING, action=Action.DENY), rule("deny", action=Action.DENY), limits=(limit,)
    )
    switches = [Switch(SwitchKind.RULE_OFF, LATER, target) for target in ("bad", "deny", "a-limit")]
    decision = judge(event(), features(hit()), compiled, switches)
    assert (decision.action, decision.rules) == (Action.ALLOW, ())
    assert judge(event(), features(hit()), compiled, switches[:1]).rules == ("a-limit", "deny")


def test_a_switch_tightens_one_kind() -> None:
    """At least that action for that kind; hold becomes deny where nothing can wait."""
    switch = Switch(SwitchKind.TIGHTEN, LATER, "order", Action.CHALLENGE, Strength.OOB)
    decision = judge(event(), features(), ruleset(), [switch])
    assert (decision.action, decision.required) == (Action.CHALLENGE, Strength.OOB)
    assert decision.rules == ("switch:tighten",)
    assert judge(event(Kind.LOGIN), features(), ruleset(), [switch]).action == Action.ALLOW
    hold = Switch(SwitchKind.TIGHTEN, LATER, "login", Action.HOLD)
    assert judge(event(Kind.LOGIN), features(), ruleset(), [hold]).action == Action.DENY
    out = Switch(SwitchKind.TIGHTEN, LATER, "logout", Action.DENY)
    assert judge(event(Kind.LOGOUT), features(), ruleset(), [out]).action == Action.ALLOW


def test_the_observe_switch_decides_and_stops_nobody() -> None:
    """The decision is the same, marked as not to be enforced."""
    compiled = ruleset(rule("deny", action=Action.DENY))
    switch = Switch(SwitchKind.OBSERVE_ALL, LATER)
    observed = judge(event(), features(), compiled, [switch])
    assert observed == replace(judge(event(), features(), compiled), observe_only=True)


def test_a_switch_ends_at_its_time() -> None:
    """By the event's own time, to the instant."""
    switch = Switch(SwitchKind.OBSERVE_ALL, AT)
    assert not judge(event(), features(), ruleset(), [switch]).observe_only
    assert judge(event(at=AT - timedelta(milliseconds=1)), features(), ruleset(), [switch]).observe_only
