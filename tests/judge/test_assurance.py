"""The assurance policy: what each profile asks, when a proof is old, what cools down, when a session is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authshield.judge import compile_ruleset, judge
from authshield.judge.profiles import JSDA, JSDA_PASSKEYS, NIST, NIST_AAL3, PROFILES, PSD2
from authshield.judge.validate import assurance_problems
from authshield.tune import policy
from authshield.tune.fields import UnreadableError
from authshield.tune.transfer import default_source, source_from_json, source_to_json
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.assurance import BOUND, OWN, Act, Assurance, Exemption, Lifetimes, Requirement
from authshield.vocabulary.decision import Decision
from authshield.vocabulary.event import Kind, Login, OrderChange, PageRequest, ProfileChange
from authshield.vocabulary.facts import BY_NAME, MISSING, NEVER_SECONDS
from authshield.vocabulary.features import Features
from tests.judge.conditions import VALUES
from tests.judge.events import AT, event, features, source
from tests.judge.stories import HOME

STRONG, OTP, NONE = Strength.PHISHING_RESISTANT, Strength.OTP, Strength.NONE
DAY = 86_400


def decided(
    assurance: Assurance, kind: Kind, facts: dict[str, Any] | None = None, **changes: Any
) -> Decision:
    """The verdict on an event of somebody at home, by this policy alone."""
    found = Features(MISSING | {"session.proof_age_seconds": NEVER_SECONDS} | HOME | (facts or {}))
    return judge(event(kind, **changes), found, compile_ruleset(source(assurance=assurance)))


def asked(assurance: Assurance, kind: Kind, facts: dict[str, Any] | None = None, **changes: Any) -> Any:
    """What it asks for: action, the strength that is needed, and the one that is wished."""
    one = decided(assurance, kind, facts, **changes)
    return one.action, one.required, one.prefers


ALLOWED = (Action.ALLOW, NONE, NONE)


@pytest.mark.parametrize("kind", [Kind.LOGIN, Kind.ORDER, Kind.ORDER_CHANGE, Kind.REQUEST])
def test_jp1_the_default_asks_nobody_at_home_for_anything_more(kind: Kind) -> None:
    """Sign-ins, orders and pages from a known device: as the risk says, until the interim ends."""
    assert asked(JSDA, kind) == ALLOWED


@pytest.mark.parametrize(
    ("profile", "kind", "required"),
    [
        (JSDA, Kind.WITHDRAWAL, OTP),
        (JSDA_PASSKEYS, Kind.LOGIN, STRONG),
        (JSDA_PASSKEYS, Kind.WITHDRAWAL, STRONG),
        (JSDA_PASSKEYS, Kind.ORDER, NONE),
        (NIST, Kind.LOGIN, OTP),
        (NIST, Kind.ORDER, OTP),
        (NIST_AAL3, Kind.LOGIN, STRONG),
        (NIST_AAL3, Kind.ORDER, STRONG),
        (NIST_AAL3, Kind.WITHDRAWAL, STRONG),
        (PSD2, Kind.LOGIN, OTP),
        (PSD2, Kind.ORDER, OTP),
        (PSD2, Kind.WITHDRAWAL, OTP),
    ],
)
def test_each_profile_asks_for_what_it_says(profile: Assurance, kind: Kind, required: Strength) -> None:
    """Of somebody at home, whose risk is none."""
    assert asked(profile, kind)[1] == required


def test_jp3_the_interim_ends_by_its_date() -> None:
    """From then on a phishing-resistant proof is needed where the profile says so, without anybody's doing."""
    end = JSDA.interim_until
    assert end is not None
    assert asked(JSDA, Kind.LOGIN, at=end - timedelta(seconds=1)) == ALLOWED
    assert asked(JSDA, Kind.LOGIN, at=end)[1] == STRONG
    assert asked(JSDA, Kind.WITHDRAWAL, at=end)[1] == STRONG
    assert asked(JSDA, Kind.PROFILE_CHANGE, at=end, subject=ProfileChange("bank_account"))[1] == STRONG


