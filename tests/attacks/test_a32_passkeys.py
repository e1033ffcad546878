"""A13, A28, A32 to A35: passkeys at the doors, with each thing wrong that can be."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.contrib.auth.models import User

from authshield import clock
from authshield.contain import steps
from authshield.models import Case, Challenge, JournalEntry, Notice
from authshield.tune import rulebook, switches
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import Kind
from authshield.vocabulary.operation import Operation
from authshield.vocabulary.ruleset import Switch, SwitchKind
from tests.authenticator import UP, UV, Authenticator, How
from tests.clocks import set_clock
from tests.passkeys import AT_LOCALHOST, OPTIONS, SIGN_IN, enrol_person, sign_in
from tests.site import Guest, code_of, stranger, work_off
from tests.together import together

WRONG = [
    pytest.param(How(origin="http://127.0.0.1:8000"), id="origin"),
    pytest.param(How(rp_id="evil.example"), id="relying party"),
    pytest.param(How(kind="webauthn.create"), id="type"),
    pytest.param(How(challenge=bytes(56)), id="challenge"),
    pytest.param(How(flags=UP), id="user verification"),
    pytest.param(How(flags=UV), id="user presence"),
    pytest.param(How(client={"crossOrigin": True}), id="frame"),
    pytest.param(How(client={"topOrigin": "https://evil.example"}), id="top origin"),
    pytest.param(How(user_handle=b"another"), id="owner"),
    pytest.param(How(flags=UP | UV | 0x18), id="backup flags"),
    pytest.param(How(key=Authenticator().key), id="key"),
]
ORDER = {"symbol": "7203", "side": "buy", "quantity": "1", "order_type": "market"}


def _tighten(kind: Kind = Kind.ORDER) -> None:
    """The desk asks for a proof that cannot be relayed."""
    until = clock.now() + timedelta(hours=1)
    switch = Switch(SwitchKind.TIGHTEN, until, kind.value, Action.CHALLENGE, Strength.PHISHING_RESISTANT)
    switches.turn_on(switch, reason="a test of passkeys", by="desk", now=clock.now())
    rulebook.forget()


def _asked(guest: Guest, **fields: str) -> dict[str, Any]:
    answer = guest.api("POST", "/api/orders", {**ORDER, **fields}, **AT_LOCALHOST)
    assert answer.status_code == 401, answer.content
    challenge: dict[str, Any] = answer.json()["challenge"]
    return challenge


def _verify(guest: Guest, challenge: dict[str, Any], token: Any, factor: str = "webauthn") -> Any:
    path = f"/security/api/challenges/{challenge['id']}/verify"
    return guest.api("POST", path, {"factor": factor, "token": token}, **AT_LOCALHOST)


def _carol(name: str = "carol") -> tuple[Guest, Authenticator]:
    """Signed in, with a passkey."""
    authenticator = enrol_person(name)
    guest = Guest()
    assert guest.sign_in(name).status_code == 302
    return guest, authenticator


@pytest.mark.usefixtures("own_site")
def test_a32_a_passkey_signs_in_from_anywhere_and_its_device_is_known_from_then_on() -> None:
    """No code on top, a new session key, in the same journal as every sign-in."""
    Guest().sign_in("carol")
    authenticator = enrol_person("carol")
    away = stranger()
    away.client.get("/login/", **AT_LOCALHOST)
    answer = sign_in(away, authenticator, next="/orders/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/orders/")
    assert away.is_signed_in
    work_off()
    (entry,) = JournalEntry.objects.filter(kind="login", final="allowed").order_by("-at")[:1]
    assert entry.account == str(User.objects.get(username="carol").pk)
    away.client.post("/logout/", **AT_LOCALHOST)
    assert away.sign_in("carol").headers["Location"] == "/"


@pytest.mark.usefixtures("own_site")
def test_a32_a_proof_that_is_due_at_the_sign_in_is_the_passkey_itself() -> None:
    """Whoever signs in with the strongest factor is not asked for it again."""
    authenticator = enrol_person("carol")
    _tighten(Kind.LOGIN)
    guest = Guest()
    assert sign_in(guest, authenticator).headers["Location"] == "/"
    assert guest.is_signed_in


@pytest.mark.usefixtures("own_site")
@pytest.mark.parametrize("how", WRONG)
def test_a32_each_check_refuses_a_sign_in(how: How) -> None:
    """One message for each, and it is counted as a failed sign-in."""
    authenticator = enrol_person("carol")
    guest = stranger()
    answer = sign_in(guest, authenticator, how)
    assert answer.status_code == 401
    assert "not accepted" in answer.content.decode()
    assert not guest.is_signed_in


@pytest.mark.usefixtures("own_site")
def test_a32_guesses_at_a_passkey_are_counted_like_guesses_at_a_password() -> None:
    """Before the signature is looked at: after the limit not even a right one gets in from there."""
    authenticator = enrol_person("carol")
    thief = stranger()
    codes = [sign_in(thief, authenticator, How(flags=UP)).status_code for _ in range(6)]
    assert codes == [401, 401, 401, 401, 401, 429]
    assert sign_in(thief, authenticator).status_code == 429
    assert sign_in(Guest(), authenticator).status_code in {302, 429}


@pytest.mark.usefixtures("own_site")
@pytest.mark.parametrize("how", WRONG)
def test_a32_each_check_refuses_an_order(how: How) -> None:
    """401 with the tries that are left; nothing is placed."""
    guest, authenticator = _carol()
    _tighten()
    challenge = _asked(guest)
    answer = _verify(guest, challenge, authenticator.get(challenge["publicKey"], how))
    assert (answer.status_code, answer.json()["code"]) == (401, "challenge_failed")
    assert answer.json()["attempts_left"] == 4
    assert guest.api("GET", "/api/orders", **AT_LOCALHOST).json() in ([], {"orders": []})


@pytest.mark.usefixtures("own_site")
def test_a32_a_counter_that_goes_back_is_a_case_and_a_notice() -> None:
    """The order goes on: a sign is no proof."""
    guest, authenticator = _carol()
    _tighten()
    for counter in (5, 5):
        challenge = _asked(guest)
        token = authenticator.get(challenge["publicKey"], How(counter=counter))
        assert _verify(guest, challenge, token).json() == {"passed": True}
    assert Case.objects.get().title == "A passkey may have been copied"
    assert Notice.objects.filter(template="passkey_suspect").count() == 1


@pytest.mark.usefixtures("own_site")
def test_a32_a_right_answer_places_the_order_once() -> None:
    """And what was signed stays with the challenge."""
    guest, authenticator = _carol()
    _tighten()
    challenge = _asked(guest)
    token = json.loads(authenticator.get(challenge["publicKey"]))
    assert _verify(guest, challenge, token).json() == {"passed": True}
    assert _verify(guest, challenge, token).json()["code"] == "challenge_used"
    grant = {"HTTP_AUTHSHIELD_CHALLENGE": challenge["id"], **AT_LOCALHOST}
    assert guest.api("POST", "/api/orders", ORDER, **grant).status_code == 201
    again = guest.api("POST", "/api/orders", ORDER, **grant)
    assert (again.status_code, again.json()["code"]) == (409, "challenge_used")
    kept = Challenge.objects.get(pk=challenge["id"]).evidence
    assert {*kept} == {"credential", "clientDataJSON", "authenticatorData", "signature", "nonce"}


@pytest.mark.usefixtures("own_site")
@pytest.mark.parametrize("change", [{"quantity": "2"}, {"side": "sell"}, {"symbol": "9433"}])
def test_a32_another_order_than_the_signed_one_is_refused(change: dict[str, str]) -> None:
    """409, and the proof is gone."""
    guest, authenticator = _carol()
    _tighten()
    challenge = _asked(guest)
    assert _verify(guest, challenge, authenticator.get(challenge["publicKey"])).status_code == 200
    grant = {"HTTP_AUTHSHIELD_CHALLENGE": challenge["id"], **AT_LOCALHOST}
    answer = guest.api("POST", "/api/orders", {**ORDER, **change}, **grant)
    assert (answer.status_code, answer.json()["code"]) == (409, "binding_mismatch")
    assert guest.api("POST", "/api/orders", ORDER, **grant).status_code in {409, 410}


@pytest.mark.usefixtures("own_site")
def test_a32_an_order_that_was_altered_in_the_database_is_not_the_signed_one() -> None:
    """What was signed is computed anew from what is about to be carried out, never compared with a copy."""
    guest, authenticator = _carol()
    _tighten()
    challenge = _asked(guest)
    row = Challenge.objects.get(pk=challenge["id"])
    assert _verify(guest, challenge, authenticator.get(challenge["publicKey"])).status_code == 200
    for altered in ('"quantity":"1"', '"quantity":"9"'), ('"side":"buy"', '"side":"sell"'):
        Challenge.objects.filter(pk=row.pk).update(operation=row.operation.replace(*altered))
        row.refresh_from_db()
        digest = Operation.from_canonical(row.operation).digest
        Challenge.objects.filter(pk=row.pk).update(digest=digest, state="passed")
        changed = {"quantity": "9"} if "9" in altered[1] else {"quantity": "9", "side": "sell"}
        answer = guest.api(
            "POST",
            "/api/orders",
            {**ORDER, **changed},
            HTTP_AUTHSHIELD_CHALLENGE=challenge["id"],
            **AT_LOCALHOST,
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "binding_mismatch")


@pytest.mark.usefixtures("own_site")
def test_a28_a_code_does_not_do_where_a_passkey_is_asked_for() -> None:
    """By whatever name it is sent."""
    guest, _ = _carol()
    _tighten()
    challenge = _asked(guest)
    assert challenge["factors"] == ["webauthn"]
    for factor in ("totp", "webauthn", "email", "WEBAUTHN"):
        assert _verify(guest, challenge, code_of("carol"), factor).status_code == 401


@pytest.mark.usefixtures("own_site")
def test_a33_a_challenge_of_one_session_is_not_there_in_another() -> None:
    """Neither in hers on another browser, nor in the attacker's own, nor the other way round."""
    guest, authenticator = _carol()
    mallory, others = _carol("dave")
    second = Guest()
    second.sign_in("carol")
    _tighten()
    challenge, foreign = _asked(guest), _asked(mallory)
    token = authenticator.get(challenge["publicKey"])
    for session in (mallory, second):
        answer = _verify(session, challenge, token)
        assert (answer.status_code, answer.json()["code"]) == (404, "challenge_not_found")
    assert _verify(mallory, foreign, authenticator.get(foreign["publicKey"])).status_code == 401
    assert _verify(guest, challenge, others.get(challenge["publicKey"])).status_code == 401


