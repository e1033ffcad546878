"""The loop: causes have effects, challenges are settled by factors, and nothing but the file decides."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import Kind
from tests.hijack import few_weights
from tests.replay.lines import OWN_NETWORK, body
from tests.replay.replaying import login_limit, order, replay, rule, simple_rules, story
from tests.servers import Valkey

pytestmark = pytest.mark.usefixtures("valkey")
LOGIN = frozenset({Kind.LOGIN})
ELSEWHERE = OWN_NETWORK | {"asn": 64999, "country": "RO", "lat": 44.4, "lon": 26.1}


def _new(device: str | None = None) -> dict[str, Any]:
    return {"device": {"id": device, "proof": None}}


def test_a_decision_has_the_fields_of_the_format(tmp_path: Path) -> None:
    """In the order of the page, with the event's own id and time."""
    done = replay(tmp_path, story(body(), order("HOLD")))
    assert list(done.lines[0]) == [
        "id",
        "time",
        "action",
        "required",
        "final",
        "risk",
        "reasons",
        "rules",
        "case",
    ]
    assert done.lines[1] == {
        "id": "e1",
        "time": "2025-04-14T00:01:00.000Z",
        "action": "hold",
        "required": None,
        "final": "held",
        "risk": 30.0,
        "reasons": [{"code": "hold-it", "points": 30.0, "text": "hold-it"}],
        "rules": ["hold-it"],
        "case": None,
    }


def test_shadow_rules_are_marked_and_count_for_nothing(tmp_path: Path) -> None:
    """What a rule would have done is told, not done."""
    shadow = rule("quiet", 'order.symbol == "X"', Action.DENY, state="shadow")
    done = replay(tmp_path, story(body(), order("X")), simple_rules(shadow))
    assert (done.lines[1]["final"], done.lines[1]["risk"]) == ("allowed", 0.0)
    assert done.lines[1]["rules"] == ["shadow:quiet"]
    assert done.report["rules"]["shadow:quiet"]["matched"] == 1


CHALLENGES = [
    # symbol, enrolled, can_pass, action, required, final
    ("ANY", ["email", "totp"], ["totp"], "challenge", "otp", "passed"),
    ("ANY", ["email", "totp"], ["email"], "challenge", "otp", "stopped"),
    ("ANY", ["email"], ["email"], "hold", None, "held"),
    ("ANY", [], [], "hold", None, "held"),
    ("ANY", ["static"], ["static"], "challenge", "otp", "passed"),
    ("PHR", ["totp", "webauthn"], ["totp"], "challenge", "phishing_resistant", "stopped"),
    ("PHR", ["webauthn"], ["webauthn"], "challenge", "phishing_resistant", "passed"),
    ("PHR", ["oob"], ["oob"], "challenge", "phishing_resistant", "passed"),
    ("PHR", ["totp"], ["totp", "webauthn"], "hold", None, "held"),
    ("OOB", ["webauthn"], ["webauthn"], "hold", None, "held"),
    ("OOB", ["webauthn", "oob"], ["oob"], "challenge", "oob", "passed"),
    ("OOB", ["oob"], ["webauthn"], "challenge", "oob", "stopped"),
    ("DENY", ["oob"], ["oob"], "deny", None, "stopped"),
]


@pytest.mark.parametrize("row", CHALLENGES, ids=str)
def test_a_challenge_on_an_order_is_settled_by_its_factors(tmp_path: Path, row: tuple[Any, ...]) -> None:
    """Passed where the account has, and the person can pass, something strong enough; held where it has nothing."""
    symbol, enrolled, can_pass, action, required, final = row
    line = order(symbol, enrolled=enrolled, can_pass=can_pass)
    done = replay(tmp_path, story(body(), line, order())).lines
    assert (done[1]["action"], done[1]["required"], done[1]["final"]) == (action, required, final)
    assert done[2]["final"] == "allowed"