def test_a_passkey_at_the_sign_in_is_the_proof_that_is_needed() -> None:
    """It is not asked for twice."""
    facts = {"login.method": "passkey"}
    assert asked(JSDA_PASSKEYS, Kind.LOGIN, facts, subject=Login(succeeded=True, method="passkey")) == ALLOWED


def test_n10_the_third_level_asks_for_a_passkey_that_stays_on_its_device() -> None:
    """By its own reason: a passkey at the sign-in, or a fresh proof of the session, does not tell which it was."""
    signed_in = {"login.method": "passkey"}
    login = decided(NIST_AAL3, Kind.LOGIN, signed_in, subject=Login(succeeded=True, method="passkey"))
    fresh = {"session.proof_age_seconds": 1.0, "session.strength": int(STRONG)}
    for one in (login, decided(NIST_AAL3, Kind.ORDER, fresh)):
        assert (one.action, one.required) == (Action.CHALLENGE, STRONG)
        assert BOUND in {reason.code for reason in one.reasons}
    lifetimes = NIST_AAL3.lifetimes
    assert (lifetimes.reading_idle, lifetimes.reading_absolute) == (900, 12 * 3600)


def test_n10_a_policy_may_ask_so_of_single_acts_that_are_proved_one_by_one() -> None:
    """A page is proved by its session, and a code is no passkey at all."""
    rows = (Requirement(Act.WITHDRAWAL, STRONG, device_bound=True),)
    own = Assurance(profile=OWN, requirements=rows)
    assert assurance_problems(own) == []
    assert BOUND in {reason.code for reason in decided(own, Kind.WITHDRAWAL).reasons}
    for wrong in (
        Requirement(Act.VIEW, STRONG, device_bound=True),
        Requirement(Act.ORDER, OTP, device_bound=True),
    ):
        assert len(assurance_problems(Assurance(profile=OWN, requirements=(wrong,)))) == 1
    softer = tuple(replace(one, device_bound=False) for one in NIST_AAL3.requirements)
    assert any("device_bound" in text for text in assurance_problems(replace(NIST_AAL3, requirements=softer)))


def test_a_factor_comes_in_by_the_strongest_that_the_account_has() -> None:
    """A code is the least; whoever has a passkey shows the passkey; from a strange device nothing less will do."""
    change = ProfileChange("mfa")
    assert asked(JSDA, Kind.PROFILE_CHANGE, subject=change) == (Action.CHALLENGE, OTP, STRONG)
    strange = {"device.is_trusted": False}
    assert asked(JSDA, Kind.PROFILE_CHANGE, strange, subject=change)[1] == STRONG


def test_the_first_factor_is_set_up_at_home_and_nowhere_else() -> None:
    """Nobody can prove with what they do not have; a thief on another device does not set it up."""
    first, facts = ProfileChange("mfa", is_first=True), {"profile.is_first": True}
    assert asked(JSDA, Kind.PROFILE_CHANGE, facts, subject=first) == ALLOWED
    away = facts | {"device.is_trusted": False}
    assert asked(JSDA, Kind.PROFILE_CHANGE, away, subject=first)[1] == STRONG
    unusual = facts | {"session.is_unusual": True}
    assert asked(JSDA, Kind.PROFILE_CHANGE, unusual, subject=first)[1] == OTP


def test_a67_an_access_key_for_programs_is_a_sensitive_act() -> None:
    """As a factor: it trades by itself from then on."""
    assert asked(JSDA, Kind.PROFILE_CHANGE, subject=ProfileChange("api_key")) == (
        Action.CHALLENGE,
        OTP,
        STRONG,
    )
    strange = {"device.is_trusted": False}
    assert asked(JSDA, Kind.PROFILE_CHANGE, strange, subject=ProfileChange("api_key"))[1] == STRONG


