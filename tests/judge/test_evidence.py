"""The models' evidence: sums that add up, weights that never fall, and switches that turn them off."""

from __future__ import annotations

from math import isfinite
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from authshield.judge import judge
from authshield.judge.evidence.signs import SIGNS
from authshield.judge.evidence.weights import faults, shipped
from authshield.vocabulary.event import Kind
from authshield.vocabulary.features import Features
from tests.judge.events import event, features, ruleset

ON: dict[str, float] = {}
WEIGHED = ruleset(parameters=ON)
STRANGE: dict[str, Any] = {
    "account__logins": 40,
    "device__surprise": 4.0,
    "network__surprise": 4.0,
    "network__kind": "hosting",
    "session__login_risk": 60.0,
    "order__side": "buy",
    "order__symbol_surprise": 3.0,
    "order__liquidation_24h": 0.9,
    "order__sale_surprise": 4.0,
    "order__adv_share": 0.5,
    "order__reuse": 1.0,
}


def test_the_shipped_weights_are_whole_and_never_fall() -> None:
    """Every sign has a weight for each step, none less than that of the step before."""
    weights = shipped()
    assert list(faults(weights)) == []
    assert {sign.code for sign in SIGNS} <= set(weights)


@pytest.mark.parametrize(
    ("code", "nats"),
    [("who:device", (0.0,)), ("who:relay", (1.0, 0.0)), ("who:relay", (0.0, 99.0)), ("who:nobody", (0.0,))],
)
def test_weights_that_make_no_sense_are_named(code: str, nats: tuple[float, ...]) -> None:
    """Too few, falling, beyond bounds, or of a sign that there is not."""
    assert [name for name, _ in faults({code: nats})] == [code]


def test_a_strange_order_is_told_line_by_line() -> None:
    """The points of the reasons add up to the risk."""
    decision = judge(event(Kind.ORDER), features(**STRANGE), WEIGHED)
    assert decision.evidence > 0
    assert decision.risk == pytest.approx(min(100.0, sum(reason.points for reason in decision.reasons)))
    assert {"who:device", "order:sale"} <= {reason.code for reason in decision.reasons}
    assert decision.rules == ()


def test_models_that_are_switched_off_weigh_nothing() -> None:
    """The desk can do without them."""
    decision = judge(event(Kind.ORDER), features(**STRANGE), ruleset())
    assert (decision.risk, decision.evidence, decision.reasons) == (0.0, 0.0, ())


def test_nobody_is_weighed_who_cannot_be_compared() -> None:
    """While the counters are away the written policy decides alone."""
    decision = judge(event(Kind.ORDER), features(is_missing=True, **STRANGE), WEIGHED)
    assert decision.evidence == 0.0


@given(
    name=st.sampled_from(
        ["device.surprise", "network.surprise", "session.login_risk", "order.liquidation_24h"]
    ),
    values=st.tuples(st.floats(0, 8), st.floats(0, 8)),
)
def test_more_suspicion_never_weighs_less(name: str, values: tuple[float, float]) -> None:
    """One fact more suspicious, all others alike: the evidence does not fall."""
    usual = features(order__side="sell")
    less, more = (
        judge(event(Kind.ORDER), Features({**usual.facts, name: value}), WEIGHED).evidence
        for value in sorted(values)
    )
    assert less <= more


AMOUNTS = (
    "order.turnover_24h",
    "order.adv",
    "order.adv_share",
    "order.liquidation_24h",
    "order.portfolio_share",
)


@given(side=st.sampled_from(["buy", "sell"]), amounts=st.tuples(*[st.floats(0, 1e300)] * len(AMOUNTS)))
@example(side="buy", amounts=(5e-324,) * len(AMOUNTS))
@example(side="buy", amounts=(1e300,) * len(AMOUNTS))
def test_no_amount_is_too_small_or_too_large_to_weigh(side: str, amounts: tuple[float, ...]) -> None:
    """An order is weighed, and its reasons are told, whatever the numbers are."""
    facts = {**features(order__side=side).facts, **dict(zip(AMOUNTS, amounts, strict=True))}
    decision = judge(event(Kind.ORDER), Features(facts), WEIGHED)
    assert isfinite(decision.evidence)
    assert all(reason.text for reason in decision.reasons)