LOGINS = [
    # required, method, enrolled, can_pass, required as told, final
    (Strength.OTP, "password", ["email", "totp"], ["totp"], "otp", "passed"),
    (Strength.OTP, "password", ["email", "totp"], ["email"], "otp", "stopped"),
    (Strength.OTP, "password", ["email"], ["email"], "any", "passed"),
    (Strength.OTP, "password", [], ["totp"], "otp", "stopped"),
    (Strength.ANY, "password", ["email"], [], "any", "stopped"),
    (Strength.PHISHING_RESISTANT, "passkey", ["webauthn"], [], "phishing_resistant", "passed"),
    (Strength.OOB, "passkey", ["oob"], [], "oob", "stopped"),
]


@pytest.mark.parametrize("row", LOGINS, ids=str)
def test_a_challenge_at_a_sign_in_is_settled_and_may_end_it(tmp_path: Path, row: tuple[Any, ...]) -> None:
    """A passkey is a proof by itself; where nothing is strong enough the strongest is asked; the rest is moot."""
    required, method, enrolled, can_pass, told, final = row
    asks = rule("ask", 'login.method != ""', Action.CHALLENGE, kinds=LOGIN, required=required)
    line = body(method=method, enrolled=enrolled, can_pass=can_pass)
    done = replay(tmp_path, story(line, body("request"), order()), simple_rules(asks)).lines
    assert (done[0]["action"], done[0]["required"], done[0]["final"]) == ("challenge", told, final)
    later = ["moot", "moot"] if final == "stopped" else ["allowed", "allowed"]
    assert [line["final"] for line in done[1:]] == later


def test_what_could_not_happen_tells_why(tmp_path: Path) -> None:
    """A moot event is denied, with the risk of what prevented it and no rule of its own."""
    asks = rule("ask", 'login.method != ""', Action.DENY, kinds=LOGIN, points=65.0)
    done = replay(tmp_path, story(body(), order("DENY")), simple_rules(asks)).lines
    assert done[1] == {
        "id": "e1",
        "time": "2025-04-14T00:01:00.000Z",
        "action": "deny",
        "required": None,
        "final": "moot",
        "risk": 65.0,
        "reasons": [{"code": "session_ended", "points": 65.0, "text": "its sign-in was stopped"}],
        "rules": [],
        "case": None,
    }


def test_wrong_passwords_are_counted_until_the_limit_stops_them(tmp_path: Path) -> None:
    """A wrong password is let try and teaches nothing; over the limit it is stopped, whether right or wrong."""
    wrong = body(outcome="failure", session=None)
    lines = story(*[wrong] * 6, body(), step=timedelta(seconds=10))
    done = replay(tmp_path, lines, simple_rules(limits=[login_limit(5)]))
    assert done.finals == [*["allowed"] * 5, "stopped", "stopped"]


def test_a_wrong_password_passes_no_challenge(tmp_path: Path) -> None:
    """Whatever factors whoever stands behind it has."""
    asks = rule("ask", 'login.method != ""', Action.CHALLENGE, kinds=LOGIN, required=Strength.OTP)
    wrong = body(outcome="failure", session=None, method="passkey", enrolled=["webauthn"])
    done = replay(tmp_path, story(wrong | {"can_pass": ["webauthn"]}), simple_rules(asks))
    assert done.finals == ["stopped"]


def test_a_sign_in_that_succeeds_gives_its_count_back(tmp_path: Path) -> None:
    """So that a person who signs in often is not taken for a guesser."""
    lines = story(*[body(session=f"s{n}") for n in range(8)], step=timedelta(seconds=10))
    done = replay(tmp_path, lines, simple_rules(limits=[login_limit(5)]))
    assert set(done.finals) == {"allowed"}


def test_a_stopped_sign_in_teaches_nothing(tmp_path: Path) -> None:
    """The account's profile is as before it."""
    strangers = rule("stranger", "account.logins > 0 && !device.is_seen", Action.CHALLENGE, kinds=LOGIN)
    stopped = body(session="s2", can_pass=[], **_new("d-evil"))
    lines = story(body(), stopped, stopped | {"session": "s3"}, body(session="s4"))
    done = replay(tmp_path, lines, simple_rules(strangers))
    assert done.finals == ["allowed", "stopped", "stopped", "allowed"]