@pytest.mark.parametrize("profile", list(PROFILES.values()))
def test_n6_a_new_number_is_guarded_like_a_new_address(profile: Assurance) -> None:
    """What a thief would have codes sent to is contact data, whatever the profile."""
    number, address = (
        asked(profile, Kind.PROFILE_CHANGE, subject=ProfileChange(field)) for field in ("phone", "email")
    )
    assert number == address
    assert max(number[1:]) >= OTP


def test_a_proof_grows_old() -> None:
    """NIST: a code in the session is enough for orders for half a day; PSD2 wants one for each."""
    proved = {"session.strength": 2, "session.proof_age_seconds": 60.0, "session.age_seconds": 60.0}
    old = proved | {"session.proof_age_seconds": DAY / 2 + 1.0}
    assert asked(NIST, Kind.ORDER, proved) == ALLOWED
    assert asked(NIST, Kind.ORDER, old)[1] == OTP
    assert asked(PSD2, Kind.ORDER, proved)[1] == OTP


def test_acts_of_the_security_centre_ask_for_a_fresh_proof() -> None:
    """Of whatever the customer has, for a quarter of an hour; looking around asks for nothing."""
    act = PageRequest("/security/", Act.SECURITY)
    assert asked(JSDA, Kind.REQUEST, subject=act) == (Action.CHALLENGE, NONE, STRONG)
    proved = {"session.strength": 2, "session.proof_age_seconds": 899.0}
    assert asked(JSDA, Kind.REQUEST, proved, subject=act) == ALLOWED
    assert asked(JSDA, Kind.REQUEST, proved | {"session.proof_age_seconds": 901.0}, subject=act)[2] == STRONG


CHANGED = {"account.contact_changed_hours": 2.0, "device.age_days": 30.0}


def test_a66_withdrawals_cool_down_after_a_change() -> None:
    """They wait; on the device that was trusted before, a passkey is enough; after a day it is as before."""
    new = CHANGED | {"device.is_trusted": False}
    assert asked(JSDA, Kind.WITHDRAWAL, new)[0] == Action.HOLD
    assert asked(JSDA, Kind.WITHDRAWAL, CHANGED)[1] == STRONG
    assert asked(JSDA, Kind.WITHDRAWAL, new | {"account.contact_changed_hours": 24.1})[1] == OTP


def test_a66_large_orders_cool_down_on_a_device_that_came_with_the_change() -> None:
    """Also where a passkey that was set up since has made it a trusted one; small ones and the owner's go on."""
    thief = CHANGED | {"device.age_days": 1.0 / 24, "order.portfolio_share": 0.5}
    assert asked(JSDA, Kind.ORDER, thief)[0] == Action.HOLD
    sold = thief | {"order.portfolio_share": 0.01, "order.liquidation_24h": 0.3}
    assert asked(JSDA, Kind.ORDER, sold)[0] == Action.HOLD
    assert asked(JSDA, Kind.ORDER, thief | {"order.portfolio_share": 0.05}) == ALLOWED
    assert asked(JSDA, Kind.ORDER, CHANGED | {"order.portfolio_share": 0.5}) == ALLOWED
    cancel = OrderChange("o1", "cancel")
    assert asked(JSDA, Kind.ORDER_CHANGE, thief | {"change.kind": "cancel"}, subject=cancel) == ALLOWED


TIMED = replace(JSDA, lifetimes=NIST.lifetimes)


def test_n9_a_session_is_over_by_its_age_or_for_want_of_use() -> None:
    """Pages and orders alike; at the limit itself it still goes on."""
    for facts in ({"session.idle_seconds": 3601.0}, {"session.age_seconds": DAY + 1.0}):
        for kind in (Kind.REQUEST, Kind.ORDER):
            decision = decided(TIMED, kind, facts)
            assert decision.action == Action.DENY
            assert "session_expired" in {reason.code for reason in decision.reasons}
    assert asked(TIMED, Kind.REQUEST, {"session.idle_seconds": 3600.0}) == ALLOWED


