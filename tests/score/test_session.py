"""The late score tells a hijacked session from an owner who does something large, and adds what others do."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authshield.judge import Ruleset, compile_ruleset
from authshield.judge.evidence.signs import SIGNS, facts_weighed
from authshield.score.scan import InMemory
from authshield.score.session import NOTHING, SCORED, LateScore, of_member, score
from authshield.tune.transfer import default_source
from authshield.vocabulary.event import DeviceSeen, Event, Kind
from authshield.vocabulary.facts import MISSING
from authshield.vocabulary.features import FactValue, Features
from tests.recorded import event, features

Facts = dict[str, FactValue]
SHIPPED = compile_ruleset(default_source())

OWNER: Facts = {
    "device__is_trusted": True,
    "device__browser_seen": True,
    "device__likeness": 1.0,
    "device__proof": "valid",
    "network__is_familiar": True,
}
STRANGER: Facts = {
    "device__surprise": 4.0,
    "device__likeness": -2.0,
    "device__proof_missed": True,
    "network__surprise": 4.0,
    "network__kind": "hosting",
    "session__login_risk": 60.0,
}
STOLEN_COOKIE: Facts = {
    "device__is_trusted": True,
    "device__proof_missed": True,
    "network__surprise": 4.0,
    "session__browser_changed": True,
    "session__network_changed": True,
}
SELL_OUT: Facts = {
    "order__side": "sell",
    "order__liquidation_24h": 0.9,
    "order__sale_surprise": 4.0,
    "order__symbol_seen": True,
}
ALL_IN: Facts = {
    "order__side": "buy",
    "order__liquidation_24h": 0.9,
    "order__sale_surprise": 4.0,
    "order__reuse": 1.0,
    "order__concentration": 1.0,
    "order__portfolio_share": 0.9,
    "order__symbol_surprise": 3.0,
}
PUMP: Facts = {
    **ALL_IN,
    "order__is_thin": True,
    "order__adv": 5_000_000.0,
    "order__adv_share": 1.0,
    "order__thin_surprise": 4.0,
}
LARGE_CAP: Facts = {**ALL_IN, "order__adv": 9e10, "order__adv_share": 0.0001}
LEAVING: Facts = {
    "withdrawal__value": 5e6,
    "withdrawal__share": 0.8,
    "withdrawal__destination_age_days": 0.0,
}
OLD_DESTINATION: Facts = {**LEAVING, "withdrawal__destination_age_days": 400.0}


def late(*parts: Facts, kind: Kind = Kind.ORDER, by: Ruleset = SHIPPED, **more: FactValue) -> LateScore:
    """The score of an event with these facts, of which nobody else has anything."""
    facts: Facts = {}
    for part in parts:
        facts |= part
    return score(event(kind), features(**{**facts, **more}), by, InMemory({}))


def ruleset(**parameters: float) -> Ruleset:
    """The shipped one with other parameters."""
    source = default_source()
    return compile_ruleset(replace(source, parameters={**source.parameters, **parameters}))


@pytest.mark.parametrize("who", [STRANGER, STOLEN_COOKIE])
def test_the_golden_scenario_opens_a_case(who: Facts) -> None:
    """All sold and put into one thin symbol that the account never held, by somebody who is not the owner."""
    assert late(who, PUMP).opens_case


@pytest.mark.parametrize(
    ("name", "kind", "facts"),
    [
        ("sells everything", Kind.ORDER, SELL_OUT),
        ("sells everything and buys one large-cap", Kind.ORDER, LARGE_CAP),
        ("sells everything and buys a thin symbol", Kind.ORDER, PUMP),
        ("withdraws most to an old destination", Kind.WITHDRAWAL, OLD_DESTINATION),
    ],
)
def test_an_owner_stays_below_a_case(name: str, kind: Kind, facts: Facts) -> None:
    """What honest customers do on their own devices at home, in the cases nearest to fraud."""
    found = late(OWNER, facts, kind=kind)
    assert not found.opens_case, (name, found)
    assert not found.contains


@pytest.mark.parametrize(
    ("kind", "facts"), [(Kind.ORDER, SELL_OUT), (Kind.ORDER, PUMP), (Kind.WITHDRAWAL, LEAVING)]
)
def test_a_stranger_scores_above_the_owner(kind: Kind, facts: Facts) -> None:
    """The same doings, by somebody else."""
    assert late(STRANGER, facts, kind=kind).score > late(OWNER, facts, kind=kind).score


def test_a_proof_that_cannot_be_relayed_speaks_for_the_session() -> None:
    """A passkey says more for it than a one-time code."""
    passkey, code = (
        sum(reason.points for reason in late(STRANGER, PUMP, session__strength=strength).reasons)
        for strength in (3, 2)
    )
    assert passkey < code


def test_the_thresholds_are_the_rulesets() -> None:
    """The desk moves them without a new release."""
    reached = late(STRANGER, PUMP).score
    found = late(STRANGER, PUMP, by=ruleset(score_case=100.0, score_contain=reached))
    assert (found.opens_case, found.contains) == (reached >= 100, True)
    found = late(STRANGER, PUMP, by=ruleset(score_case=reached, score_contain=100.0))
    assert (found.opens_case, found.contains) == (True, reached >= 100)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in SCORED])
def test_other_events_score_nothing(kind: Kind) -> None:
    """A page or a sign-in is judged live, not late."""
    assert late(STRANGER, PUMP, kind=kind) == NOTHING


def test_what_could_not_be_measured_scores_nothing() -> None:
    """Nor does an order of nobody."""
    facts = features(**{**STRANGER, **PUMP})
    missing = replace(facts, is_missing=True)
    assert score(event(Kind.ORDER), missing, SHIPPED, InMemory({})) == NOTHING
    assert score(event(Kind.ORDER, account=None), facts, SHIPPED, InMemory({})) == NOTHING


def test_a_fact_of_the_wrong_type_counts_for_nothing() -> None:
    """A word where a number belongs does not break the drain."""
    assert late(STRANGER, order__liquidation_24h="much").score == late(STRANGER).score


# ------------------------------------------------------------- campaigns


def buyer(number: int) -> Event:
    """A buy of the thin symbol by another account, each from a network and a device of its own."""
    return event(
        Kind.ORDER,
        number,
        account=f"account-{number}",
        session=f"sid-{number}",
        device=DeviceSeen(id=f"device-{number}"),
        client=replace(event().client, ip=f"192.0.{number}.1", browser=f"browser {number}"),
    )


def in_turn(count: int, facts: Facts, *, by: Ruleset = SHIPPED) -> list[LateScore]:
    """The scores of so many buyers who have nothing but the symbol in common."""
    members = InMemory({})
    return [score(buyer(number), features(**facts), by, members) for number in range(1, count + 1)]


def test_strangers_who_buy_one_thin_symbol_make_a_campaign() -> None:
    """By the fourth it is named, with all its members, and its part in the score is told."""
    found = in_turn(4, {**STRANGER, **PUMP})[-1]
    assert found.campaign is not None
    assert found.campaign.join == ("symbol", "7992")
    assert {member.account for member in found.campaign.members} == {f"account-{n}" for n in range(1, 5)}
    assert "campaign:scan" in {reason.code for reason in found.reasons}
    assert found.score >= late(STRANGER, PUMP).score


def test_what_a_campaign_says_against_its_members_grows_with_their_own_evidence() -> None:
    """An earlier member is scored by its own last order and by the campaign."""
    found = in_turn(4, {**STRANGER, **PUMP})[-1]
    assert found.campaign is not None
    member = found.campaign.members[0]
    told = [of_member(replace(member, nats=nats), found.campaign) for nats in (-60.0, -1.0, 1.0, 60.0)]
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 100.0)


def test_a_rally_of_customers_is_no_campaign() -> None:
    """Two hundred who buy one thin symbol on their own devices cancel each other out."""
    rally: Facts = {**OWNER, "order__side": "buy", "order__is_thin": True, "order__adv_share": 0.001}
    assert not any(found.campaign or found.opens_case for found in in_turn(200, rally))


def test_campaigns_can_be_switched_off() -> None:
    """By the ruleset's parameter."""
    off = ruleset(model_campaign=0.0)
    assert not any(found.campaign for found in in_turn(6, {**STRANGER, **PUMP}, by=off))