def test_a_passed_sign_in_teaches_its_device(tmp_path: Path) -> None:
    """The next sign-in on it is no stranger's."""
    strangers = rule("stranger", "account.logins > 0 && !device.is_seen", Action.CHALLENGE, kinds=LOGIN)
    new: dict[str, Any] = body(session="s2", **_new("d-new"))
    lines = story(body(), new, new | {"session": "s3"})
    done = replay(tmp_path, lines, simple_rules(strangers))
    assert done.finals == ["allowed", "passed", "allowed"]


def test_the_device_that_a_sign_in_brings_is_learnt_from_the_next_event(tmp_path: Path) -> None:
    """A browser without a cookie is given one at the sign-in; the file shows it an event later."""
    strangers = rule("stranger", "account.logins > 0 && !device.is_seen", Action.CHALLENGE, kinds=LOGIN)
    lines = story(
        body(**_new()),
        body("request", **_new("d-9")),
        body("request", **_new("d-other")),
        body(session="s2", **_new("d-9")),
        body(session="s3", **_new("d-other")),
    )
    done = replay(tmp_path, lines, simple_rules(strangers))
    assert done.finals == ["allowed", "allowed", "allowed", "allowed", "passed"]


def test_a_used_factor_gives_its_freshness(tmp_path: Path) -> None:
    """The weakest factor that is enough is the one that was used."""
    fresh = rule("weak", "session.strength < 3", Action.DENY, kinds=frozenset({Kind.WITHDRAWAL}))
    both: dict[str, Any] = {"enrolled": ["totp", "webauthn"], "can_pass": ["webauthn", "totp"]}
    lines = story(body(), order("ANY", **both), body("withdrawal"), order("PHR", **both), body("withdrawal"))
    done = replay(tmp_path, lines, simple_rules(fresh))
    assert done.finals == ["allowed", "passed", "stopped", "passed", "allowed"]


def test_an_amend_is_judged_as_the_order_that_it_makes(tmp_path: Path) -> None:
    """Value and increase are known from the order before; a second amend builds on the first."""
    big = rule("big", "change.value_increase > 1000", Action.HOLD, kinds=frozenset({Kind.ORDER_CHANGE}))

    def amend(quantity: int) -> dict[str, Any]:
        return body("order_change", order_id="O-1", quantity=quantity, price=10)

    first = order("7203", order_id="O-1", quantity=100, price=10)
    lines = story(body(), first, amend(150), amend(260), amend(240), amend(341))
    done = replay(tmp_path, lines, simple_rules(big))
    assert done.finals == ["allowed", "allowed", "allowed", "held", "allowed", "held"]


def test_an_amend_of_an_unknown_order_is_judged_without_it(tmp_path: Path) -> None:
    """The file may begin after the order; a cancel needs none either."""
    cancel = body("order_change", order_id="O-1", change="cancel", quantity=..., price=...)
    done = replay(
        tmp_path, story(body(), body("order_change", order_id="O-9"), order(order_id="O-1"), cancel)
    )
    assert set(done.finals) == {"allowed"}


def test_a_held_order_is_never_filled(tmp_path: Path) -> None:
    """Its fill could not happen; that of an order that was let through did."""
    lines = story(
        body(),
        order("HOLD", order_id="O-1"),
        body("fill", order_id="O-1"),
        order(order_id="O-2"),
        body("fill", order_id="O-2"),
        body("fill", order_id="O-3"),
    )
    done = replay(tmp_path, lines)
    assert done.finals == ["allowed", "held", "moot", "allowed", "allowed", "allowed"]
    assert done.lines[2]["reasons"][0]["code"] == "order_not_placed"


def test_a_withdrawal_is_weighed_against_the_last_portfolio_of_the_account(tmp_path: Path) -> None:
    """A withdrawal's line has no portfolio; the account's last order has. Unknown counts as all there is."""
    most = rule("most", "withdrawal.share > 0.5", Action.HOLD, kinds=frozenset({Kind.WITHDRAWAL}))
    some, much = body("withdrawal", amount=3_000_000), body("withdrawal", amount=4_000_000)
    done = replay(tmp_path, story(body(), some, order(), some, much), simple_rules(most))
    assert done.finals == ["allowed", "held", "allowed", "allowed", "held"]