def test_n9_trading_asks_sooner_than_reading() -> None:
    """After a quarter of an hour, or half a day: for a proof, which begins it anew; to take an order back never."""
    for facts in ({"session.idle_seconds": 901.0}, {"session.age_seconds": DAY / 2 + 1.0}):
        assert asked(TIMED, Kind.REQUEST, facts) == ALLOWED
        assert asked(TIMED, Kind.ORDER, facts) == (Action.CHALLENGE, NONE, STRONG)
        cancel = facts | {"change.kind": "cancel"}
        assert asked(TIMED, Kind.ORDER_CHANGE, cancel, subject=OrderChange("o1", "cancel")) == ALLOWED
    proved = {"session.age_seconds": DAY / 2 + 1.0, "session.proof_age_seconds": 60.0}
    assert asked(TIMED, Kind.ORDER, proved) == ALLOWED


def test_jp12_an_exemption_frees_one_account_from_one_act_until_its_date() -> None:
    """And from nothing that the risk asks for."""
    one = Exemption("A1", Act.WITHDRAWAL, "no smartphone, in writing", "aoi", "asuka", AT + timedelta(days=1))
    exempt = replace(JSDA_PASSKEYS, exemptions=(one,))
    assert asked(exempt, Kind.WITHDRAWAL)[1] == NONE
    assert asked(exempt, Kind.WITHDRAWAL, account="A2")[1] == STRONG
    assert asked(exempt, Kind.LOGIN)[1] == STRONG
    assert asked(exempt, Kind.WITHDRAWAL, at=AT + timedelta(days=1))[1] == STRONG
    assert asked(exempt, Kind.WITHDRAWAL, CHANGED | {"device.is_trusted": False})[0] == Action.HOLD


@given(st.data())
@settings(max_examples=80)
def test_n16_a_policy_never_softens_what_the_risk_asks_for(data: st.DataObject) -> None:
    """Whatever is known of the event: action, needed strength and risk are at least what they are without it."""
    kind = data.draw(
        st.sampled_from([Kind.LOGIN, Kind.ORDER, Kind.WITHDRAWAL, Kind.PROFILE_CHANGE, Kind.REQUEST])
    )
    profile = data.draw(st.sampled_from(list(PROFILES.values())))
    shipped = default_source()
    strict = compile_ruleset(replace(shipped, assurance=profile))
    plain = compile_ruleset(replace(shipped, assurance=Assurance()))
    facts = {
        name: data.draw(st.sampled_from(VALUES[_type(name)]))
        for name in sorted(strict.needed[kind])
        if name in MISSING
    }
    with_policy, without = (judge(event(kind), features_of(facts), one) for one in (strict, plain))
    assert with_policy.action >= without.action
    assert with_policy.risk >= without.risk
    if with_policy.action == without.action == Action.CHALLENGE:
        assert with_policy.required >= without.required
        assert max(with_policy.required, with_policy.prefers) >= max(without.required, without.prefers)


def _type(name: str) -> Any:
    return BY_NAME[name].type


def features_of(facts: dict[str, Any]) -> Features:
    """Complete features."""
    return Features(MISSING | facts)


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_one_line_chooses_a_profile(profile: str) -> None:
    """In a ruleset's JSON; and it is written back as that line."""
    chosen = source_from_json({"name": "x", "assurance": {"profile": profile}})
    assert chosen.assurance == PROFILES[profile]
    assert source_to_json(chosen)["assurance"] == {"profile": profile}
    compile_ruleset(chosen)


def test_the_shipped_ruleset_goes_by_jsda() -> None:
    """The default, with its interim."""
    assert default_source().assurance == JSDA


