"""A30, A35, A38, A39: half signed in is not signed in, and nothing that was begun outlives a new password."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.test import RequestFactory

from authshield import clock
from authshield.contain import steps
from authshield.models import Challenge
from tests.client import ELSEWHERE
from tests.site import Guest, challenge_in, code_of, stranger
from tests.together import just_before

pytestmark = pytest.mark.usefixtures("own_site")
State = Challenge.State


def _dave() -> Any:
    return get_user_model().objects.get(username="dave")


def _owner() -> None:
    """Dave has a history, so that a stranger with his password is asked for a code."""
    assert Guest().sign_in("dave").headers["Location"] == "/"


def _passed(thief: Guest, *, page: bool = False) -> str:
    """A sign-in whose challenge was passed by API and is not used yet."""
    number = challenge_in(thief.sign_in("dave") if page else thief.api_sign_in("dave"))
    verified = thief.api(
        "POST", f"/security/api/challenges/{number}/verify", {"factor": "totp", "token": code_of("dave")}
    )
    assert verified.json() == {"passed": True}
    return number


def test_a30_a_sign_in_that_waits_for_its_code_opens_nothing() -> None:
    """Every page, every API and the desk are as shut as before the password."""
    _owner()
    thief = stranger()
    assert challenge_in(thief.sign_in("dave"))
    for path in ("/", "/orders/", "/orders/new/", "/security/", "/account/contact/", "/security/totp/"):
        assert thief.client.get(path).headers["Location"].startswith("/login/?next=")
    assert thief.order("7203").status_code in {401, 403}
    assert "sessionid" not in {name for name, morsel in thief.client.cookies.items() if morsel.value}


def test_a30_a_proof_that_is_spent_at_the_last_moment_signs_nobody_in() -> None:
    """Of two sign-ins with one passed challenge the loser is not left with a session."""
    _owner()
    thief = stranger()
    number = _passed(thief, page=True)

    def spend() -> None:
        Challenge.objects.filter(pk=number).update(state=State.USED)

    with just_before('"used_at" = %s', spend):
        answer = thief.sign_in("dave", HTTP_AUTHSHIELD_CHALLENGE=number)
    assert answer.status_code == 409
    assert not thief.is_signed_in


def test_a30_a_failing_page_of_the_last_step_signs_nobody_in() -> None:
    """The same on the challenge page, which signs in by itself."""
    _owner()
    thief = stranger()
    number = challenge_in(thief.sign_in("dave"))

    def spend() -> None:
        Challenge.objects.filter(pk=number).update(state=State.USED)

    with just_before('"used_at" = %s', spend):
        answer = thief.client.post(
            f"/security/challenge/{number}/", {"factor": "totp", "token": code_of("dave")}
        )
    assert answer.status_code == 409
    assert "dave" not in answer.text
    assert not thief.is_signed_in


@pytest.mark.parametrize("number", ["00000000-0000-4000-8000-000000000000", "no number", ""])
def test_a13_a_challenge_that_is_not_theirs_tells_no_names(number: str) -> None:
    """With a made-up challenge a name that exists is answered like one that does not."""
    answers = [
        stranger().api_sign_in(name, "wrong", HTTP_AUTHSHIELD_CHALLENGE=number) for name in ("dave", "nobody")
    ]
    assert answers[0].status_code == answers[1].status_code
    assert answers[0].json() == answers[1].json()


def test_a39_a_new_password_voids_what_the_old_one_began() -> None:
    """Whoever knew the old password does not get in with a code, neither by page nor by API."""
    _owner()
    page, program = stranger(), stranger()
    shown = challenge_in(page.sign_in("dave"))
    passed = _passed(program)
    user = _dave()
    user.set_password("a quite new passphrase")
    user.save()
    token = {"factor": "totp", "token": code_of("dave")}
    assert page.client.post(f"/security/challenge/{shown}/", token).status_code in {404, 409, 410}
    assert not page.is_signed_in
    answer = program.api_sign_in("dave", HTTP_AUTHSHIELD_CHALLENGE=passed)
    assert answer.status_code in {401, 404, 409, 410}
    new = program.api_sign_in("dave", "a quite new passphrase", HTTP_AUTHSHIELD_CHALLENGE=passed)
    assert new.status_code in {404, 409, 410}


def test_a39_a_password_that_is_written_past_every_door_voids_them_too() -> None:
    """The challenge holds for the password that began it, however the new one came about."""
    _owner()
    thief = stranger()
    shown = challenge_in(thief.sign_in("dave"))
    encoded = get_user_model()(username="x")
    encoded.set_password("a quite new passphrase")
    get_user_model().objects.filter(username="dave").update(password=encoded.password)
    token = {"factor": "totp", "token": code_of("dave")}
    assert thief.client.post(f"/security/challenge/{shown}/", token).status_code in {409, 410}
    assert not thief.is_signed_in


@pytest.mark.parametrize("change", ["freeze", "disable"])
def test_a38_an_account_that_is_stopped_meanwhile_is_not_signed_in(change: str) -> None:
    """Frozen or disabled while the code is typed: the right code opens nothing."""
    _owner()
    thief = stranger()
    number = challenge_in(thief.sign_in("dave"))
    if change == "freeze":
        steps.freeze(str(_dave().pk), "test", by="desk", now=clock.now())
    else:
        get_user_model().objects.filter(username="dave").update(is_active=False)
    token = {"factor": "totp", "token": code_of("dave")}
    assert thief.client.post(f"/security/challenge/{number}/", token).status_code in {403, 404, 410}
    assert not thief.is_signed_in


def test_a33_a_challenge_is_answered_where_it_was_put() -> None:
    """Another browser at the same address, with the same agent, is somebody else; so is another account."""
    _owner()
    thief, other = stranger(), stranger()
    number = challenge_in(thief.sign_in("dave"))
    other.client.get("/login/")
    assert other.client.get(f"/security/challenge/{number}/").status_code == 404
    assert other.api("GET", f"/security/challenge/{number}/").status_code == 404
    passed = _passed(thief)
    assert other.api_sign_in("dave", HTTP_AUTHSHIELD_CHALLENGE=passed).status_code == 404
    assert other.sign_in("dave", HTTP_AUTHSHIELD_CHALLENGE=passed).status_code == 404
    assert thief.api_sign_in("alice", HTTP_AUTHSHIELD_CHALLENGE=passed).status_code == 404
    assert thief.api_sign_in("dave", HTTP_AUTHSHIELD_CHALLENGE=passed).status_code == 200
    assert thief.api_sign_in("dave", HTTP_AUTHSHIELD_CHALLENGE=passed).json()["code"] == "challenge_used"


def test_a33_a_challenge_without_a_cookie_is_bound_to_its_address_and_agent() -> None:
    """A program keeps no cookie: from another address, or with another agent, its challenge is not there."""
    _owner()

    def program(address: str, agent: str) -> Guest:
        return Guest(address, agent)

    number = challenge_in(program(ELSEWHERE, "robot/1").api_sign_in("dave"))
    verify = f"/security/api/challenges/{number}/verify"
    token = {"factor": "totp", "token": code_of("dave")}
    for address, agent in (("127.0.0.78", "robot/1"), (ELSEWHERE, "robot/2")):
        assert program(address, agent).api("POST", verify, token).status_code == 404
    assert program(ELSEWHERE, "robot/1").api("POST", verify, token).status_code == 200


def test_a35_the_session_key_changes_at_the_sign_in_and_at_each_proof() -> None:
    """A key that was planted before is worth nothing afterwards."""
    _owner()
    thief = stranger()
    thief.client.post("/security/api/fingerprint", "{}", content_type="application/json")
    planted = thief.client.session.session_key
    number = challenge_in(thief.sign_in("dave"))
    thief.client.post(f"/security/challenge/{number}/", {"factor": "totp", "token": code_of("dave")})
    assert thief.is_signed_in
    assert thief.client.session.session_key != planted


@pytest.mark.parametrize("password", [12345, True, b"12345", ["12345"], {"$ne": ""}])
def test_a16_a_password_that_is_no_text_is_not_checked_behind_the_guard(password: object) -> None:
    """A view that hands JSON on as it came opens no way around the counters."""
    user = _dave()
    user.set_password("12345")
    user.save()
    request = RequestFactory().post("/elsewhere/")
    request.session = {}  # type: ignore[assignment]
    assert authenticate(request, username="dave", password=password) is None
    assert authenticate(request, username=["dave"], password="12345") is None


def test_a18_a_door_that_calls_the_name_otherwise_is_counted_too() -> None:
    """Whatever a form calls its field: tries at one account by one password end after five."""
    request = RequestFactory().post("/elsewhere/", REMOTE_ADDR=ELSEWHERE)
    request.session = {}  # type: ignore[assignment]
    for _ in range(6):
        authenticate(request, email="dave@example.org", password="guess")
    from authshield import signin  # noqa: PLC0415 - beside what it proves
    from authshield.errors import Refused  # noqa: PLC0415

    with pytest.raises(Refused, match="rate_limited"):
        signin.begin(request, "dave@example.org")