@pytest.mark.usefixtures("own_site")
def test_a33_a_sign_in_is_finished_in_the_browser_that_began_it() -> None:
    """What a phisher has fetched himself is of no use in another browser, nor what was answered there in his."""
    authenticator = enrol_person("carol")
    victim, thief = Guest(), stranger()
    for guest in (victim, thief):
        guest.client.get("/login/", **AT_LOCALHOST)
    fetched = thief.client.get(OPTIONS, **AT_LOCALHOST).json()["publicKey"]
    token = authenticator.get(fetched)
    assert victim.client.post(SIGN_IN, {"token": token}, **AT_LOCALHOST).status_code == 401
    own = victim.client.get(OPTIONS, **AT_LOCALHOST).json()["publicKey"]
    assert thief.client.post(SIGN_IN, {"token": authenticator.get(own)}, **AT_LOCALHOST).status_code == 401


@pytest.mark.usefixtures("own_site")
def test_a34_an_answer_that_comes_late_is_none() -> None:
    """410 at the sign-in and on the order; the browser's own clock is not asked."""
    with set_clock() as standing:
        guest, authenticator = _carol()
        _tighten()
        challenge = _asked(guest)
        token = authenticator.get(challenge["publicKey"])
        standing.go_on(301)
        answer = _verify(guest, challenge, token)
        assert (answer.status_code, answer.json()["code"]) == (410, "challenge_expired")
        fetched = guest.client.get(OPTIONS, **AT_LOCALHOST).json()["publicKey"]
        standing.go_on(601)
        late = guest.client.post(SIGN_IN, {"token": authenticator.get(fetched)}, **AT_LOCALHOST)
        assert late.status_code == 410