# ------------------------------------------------------------- laws

WEIGHED = sorted(
    name for name in facts_weighed(Kind.ORDER) if name in MISSING and not isinstance(MISSING[name], str)
)
SUSPICIOUS = [
    "device.surprise",
    "network.surprise",
    "session.login_risk",
    "order.liquidation_24h",
    "order.sale_surprise",
    "order.adv_share",
    "order.concentration",
    "order.reuse",
]


def _value(name: str) -> st.SearchStrategy[Any]:
    return st.booleans() if isinstance(MISSING[name], bool) else st.floats(-5, 100)


some_facts = st.fixed_dictionaries({name: _value(name) for name in WEIGHED}).flatmap(
    lambda facts: st.sampled_from(["buy", "sell"]).map(lambda side: {**facts, "order.side": side})
)


def scored(facts: Facts) -> LateScore:
    """The score of an order with these facts, named in full."""
    return score(event(Kind.ORDER), Features({**MISSING, **facts}), SHIPPED, InMemory({}))


@given(some_facts, st.sampled_from(SUSPICIOUS), st.tuples(st.floats(-5, 100), st.floats(-5, 100)))
def test_more_evidence_never_lowers_a_score(facts: Facts, name: str, values: tuple[float, float]) -> None:
    """One fact more suspicious, all others alike."""
    low, high = sorted(values)
    each_rounded = 0.005 * 2 * len(SIGNS)
    assert scored({**facts, name: low}).score <= scored({**facts, name: high}).score + each_rounded


@given(some_facts)
def test_the_points_explain_the_score(facts: Facts) -> None:
    """They come largest first, add up to the score before it is clipped, and say something."""
    found = scored(facts)
    points = [reason.points for reason in found.reasons]
    assert found.score == pytest.approx(max(0.0, min(100.0, sum(points))), abs=0.01)
    assert points == sorted(points, reverse=True)
    assert all(reason.code and reason.text for reason in found.reasons)
    assert len({reason.code for reason in found.reasons}) == len(points)


@given(st.lists(st.tuples(some_facts, st.integers(1, 4)), max_size=6))
def test_scores_are_the_same_the_second_time(orders: list[tuple[Facts, int]]) -> None:
    """Nothing but the events goes in: a replay finds the same, and so does a worker that repeats one."""

    def once(members: InMemory) -> list[LateScore]:
        return [
            score(
                replace(buyer(number), at=event().at + timedelta(seconds=place)),
                Features({**MISSING, **facts}),
                SHIPPED,
                members,
            )
            for place, (facts, number) in enumerate(orders)
        ]

    members = InMemory({})
    first = once(members)
    assert once(InMemory({})) == first
    assert once(members)[-1:] == first[-1:]