def test_events_after_signing_out_meet_an_ended_session(tmp_path: Path) -> None:
    """Signing out ends the session in a replay as it does live."""
    done = replay(tmp_path, story(body(), body("logout"), body("request")))
    assert done.finals == ["allowed", "allowed", "stopped"]


def _hijack(**more: Any) -> list[dict[str, Any]]:
    thief: dict[str, Any] = {"session": "x", "network": ELSEWHERE, "ip": "198.51.100.9", **_new("d-evil")}
    thief |= {"label": "fraud", "campaign": "pump"}
    everything = {"cash": 0, "positions_value": 7_000_000, "position_quantity": 2000, "positions": 3}
    proceeds = {"cash": 7_000_000, "positions_value": 0, "position_quantity": 0, "positions": 0}
    thin = {"adv": 9_000_000, "market_cap": 10**9}
    sell = order("7203", side="sell", quantity=2000, price=3500, portfolio=everything, **thief)
    buy = order("9999", side="buy", quantity=7000, price=1000, portfolio=proceeds, instrument=thin, **thief)
    own = [body(session=f"own{day}") for day in range(4)]
    return story(*own, body(**thief), sell, buy | more, buy, body("request", **thief), body(session="back"))


CONTAIN: dict[str, Any] = {"score_case": 50.0, "score_contain": 70.0, "weights": few_weights()}


def test_the_late_scoring_ends_a_session_and_opens_a_case(tmp_path: Path) -> None:
    """Sold all, bought a thin symbol from an unknown device: what follows is moot, and the case is named."""
    done = replay(tmp_path, _hijack(), simple_rules(**CONTAIN))
    assert done.finals[4:] == ["allowed", "allowed", "allowed", "moot", "moot", "allowed"]
    opened, moot = done.by_id["e6"], done.by_id["e7"]
    assert opened["case"].startswith("case-")
    assert (moot["case"], moot["action"]) == (opened["case"], "deny")
    assert moot["risk"] >= 70
    assert done.report["cases"]["opened"] == 1
    assert done.report["first_detection"]["pump"]["seconds"] == 62.0
    assert done.report["fraud"]["value"]["stopped"] == 7_000_000


def test_the_late_scoring_takes_effect_after_its_delay(tmp_path: Path) -> None:
    """With a longer delay the next order still gets through."""
    done = replay(tmp_path, _hijack(), simple_rules(**CONTAIN), scoring_delay=timedelta(seconds=90))
    assert done.finals[6:] == ["allowed", "allowed", "moot", "allowed"]
    for delay in (timedelta(0), timedelta(seconds=60)):
        sooner = replay(tmp_path, _hijack(), simple_rules(**CONTAIN), scoring_delay=delay)
        assert sooner.finals[6:] == ["allowed", "moot", "moot", "allowed"]


def test_a_lower_score_opens_a_case_and_ends_nothing(tmp_path: Path) -> None:
    """Between both thresholds the desk looks; later events of the session join the case."""
    milder = few_weights() | {"order:pump": (0.0, 3.5)}
    done = replay(tmp_path, _hijack(), simple_rules(**CONTAIN | {"score_contain": 100.0, "weights": milder}))
    assert "moot" not in done.finals
    assert done.by_id["e8"]["case"] == done.by_id["e6"]["case"]
    assert done.report["cases"]["opened"] == 1


def test_the_score_of_a_session_is_a_fact_of_its_later_events(tmp_path: Path) -> None:
    """As a worker would tell the store."""
    scored = rule("scored", "session.score > 40.0", Action.HOLD)
    done = replay(tmp_path, _hijack(), simple_rules(scored, weights=few_weights()))
    assert done.finals[5:7] == ["allowed", "held"]


def test_the_device_of_a_contained_session_is_not_kept(tmp_path: Path) -> None:
    """It must not grow old into a trusted one."""
    seen = rule("seen", "device.is_seen", Action.DENY, kinds=LOGIN)
    thief_again = _hijack()[4] | {"id": "again", "session": "y", "time": "2025-04-15T00:00:00.000Z"}
    ruleset = simple_rules(seen, **CONTAIN)
    lines = [line for line in _hijack() if line["session"] == "x"]
    done = replay(tmp_path, [*lines, thief_again], ruleset)
    assert done.by_id["again"]["final"] == "allowed"
    never = replay(tmp_path, [*lines, thief_again], simple_rules(seen))
    assert never.by_id["again"]["final"] == "stopped"


