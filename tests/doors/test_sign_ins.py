"""The door of sign-ins: form, program, another app's login(); what it says, and what stays behind."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import authenticate, get_user_model, login
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest
from django.test import RequestFactory
from pytest_django import DjangoCaptureOnCommitCallbacks

from authshield import signedin
from authshield.errors import Refused, StepUpRequired
from authshield.models import Challenge, LedgerEntry, Session
from authshield.vocabulary.actions import Action
from authshield.vocabulary.event import Kind
from tests.client import CHROME, ELSEWHERE, HOME
from tests.doors.conftest import Tighten
from tests.site import Guest, challenge_in, code_of, prove, stranger, work_off

pytestmark = pytest.mark.usefixtures("site")
BACKEND = "django.contrib.auth.backends.ModelBackend"


def _user(name: str) -> Any:
    return get_user_model().objects.get(username=name)


def _request(address: str) -> HttpRequest:
    """A request of a browser without any cookie, as another app's view would have it."""
    request = RequestFactory().get("/sso/back", REMOTE_ADDR=address, HTTP_USER_AGENT=CHROME)
    request.session = import_module(django_settings.SESSION_ENGINE).SessionStore()
    request.user = AnonymousUser()
    return request


def _text(answer: Any) -> str:
    """The page without the token and the nonce that differ every time."""
    page = answer.content.decode()
    token = answer.context["csrf_token"]
    return re.sub(r'data-nonce="[^"]+"', "", page.replace(str(token), ""))


def test_a_refusal_looks_like_a_wrong_password_on_the_form(tighten: Tighten) -> None:
    """The same page, whether the password was right, wrong, or the name nobody's."""
    wrong = _text(Guest().sign_in("dave", "wrong"))
    tighten(Kind.LOGIN, Action.DENY)
    assert _text(Guest().sign_in("dave")) == wrong
    assert _text(Guest().sign_in("dave", "wrong")) == wrong


def test_a_program_gets_a_problem(tighten: Tighten) -> None:
    """403 with its code where the account knows it, else what a wrong password gets; nobody is signed in."""
    program = Guest()
    program.sign_in("dave")
    program.client.post("/logout/")
    tighten(Kind.LOGIN, Action.DENY)
    assert stranger().api_sign_in("dave").json()["code"] == "invalid_credentials"
    answer = program.api_sign_in("dave")
    assert (answer.status_code, answer.json()["code"]) == (403, "denied")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not program.is_signed_in


def test_a_hopeless_sign_in_answers_like_a_wrong_password() -> None:
    """Erin has no strong factor: from a strange place her password opens nothing and tells nothing."""
    Guest().sign_in("erin")
    thief = stranger()
    right, wrong = thief.sign_in("erin"), thief.sign_in("erin", "wrong")
    assert right.status_code == wrong.status_code == 200
    assert _text(right) == _text(wrong).replace("wrong", "")
    answers = [stranger("127.0.0.78").api_sign_in("erin", password) for password in ("erin-erin", "wrong")]
    assert answers[0].status_code == answers[1].status_code == 401
    assert answers[0].json() == answers[1].json()
    assert not Challenge.objects.exists()
    assert not thief.is_signed_in


def test_a_program_signs_in_with_a_proof() -> None:
    """401 with the challenge, the code, the same request again with its id: a token that opens the API."""
    Guest().sign_in("dave")
    program = stranger()
    asked = program.api_sign_in("dave")
    assert asked.json()["code"] == "step_up_required"
    challenge = challenge_in(asked)
    proof = {"factor": "totp", "token": code_of("dave")}
    assert program.api("POST", f"/security/api/challenges/{challenge}/verify", proof).status_code == 200
    token = program.api_sign_in("dave", HTTP_AUTHSHIELD_CHALLENGE=challenge).json()["token"]
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    assert Guest(ELSEWHERE).api("GET", "/api/orders", **bearer).status_code == 200
    again = program.api_sign_in("dave", HTTP_AUTHSHIELD_CHALLENGE=challenge)
    assert (again.status_code, again.json()["code"]) == (409, "challenge_used")


def test_a_challenge_of_nobody_is_not_found() -> None:
    """Whether the name exists or not."""
    header = {"HTTP_AUTHSHIELD_CHALLENGE": "00000000-0000-4000-8000-000000000000"}
    for name in ("dave", "nobody"):
        assert stranger().api_sign_in(name, **header).json()["code"] == "challenge_not_found"


