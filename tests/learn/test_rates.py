"""The desk names a rate and gets it: exactly, for whatever risks look like, in each stratum."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authshield.judge import compile_ruleset, judge
from authshield.learn import labels, proposals, strata
from authshield.learn.labels import Target, Word
from authshield.learn.rates import RULES_ALONE, TOO_FEW, Ordinary, curve, needed_for, rate_at, threshold_for
from authshield.models import Case, Proposal
from authshield.tune import rulebook
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ruleset import RulesetSource, Scope, Threshold
from tests.judge.events import event, features
from tests.learn.making import START, recorded

RISKS = st.one_of(st.floats(0, 100), st.sampled_from([0.0, 12.5, 50.0, 99.99, 100.0]))
DECISIONS = st.lists(
    st.builds(Ordinary, RISKS, st.booleans().map(lambda asked: asked)), min_size=1, max_size=60
)
NOW = START + timedelta(days=30)


@given(DECISIONS, st.floats(0.01, 0.6))
def test_of_all_ways_to_pick_the_next_one_at_most_the_promised_share_is_over(
    decisions: list[Ordinary], rate: float
) -> None:
    """The law of split conformal thresholds, whatever the risks and however many are equal.

    Where there is no threshold nothing is asked but what rules ask by themselves.
    """
    over = 0
    for place, one in enumerate(decisions):
        found = threshold_for(decisions[:place] + decisions[place + 1 :], rate)
        if found.threshold is not None:
            over += one.score >= found.threshold
    assert over <= floor(rate * len(decisions) + 1e-6)


@given(st.lists(st.builds(Ordinary, RISKS), min_size=1, max_size=200), st.floats(0.01, 0.6))
def test_the_threshold_is_the_least_that_keeps_the_promise(decisions: list[Ordinary], rate: float) -> None:
    """One hundredth less would ask for more than the share that is allowed of those that it was found by."""
    found = threshold_for(decisions, rate)
    if found.threshold is None:
        assert len(decisions) < needed_for(rate) or found.why == RULES_ALONE
        return
    allowed = floor(rate * (len(decisions) + 1) + 1e-6)
    assert sum(one.score >= found.threshold for one in decisions) <= allowed
    assert sum(one.score >= found.threshold - 0.01 for one in decisions) >= allowed


def test_too_few_decisions_promise_nothing() -> None:
    """For 1 % it takes 99."""
    few = [Ordinary(float(number)) for number in range(98)]
    assert (threshold_for(few, 0.01).why, needed_for(0.01)) == (TOO_FEW, 99)
    assert threshold_for([*few, Ordinary(98.0)], 0.01).threshold == 98.01


def test_rules_that_ask_more_by_themselves_are_told() -> None:
    """No threshold lowers that."""
    decisions = [Ordinary(1.0, is_asked=number < 5) for number in range(100)]
    assert threshold_for(decisions, 0.02).why == RULES_ALONE
    assert threshold_for(decisions, 0.10).threshold == 1.01
    assert rate_at(decisions, None) == 0.05


def test_the_curve_falls_from_all_to_what_rules_ask() -> None:
    """The picture's line."""
    points = curve([Ordinary(10.0), Ordinary(55.0), Ordinary(3.0, is_asked=True)])
    assert points[0] == (0.0, 1.0)
    assert points[-1][1] == pytest.approx(1 / 3)
    assert [rate for _, rate in points] == sorted((rate for _, rate in points), reverse=True)


def month(number: int, *, trusted: bool, start: int = 0) -> None:
    """Sign-ins whose risks go evenly from 0 to 100."""
    facts = {"event.kind": "login"} | ({"device.is_trusted": True} if trusted else {})
    for place in range(number):
        recorded(
            start + place,
            kind="login",
            sid=f"s-{start + place}",
            at=START + timedelta(minutes=place),
            risk=100 * (place + 0.5) / number,
            facts=facts,
        )


@pytest.mark.django_db
def test_a_published_proposal_asks_each_stratum_at_its_rate() -> None:
    """Trusted devices and others apart; all else stays; nothing counts before it is published."""
    rulebook.seed_default(START)
    month(200, trusted=True)
    month(200, trusted=False, start=1000)
    before = rulebook.published()
    made = strata.propose({"login_known": 0.02, "login_unknown": 0.25}, by="aoi", now=NOW)
    assert rulebook.published() == before
    version = proposals.publish(made, None, "as agreed", NOW)
    source = rulebook.published()
    assert source is not None
    assert before is not None
    assert (source.rules, source.limits) == (before.rules, before.limits)
    found = {one.scope: one.risk for one in source.thresholds if Kind.LOGIN in one.kinds}
    assert found == {Scope.KNOWN_DEVICE: pytest.approx(98.26), Scope.UNKNOWN_DEVICE: pytest.approx(75.26)}
    assert {one for one in source.thresholds if Kind.ORDER in one.kinds} == {
        one for one in before.thresholds if Kind.ORDER in one.kinds
    }
    made.refresh_from_db()
    assert (made.state, made.version) == (Proposal.State.PUBLISHED, version.number)
    assert judge(event(Kind.LOGIN), features(), compile_ruleset(source)).action is Action.ALLOW