def test_the_warm_up_stops_nobody_and_learns(tmp_path: Path) -> None:
    """What would have been done is told; devices seen in it are trusted afterwards; others are strangers."""
    strangers = rule("stranger", "!device.is_trusted", Action.DENY, kinds=LOGIN)
    lines = story(
        body(session="s1"),
        order("DENY", session="s1"),
        body(session="s2"),
        body(session="s3", **_new("d-2")),
    )
    done = replay(tmp_path, lines, simple_rules(strangers), warm_up=timedelta(minutes=2))
    assert done.finals == ["allowed", "allowed", "allowed", "stopped"]
    assert [line["action"] for line in done.lines] == ["deny", "deny", "allow", "deny"]
    assert done.report["by_kind"]["login"]["allowed"] == 1
    assert "order" not in done.report["by_kind"]


def test_a_session_contained_in_the_warm_up_goes_on_but_its_device_is_not_trusted(tmp_path: Path) -> None:
    """Nobody is stopped, no case is opened; a device that is in dispute earns nothing."""
    strangers = rule("stranger", "!device.is_trusted", Action.DENY, kinds=LOGIN)
    again = _hijack()[4] | {"id": "again", "session": "y", "time": "2025-04-15T00:00:00.000Z"}
    seen = rule("seen", "device.is_seen", Action.ALLOW, kinds=LOGIN, points=1.0)
    ruleset = simple_rules(strangers, seen, **CONTAIN)
    late = _hijack()[4] | body("profile_change", session="x", id="late", time="2025-04-14T00:30:00.000Z")
    late |= {"device": again["device"]}
    done = replay(tmp_path, [*_hijack(), late, again], ruleset, warm_up=timedelta(hours=1))
    assert set(done.finals[:-1]) == {"allowed"}
    assert done.by_id["again"]["final"] == "stopped"
    assert done.by_id["again"]["rules"] == ["stranger"]
    assert done.report["cases"]["opened"] == 0


def test_events_without_account_or_session_are_decided(tmp_path: Path) -> None:
    """The format allows them; nothing is learnt about nobody."""
    nobody: dict[str, Any] = {"account": None, "session": None}
    lines = story(body(outcome="failure", **nobody), order(**nobody), body("request", **nobody))
    assert set(replay(tmp_path, lines).finals) == {"allowed"}


def test_two_runs_agree_byte_for_byte(tmp_path: Path, settings: Settings) -> None:
    """Neither clock nor chance nor keys get into a decision."""
    lines = [*_hijack(), order("HOLD") | {"id": "z", "time": "2025-04-15T00:00:00.000Z"}]
    first = replay(tmp_path, lines, simple_rules(**CONTAIN), namespace="one")
    settings.AUTHSHIELD_SEALING_KEYS = ["another key of more than 32 characters"]
    assert replay(tmp_path, lines, simple_rules(**CONTAIN), namespace="two").raw == first.raw


def test_labels_never_decide(tmp_path: Path) -> None:
    """A file stripped of labels and campaigns gives the same decisions; its report speaks of no fraud."""
    lines = _hijack()
    told = replay(tmp_path, lines, simple_rules(**CONTAIN), warm_up=timedelta(seconds=90))
    stripped = [{key: line[key] for key in line if key not in {"label", "campaign"}} for line in lines]
    plain = replay(tmp_path, stripped, simple_rules(**CONTAIN), warm_up=timedelta(seconds=90))
    assert plain.raw == told.raw
    assert "fraud" in told.report
    assert "fraud" not in plain.report


def test_nothing_is_left_in_the_store(tmp_path: Path, valkey: Valkey) -> None:
    """What was there stays, what the replay wrote goes."""
    valkey.client.set("test-of-others:{x}", "kept")
    replay(tmp_path, _hijack())
    assert valkey.client.keys("*") == [b"test-of-others:{x}"]