@pytest.mark.usefixtures("own_site")
def test_a35_a_planted_session_id_is_not_the_one_that_is_signed_in() -> None:
    """A new key at the sign-in by passkey and at the proof on the page."""
    authenticator = enrol_person("carol")
    guest = Guest()
    guest.client.session.save()
    planted = str(guest.client.session.session_key)
    guest.client.cookies["sessionid"] = planted
    assert sign_in(guest, authenticator).status_code == 302
    assert guest.client.session.session_key != planted
    _tighten()
    before = guest.client.session.session_key
    page = guest.client.post("/orders/new/", ORDER, **AT_LOCALHOST).headers["Location"]
    options = guest.api("GET", page.replace("/challenge/", "/api/challenges/").rstrip("/"), **AT_LOCALHOST)
    token = authenticator.get(options.json()["challenge"]["publicKey"])
    done = guest.client.post(page, {"factor": "webauthn", "token": token}, **AT_LOCALHOST)
    assert done.headers["Location"] == "/orders/"
    assert guest.client.session.session_key != before


@pytest.mark.usefixtures("own_site")
def test_a13_what_a_browser_is_asked_for_at_the_sign_in_tells_of_nobody() -> None:
    """The same for all; and an unknown passkey fails as a known one does."""
    known, unknown = enrol_person("carol"), Authenticator()
    guest = stranger()
    options = guest.client.get(OPTIONS, **AT_LOCALHOST).json()["publicKey"]
    assert options.get("allowCredentials", []) == []
    unknown.user_handle = known.user_handle
    answers = [
        guest.api("POST", SIGN_IN, {"token": json.loads(one.get(options, how))}, **AT_LOCALHOST)
        for one, how in ((known, How(flags=UP)), (unknown, How(challenge=b"")))
    ]
    first, second = [(one.status_code, one.json()["code"], one.json()["detail"]) for one in answers]
    assert first == second == (401, "challenge_failed", first[2])