def test_a_token_is_bound_by_its_session(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    """Signing in as a program is a session like others: ended by the owner, the token opens nothing."""
    token = Guest().api_sign_in("alice").json()["token"]
    work_off()
    program, owner = Guest(), Guest()
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    assert program.api("GET", "/api/orders", **bearer).status_code == 200
    sid = Session.objects.get().pk
    owner.sign_in("alice")
    prove(owner, "alice", f"/security/sessions/{sid}/end/")
    with django_capture_on_commit_callbacks(execute=True):
        owner.client.post(f"/security/sessions/{sid}/end/")
    answer = program.api("GET", "/api/orders", **bearer)
    assert (answer.status_code, answer.json()["code"]) == (403, "session_ended")


def test_another_apps_login_is_guarded_too() -> None:
    """Single sign-on, a link by mail, anything that calls login(): a stranger is asked, and not signed in."""
    Guest().sign_in("alice")
    request = _request(ELSEWHERE)
    with pytest.raises(StepUpRequired):
        login(request, _user("alice"), backend=BACKEND)
    assert isinstance(request.user, AnonymousUser)
    assert not request.session.keys()
    challenge = Challenge.objects.get()
    assert (challenge.kind, challenge.login_backend) == ("login", BACKEND)
    assert LedgerEntry.objects.get(kind="login").final == "stopped"


def test_another_apps_login_at_home_opens_a_session() -> None:
    """Where it is usual it goes through, and the session has its id."""
    Guest().sign_in("alice")
    request = _request(HOME)
    login(request, _user("alice"), backend=BACKEND)
    assert signedin.sid_of(request)
    assert signedin.account_of_request(request) == str(_user("alice").pk)


def test_another_apps_login_is_refused_where_no_factor_is() -> None:
    """Erin, somewhere else: refused, and not half signed in."""
    Guest().sign_in("erin")
    request = _request(ELSEWHERE)
    with pytest.raises(Refused, match="denied"):
        login(request, _user("erin"), backend=BACKEND)
    assert not request.session.keys()
    assert not Challenge.objects.exists()


def test_a_verdict_on_one_account_opens_no_other() -> None:
    """A view that checks one person's password and signs in somebody else is judged anew."""
    Guest().sign_in("alice")
    request = _request(ELSEWHERE)
    assert authenticate(request, username="erin", password="erin-erin") is not None
    with pytest.raises(StepUpRequired):
        login(request, _user("alice"), backend=BACKEND)


def test_a_check_without_a_request_is_nobodys_sign_in() -> None:
    """A shell or a test that checks a password is not counted."""
    for _ in range(8):
        assert authenticate(username="dave", password="wrong") is None
    assert authenticate(username="dave", password="dave-dave") == _user("dave")
    assert Guest().sign_in("dave").headers["Location"] == "/"


def test_a_login_without_a_request_is_nobodys_sign_in() -> None:
    """Django sends the signal without a request from some tools."""
    user = _user("dave")
    user_logged_in.send(sender=type(user), request=None, user=user)
    assert not LedgerEntry.objects.exists()


def test_who_was_disabled_while_typing_the_code_is_refused() -> None:
    """The right code does not help any more."""
    Guest().sign_in("dave")
    thief = stranger()
    challenge = challenge_in(thief.sign_in("dave"))
    get_user_model().objects.filter(username="dave").update(is_active=False)
    proof = {"factor": "totp", "token": code_of("dave")}
    assert thief.client.post(f"/security/challenge/{challenge}/", proof).status_code == 404
    assert not thief.is_signed_in


def test_who_was_stopped_while_typing_the_code_is_refused(tighten: Tighten) -> None:
    """A sign-in is judged once more when its code is right."""
    Guest().sign_in("dave")
    thief = stranger()
    challenge = challenge_in(thief.sign_in("dave"))
    tighten(Kind.LOGIN, Action.DENY)
    proof = {"factor": "totp", "token": code_of("dave")}
    assert thief.client.post(f"/security/challenge/{challenge}/", proof).status_code == 403
    assert not thief.is_signed_in


def test_a_code_that_was_asked_for_needlessly_is_spent_all_the_same() -> None:
    """Between the challenge and its answer everything has become usual: signed in, and the proof is used."""
    Guest().sign_in("dave")
    guest = stranger()
    challenge = challenge_in(guest.sign_in("dave"))
    guest.client.defaults["REMOTE_ADDR"] = HOME
    proof = {"factor": "totp", "token": code_of("dave")}
    assert guest.client.post(f"/security/challenge/{challenge}/", proof).status_code == 302
    assert guest.is_signed_in
    assert Challenge.objects.get().state == Challenge.State.USED


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "/a\\b", "/a\nb", "evil"]
)
def test_the_way_back_stays_on_this_site(target: str) -> None:
    """What could lead elsewhere is dropped before it is stored."""
    Guest().sign_in("dave")
    thief = stranger()
    fields = {"username": "dave", "password": "dave-dave", "next": target}
    challenge = challenge_in(thief.client.post("/login/", fields))
    assert Challenge.objects.get(pk=challenge).return_to == ""


def test_the_way_back_of_this_site_is_kept() -> None:
    """A path goes on where it wanted to."""
    Guest().sign_in("dave")
    fields = {"username": "dave", "password": "dave-dave", "next": "/orders/?page=2"}
    challenge = challenge_in(stranger().client.post("/login/", fields))
    assert Challenge.objects.get(pk=challenge).return_to == "/orders/?page=2"
