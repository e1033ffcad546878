"""How a decision is settled for a customer's factors, by the page on events."""

from __future__ import annotations

from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authshield.judge import Demand, resolve
from authshield.vocabulary.actions import FACTOR_STRENGTH, Action, Strength
from authshield.vocabulary.decision import Decision
from authshield.vocabulary.event import HOLDABLE, Kind

FACTORS = sorted(FACTOR_STRENGTH)
SETS = st.sampled_from(list(chain.from_iterable(combinations(FACTORS, n) for n in range(len(FACTORS) + 1))))


def decision(action: Action, required: Strength = Strength.NONE) -> Decision:
    """A decision without reasons."""
    return Decision("e1", action, required, 0, (), (), 1)


OTP, PHR, ANY = Strength.OTP, Strength.PHISHING_RESISTANT, Strength.ANY

CASES = [
    (Kind.ORDER, ANY, ("email", "totp"), Demand(Action.CHALLENGE, OTP, ("totp",))),
    (Kind.ORDER, ANY, ("email",), Demand(Action.HOLD)),
    (Kind.ORDER, PHR, ("totp",), Demand(Action.HOLD)),
    (Kind.ORDER, PHR, ("totp", "oob", "webauthn"), Demand(Action.CHALLENGE, PHR, ("webauthn", "oob"))),
    (Kind.WITHDRAWAL, OTP, ("static", "totp"), Demand(Action.CHALLENGE, OTP, ("totp", "static"))),
    (Kind.PROFILE_CHANGE, OTP, (), Demand(Action.HOLD)),
    (Kind.LOGIN, ANY, ("email", "totp"), Demand(Action.CHALLENGE, ANY, ("email", "totp"))),
    (Kind.LOGIN, PHR, ("email", "totp"), Demand(Action.CHALLENGE, OTP, ("totp",))),
    (Kind.LOGIN, OTP, ("email",), Demand(Action.CHALLENGE, ANY, ("email",))),
    (Kind.LOGIN, ANY, (), Demand(Action.CHALLENGE, ANY, ())),
    (Kind.REQUEST, OTP, ("pigeon",), Demand(Action.CHALLENGE, OTP, ())),
]


@pytest.mark.parametrize(("kind", "required", "enrolled", "expected"), CASES)
def test_a_challenge_is_settled_as_the_contract_says(
    kind: Kind, required: Strength, enrolled: tuple[str, ...], expected: Demand
) -> None:
    """Money asks at least for a one-time code and waits without one; a sign-in asks for the best there is."""
    assert resolve(decision(Action.CHALLENGE, required), kind, enrolled) == expected


@pytest.mark.parametrize("kind", list(Kind))
def test_a_hold_waits_or_is_refused(kind: Kind) -> None:
    """Hold exists for money and profile changes alone."""
    expected = Action.HOLD if kind in HOLDABLE else Action.DENY
    assert resolve(decision(Action.HOLD), kind, FACTORS) == Demand(expected)


@given(st.sampled_from(list(Kind)), st.sampled_from(list(Action)), st.sampled_from(list(Strength)), SETS)
def test_settling_never_softens(
    kind: Kind, action: Action, required: Strength, enrolled: tuple[str, ...]
) -> None:
    """What comes out is at least as strict, and every factor offered is the customer's and strong enough."""
    demand = resolve(decision(action, required), kind, enrolled)
    assert demand.action >= action
    assert set(demand.factors) <= set(enrolled)
    assert all(FACTOR_STRENGTH[name] >= demand.required for name in demand.factors)
    strengths = [FACTOR_STRENGTH[name] for name in demand.factors]
    assert strengths == sorted(strengths)
    if demand.action == Action.CHALLENGE and kind in HOLDABLE:
        assert demand.required >= max(required, Strength.OTP)
        assert demand.factors


@given(st.sampled_from(list(Kind)), st.sampled_from(list(Strength)), SETS, st.sampled_from(FACTORS))
def test_enrolling_a_factor_never_closes_a_door(
    kind: Kind, required: Strength, enrolled: tuple[str, ...], factor: str
) -> None:
    """With one more factor a customer can do at least what was possible before."""
    before = resolve(decision(Action.CHALLENGE, required), kind, enrolled)
    after = resolve(decision(Action.CHALLENGE, required), kind, {*enrolled, factor})
    assert after.action <= before.action
    if before.factors:
        assert after.factors