@pytest.mark.django_db
def test_one_rate_alone_leaves_the_other_kind_of_device_as_it_was() -> None:
    """A threshold for all becomes one for each."""
    rulebook.seed_default(START)
    month(200, trusted=False)
    before = next(one for one in rulebook.draft_source().thresholds if Kind.LOGIN in one.kinds)
    proposals.publish(strata.propose({"login_unknown": 0.1}, by="aoi", now=NOW), None, "", NOW)
    source = rulebook.published()
    assert source is not None
    mine = {one.scope: one for one in source.thresholds if Kind.LOGIN in one.kinds}
    assert mine[Scope.KNOWN_DEVICE].risk == before.risk
    assert mine[Scope.UNKNOWN_DEVICE].risk == pytest.approx(90.26)
    assert {one.required for one in mine.values()} == {before.required}


ORDERS = frozenset({Kind.ORDER, Kind.ORDER_CHANGE})
ASKED = Threshold(ORDERS, 12, Action.CHALLENGE, Strength.OTP, lenient=True)
ASKED_MORE = Threshold(ORDERS, 28, Action.CHALLENGE, Strength.PHISHING_RESISTANT)
HELD = Threshold(ORDERS, 34, Action.HOLD)
LOGIN = Threshold(frozenset({Kind.LOGIN}), 70, Action.CHALLENGE, Strength.OTP)


@pytest.mark.parametrize(
    ("risk", "asked", "asked_more"), [(5.0, 5.0, 28.0), (20.0, 20.0, 28.0), (60.0, 60.0, 60.0)]
)
def test_the_least_threshold_moves_and_stricter_ones_never_ask_before_it(
    risk: float, asked: float, asked_more: float
) -> None:
    """Or the promise would be broken; what is held, other devices and other events stay as they are."""
    source = RulesetSource(1, "mine", thresholds=(ASKED, ASKED_MORE, HELD, LOGIN))
    found = set(strata.changed(source, [{"stratum": "order_known", "risk": risk}]))
    known, others = Scope.KNOWN_DEVICE, Scope.UNKNOWN_DEVICE
    wanted = {(ASKED, known, asked), (ASKED, others, 12.0), (ASKED_MORE, known, asked_more)}
    wanted |= {(ASKED_MORE, others, 28.0)}
    split = {replace(one, scope=scope, risk=at) for one, scope, at in wanted}
    if asked_more == 28.0:
        split -= {replace(ASKED_MORE, scope=scope) for scope in (known, others)}
        split |= {ASKED_MORE}
    assert found == split | {HELD, LOGIN}


@pytest.mark.django_db
def test_a_hold_that_comes_before_the_question_is_told() -> None:
    """The rate of those who are asked would be right, and customers would be held instead."""
    source = RulesetSource(1, "mine", thresholds=(HELD,))
    rulebook.publish_source(source, None, "", START)
    for place in range(200):
        recorded(place, risk=place / 2, facts={"event.kind": "order"}, at=START + timedelta(minutes=place))
    [told] = strata.propose({"order_unknown": 0.1}, by="aoi", now=NOW).evidence["strata"]
    assert told["threshold"] > 34
    assert told["is_under"]


@pytest.mark.django_db
def test_attacks_do_not_shift_the_buffer() -> None:
    """What is called fraud, and what a case is open about, is not the customers'."""
    month(50, trusted=False)
    labels.put(Target("7", "s-49"), "fraud", Word("aoi"), NOW)
    Case.objects.create(account="7", sid="s-48", title="strange", opened_at=NOW)
    Case.objects.create(
        account="7", sid="s-47", title="his own", opened_at=NOW, state="closed", verdict="legit"
    )
    found = strata.standing(strata.BY_NAME["login_unknown"], NOW)
    assert len(found.ordinary) == 48


@pytest.mark.django_db
def test_a_proposal_is_decided_on_once() -> None:
    """Neither published after it was dismissed, nor twice."""
    month(50, trusted=False)
    made = strata.propose({"login_unknown": 0.1}, by="aoi", now=NOW)
    proposals.dismiss(made, by="aoi", reason="later", now=NOW)
    with pytest.raises(Exception, match="decided"):
        proposals.publish(made, None, "", NOW)
    assert rulebook.published() is None
