"""The late score tells a hijacked session from an owner who does something large."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authshield.score.session import SCORED, LateScore, score
from authshield.vocabulary.event import Kind
from authshield.vocabulary.features import FactValue
from tests.recorded import event, features

KNOWN: dict[str, FactValue] = {
    "device__is_trusted": True,
    "session__login_risk": 5.0,
    "order__symbol_seen": True,
}
STRANGE: dict[str, FactValue] = {"session__is_unusual": True, "session__login_risk": 55.0}
LIQUIDATION: dict[str, FactValue] = {
    "order__side": "sell",
    "order__liquidation_30m": 0.9,
    "order__liquidation_24h": 0.95,
    "order__symbol_seen": True,
}
THIN_BUY: dict[str, FactValue] = {
    "order__side": "buy",
    "order__is_thin": True,
    "order__adv_share": 0.25,
    "order__symbol_seen": False,
}
LARGE_CAP_BUY: dict[str, FactValue] = {
    "order__side": "buy",
    "order__adv_share": 0.0001,
    "order__concentration": 0.1,
}
ALL_IN: dict[str, FactValue] = {
    "order__liquidation_24h": 1.0,
    "order__reuse": 1.0,
    "order__concentration": 1.0,
}
HALF_OF_IT: dict[str, FactValue] = {"order__concentration": 0.5}
WITHDRAWAL: dict[str, FactValue] = {
    "withdrawal__share": 0.5,
    "withdrawal__destination_age_days": 400.0,
}


def late(
    *parts: dict[str, FactValue], kind: Kind = Kind.ORDER, parameters: Any = None, **more: FactValue
) -> LateScore:
    """The score of an order with these facts."""
    facts: dict[str, FactValue] = {}
    for part in parts:
        facts |= part
    return score(event(kind), features(**{**facts, **more}), parameters or {})


@pytest.mark.parametrize("sold", [0.5, 0.7, 1.0])
@pytest.mark.parametrize("reuse", [0.2, 0.97])
@pytest.mark.parametrize("concentration", [0.2, 0.97])
def test_the_golden_scenario_is_contained(sold: float, reuse: float, concentration: float) -> None:
    """A strange session that sold half or more and buys one thin symbol it never held: over the threshold."""
    found = late(
        STRANGE,
        THIN_BUY,
        order__liquidation_24h=sold,
        order__reuse=reuse,
        order__concentration=concentration,
    )
    assert found.score >= 75
    assert found.contains
    assert found.opens_case


def test_a_stolen_cookie_is_as_strange_as_an_unknown_device() -> None:
    """The session was opened well and goes on in another browser from another network."""
    moved: dict[str, FactValue] = {"session__browser_changed": True, "session__network_changed": True}
    assert late(KNOWN, moved, THIN_BUY, order__liquidation_24h=0.8, order__concentration=0.8).contains


@pytest.mark.parametrize(
    ("name", "facts", "most"),
    [
        ("sells everything on a trusted device", {**KNOWN, **LIQUIDATION}, 40),
        (
            "sells everything and buys one large-cap on a trusted device",
            {**KNOWN, **LARGE_CAP_BUY, **ALL_IN},
            40,
        ),
        ("buys much of a new thin symbol on a trusted device", {**KNOWN, **THIN_BUY, **HALF_OF_IT}, 40),
        ("buys a thin symbol on a device that is new, at home", THIN_BUY, 40),
        ("buys a little of a large-cap in a strange session", {**STRANGE, **LARGE_CAP_BUY}, 50),
        ("sells a little in a strange session", {**STRANGE, "order__liquidation_24h": 0.1}, 50),
        ("withdraws half on a trusted device to an old destination", {**KNOWN, **WITHDRAWAL}, 40),
    ],
)
def test_an_owner_stays_below_a_case(name: str, facts: dict[str, FactValue], most: float) -> None:
    """What honest customers do, in the cases nearest to fraud."""
    found = late(facts)
    assert found.score < most, (name, found)
    assert not found.opens_case


def test_a_strange_session_that_sells_half_gets_a_case_and_goes_on() -> None:
    """A traveller who sells is looked at by the desk, not thrown out."""
    found = late(STRANGE, LIQUIDATION)
    assert found.opens_case
    assert not found.contains


def test_a_proof_that_cannot_be_relayed_clears_a_strange_session() -> None:
    """A passkey in the session says that it is the owner; a one-time code does not."""
    golden = {**STRANGE, **THIN_BUY, "order__liquidation_24h": 0.8}
    assert late(golden, session__strength=3).score < 40
    assert late(golden, session__strength=2).contains


def test_a_strange_withdrawal_to_a_new_destination_is_contained() -> None:
    """Money may leave too, though in 2025 it did not."""
    facts: dict[str, FactValue] = {"withdrawal__share": 0.8, "withdrawal__destination_age_days": 0.0}
    assert late(STRANGE, facts, kind=Kind.WITHDRAWAL).contains


def test_a_campaign_in_the_symbol_adds_up() -> None:
    """Other unusual sessions that buy the same symbol raise the score, and count for nothing with an owner."""
    alone = late(STRANGE, THIN_BUY, order__symbol_buyers_60m=1)
    assert late(STRANGE, THIN_BUY, order__symbol_buyers_60m=4).score == pytest.approx(alone.score + 10)
    assert late(KNOWN, THIN_BUY, order__symbol_buyers_60m=9).score == late(KNOWN, THIN_BUY).score


def test_fresh_contact_data_adds_up() -> None:
    """A change in the last day counts in full, after three days not at all."""
    values = [
        late(STRANGE, LIQUIDATION, account__contact_changed_hours=float(h)).score for h in (2, 24, 48, 72)
    ]
    assert values[0] == values[1] > values[2] > values[3] == late(STRANGE, LIQUIDATION).score


def test_the_thresholds_are_the_rulesets() -> None:
    """The desk moves them without a new release."""
    found = late(STRANGE, LIQUIDATION, parameters={"score_case": 99, "score_contain": 10})
    assert (found.opens_case, found.contains) == (False, True)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in SCORED])
def test_other_events_score_nothing(kind: Kind) -> None:
    """A page or a sign-in is judged live, not late."""
    assert late(STRANGE, THIN_BUY, LIQUIDATION, kind=kind) == LateScore(0.0, ())


def test_a_fact_of_the_wrong_type_counts_for_nothing() -> None:
    """A word where a number belongs does not break the drain."""
    assert late(STRANGE, order__liquidation_24h="much").score == late(STRANGE).score


# ------------------------------------------------------------- laws

share = st.floats(0, 1)
FACTS = {
    "session.is_unusual": st.booleans(),
    "session.login_risk": st.floats(0, 100),
    "session.browser_changed": st.booleans(),
    "session.device_changed": st.booleans(),
    "session.network_changed": st.booleans(),
    "session.country_changed": st.booleans(),
    "session.strength": st.integers(0, 4),
    "device.is_trusted": st.booleans(),
    "account.contact_changed_hours": st.floats(0, 100),
    "order.side": st.sampled_from(["buy", "sell"]),
    "order.liquidation_30m": share,
    "order.liquidation_24h": share,
    "order.reuse": share,
    "order.concentration": share,
    "order.is_thin": st.booleans(),
    "order.adv_share": st.floats(0, 2),
    "order.symbol_seen": st.booleans(),
    "order.symbol_buyers_60m": st.integers(0, 10),
    "withdrawal.share": share,
    "withdrawal.destination_age_days": st.floats(0, 60),
}
CALMING = {
    "session.strength",
    "device.is_trusted",
    "account.contact_changed_hours",
    "order.symbol_seen",
    "withdrawal.destination_age_days",
}
"""Facts that speak for the owner the larger they are."""

some_facts = st.fixed_dictionaries(FACTS)
changeable = st.sampled_from(sorted(set(FACTS) - {"order.side"}))


def scored(facts: dict[str, FactValue]) -> LateScore:
    """The score of an order with these facts, named in full."""
    return late({name.replace(".", "__"): value for name, value in facts.items()})


@given(some_facts, changeable, st.data())
def test_more_evidence_never_lowers_a_score(facts: dict[str, Any], name: str, data: st.DataObject) -> None:
    """Monotone in every fact: up in what speaks against the session, down in what speaks for it."""
    other = data.draw(FACTS[name])
    low, high = sorted([facts[name], other])
    below, above = scored({**facts, name: low}), scored({**facts, name: high})
    if name in CALMING:
        below, above = above, below
    assert below.score <= above.score + 0.05  # each part is rounded to a hundredth


@given(some_facts)
def test_the_points_explain_the_score(facts: dict[str, Any]) -> None:
    """They are positive, largest first, add up to the score before it is clipped, and say something."""
    found = scored(facts)
    points = [reason.points for reason in found.reasons]
    assert found.score == pytest.approx(min(100, sum(points)), abs=0.01)
    assert points == sorted(points, reverse=True)
    assert all(value > 0 for value in points)
    assert all(reason.code and reason.text for reason in found.reasons)
    assert len({reason.code for reason in found.reasons}) == len(points)


@given(some_facts)
def test_a_score_is_the_same_the_second_time(facts: dict[str, Any]) -> None:
    """Nothing but the facts goes in: a replay finds the same."""
    assert scored(facts) == scored(facts)