@pytest.mark.usefixtures("own_site")
def test_a13_where_no_browser_would_use_a_passkey_none_is_asked_for() -> None:
    """An address is no home for passkeys."""
    assert Guest().client.get(OPTIONS, HTTP_HOST="127.0.0.1:8000").status_code == 204


@pytest.mark.usefixtures("site")
def test_a25_of_parallel_answers_exactly_one_passes() -> None:
    """The same signed answer, eight times at once: one is looked at."""
    guest, authenticator = _carol()
    _tighten()
    challenge = _asked(guest)
    token = authenticator.get(challenge["publicKey"])

    def send() -> int:
        twin = Guest()
        twin.client.cookies = guest.client.cookies
        return int(_verify(twin, challenge, token).status_code)

    counted = Counter(together([send] * 8))
    assert counted == {200: 1, 409: 7}


@pytest.mark.usefixtures("site")
def test_a25_of_parallel_sign_ins_by_one_answer_exactly_one_gets_in() -> None:
    """It is spent before it is looked at."""
    authenticator = enrol_person("carol")
    guest = Guest()
    guest.client.get("/login/", **AT_LOCALHOST)
    token = authenticator.get(guest.client.get(OPTIONS, **AT_LOCALHOST).json()["publicKey"])
    kept = guest.client.cookies.output(header="", sep=";")

    def send() -> int:
        twin = Guest()
        twin.client.cookies = SimpleCookie(kept)
        return int(twin.client.post(SIGN_IN, {"token": token}, **AT_LOCALHOST).status_code)

    counted = Counter(together([send] * 4))
    assert counted == {302: 1, 409: 3}


@pytest.mark.usefixtures("own_site")
def test_a13_a_frozen_account_is_told_to_nobody_who_has_proved_nothing() -> None:
    """A stranger's answer is judged before its signature is looked at, and gets what any wrong one gets."""
    authenticator = enrol_person("carol")
    account = str(User.objects.get(username="carol").pk)
    steps.freeze(account, "a test", by="desk", now=clock.now())
    answer = sign_in(stranger(), authenticator, How(flags=UP))
    assert (answer.status_code, "protected" in answer.content.decode()) == (401, False)