@given(st.data())
@settings(max_examples=60)
def test_a_policy_survives_its_json_form(data: st.DataObject) -> None:
    """Rows, lifetimes, dates and exemptions; a row that asks for nothing is as good as none."""
    base = data.draw(st.sampled_from([*PROFILES.values(), Assurance(profile=OWN)]))
    row = Requirement(
        data.draw(st.sampled_from(list(Act))),
        data.draw(st.sampled_from(list(Strength))),
        interim=data.draw(st.sampled_from([None, *Strength])),
        max_age_seconds=data.draw(st.integers(0, DAY)),
    )
    rows = {one.act: one for one in base.requirements} | {row.act: row}
    until = AT + timedelta(seconds=data.draw(st.integers(1, DAY)))
    made = replace(
        base,
        requirements=tuple(rows.values()),
        lifetimes=Lifetimes(data.draw(st.integers(0, 99)), 7, 8, 9),
        interim_until=data.draw(st.sampled_from([None, until])),
        exemptions=(Exemption("A1", row.act, "why", "a", "b", until),),
    )
    back = policy.read(policy.written(made))
    assert {act: back.of(act) for act in Act} == {act: made.of(act) for act in Act}
    assert replace(back, requirements=made.requirements) == made


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"requirements": [{"act": "withdrawal", "required": "otp"}]}, "required is weaker"),
        ({"requirements": [{"act": "withdrawal", "interim": "none"}]}, "interim is weaker"),
        ({"requirements": [{"act": "factor", "known_device": False}]}, "known_device is weaker"),
        ({"requirements": [{"act": "order", "cooldown_seconds": 60}]}, "cooldown_seconds is weaker"),
        ({"requirements": [{"act": "security", "max_age_seconds": DAY}]}, "max_age_seconds is weaker"),
        ({"lifetimes": {"reading_idle": 0}}, "longer than in the profile"),
        ({"interim_until": None}, "needs the date on which it ends"),
        ({"cooldown_share": 0.9}, "larger than in the profile"),
        ({"cooldown_share": 0}, "above 0"),
        ({"lifetimes": {"reading_idle": -1}}, "allowed are 0"),
    ],
)
def test_jp1_a_profiles_name_is_not_borne_by_less(changes: dict[str, Any], word: str) -> None:
    """What is weaker must call itself the broker's own: nothing is softened in silence."""
    weaker = policy.read({"profile": "jsda-2025"} | changes)
    assert any(word in problem for problem in assurance_problems(weaker))


def test_jp12_nobody_approves_an_own_exemption() -> None:
    """Nor is one published without a reason."""
    one = Exemption("A1", Act.LOGIN, " ", "aoi", "aoi", AT)
    problems = assurance_problems(replace(JSDA, exemptions=(one,)))
    assert any("cannot approve" in problem for problem in problems)
    assert any("no reason" in problem for problem in problems)


@pytest.mark.parametrize(
    "written",
    [
        "jsda-2025",
        {},
        {"profile": "iso-27001"},
        {"profile": "jsda-2025", "strength": "otp"},
        {"profile": "jsda-2025", "requirements": {"act": "login"}},
        {"profile": "jsda-2025", "requirements": [{"act": "fly"}]},
        {"profile": "jsda-2025", "requirements": [{"act": "login", "required": 3}]},
        {"profile": "jsda-2025", "exemptions": [{"account": "A1"}]},
        {"profile": "jsda-2025", "lifetimes": []},
        {"profile": "jsda-2025", "interim_until": "soon"},
    ],
)
def test_a_policy_that_is_none_is_refused(written: Any) -> None:
    """With what was expected."""
    with pytest.raises(UnreadableError):
        policy.read(written)


def test_a_policy_asks_for_the_same_in_an_outage() -> None:
    """What is known then is less, never more."""
    found = features(is_missing=True, session__proof_age_seconds=NEVER_SECONDS)
    decision = judge(event(Kind.WITHDRAWAL), found, compile_ruleset(source(assurance=JSDA_PASSKEYS)))
    assert decision.required == STRONG
