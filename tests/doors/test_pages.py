"""The door of pages: a session that is in doubt is asked, stopped, and followed when its key changes."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from authshield.models import Challenge, Session
from authshield.sealing import keyed_hash
from authshield.vocabulary.actions import Action
from authshield.vocabulary.event import Kind
from tests.doors.conftest import Tighten
from tests.servers import Valkey
from tests.site import Guest, challenge_in, code_of, prove, work_off

NOBODYS = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def alice(site: Valkey) -> Guest:
    """Alice, signed in at home."""
    del site
    guest = Guest()
    assert guest.sign_in("alice").headers["Location"] == "/"
    work_off()
    return guest


def _moved(guest: Guest) -> Guest:
    """The same session in another browser on another carrier, which the shipped rules ask about."""
    guest.client.defaults["REMOTE_ADDR"] = "127.0.0.77"
    guest.client.cookies.pop("authshield-device", None)
    return guest


def _proof(name: str) -> dict[str, str]:
    return {"factor": "totp", "token": code_of(name)}


def test_a_session_that_moved_is_asked_and_goes_on_where_it_was(alice: Guest) -> None:
    """302 to the challenge; the right code leads back, gives a new key, and the proof lasts."""
    thief = _moved(alice)
    before = thief.client.session.session_key
    asked = thief.client.get("/orders/?page=1")
    challenge = challenge_in(asked)
    answer = thief.client.post(f"/security/challenge/{challenge}/", _proof("alice"))
    assert answer.headers["Location"] == "/orders/?page=1"
    assert thief.client.session.session_key != before
    assert thief.client.get("/orders/").status_code == 200
    assert Challenge.objects.get().state == Challenge.State.USED


def test_a_form_that_was_sent_meanwhile_leads_to_the_first_page(alice: Guest) -> None:
    """What was posted is not sent again by itself."""
    challenge = challenge_in(_moved(alice).client.post("/security/sessions/end-others/"))
    assert Challenge.objects.get(pk=challenge).return_to == "/"


def test_a_program_proves_its_session_with_the_header(alice: Guest) -> None:
    """401, the code, the same request with the challenge's id, and from then on without it."""
    program = _moved(alice)
    asked = program.api("GET", "/api/orders")
    assert asked.json()["code"] == "step_up_required"
    assert "insufficient_user_authentication" in asked.headers["WWW-Authenticate"]
    challenge = challenge_in(asked)
    verify = f"/security/api/challenges/{challenge}/verify"
    assert program.api("POST", verify, _proof("alice")).json() == {"passed": True}
    assert program.api("GET", "/api/orders", HTTP_AUTHSHIELD_CHALLENGE=challenge).status_code == 200
    assert program.api("GET", "/api/orders").status_code == 200


def test_a_challenge_that_was_not_passed_opens_no_page(alice: Guest) -> None:
    """Naming it is not passing it, and one that is not there is not found."""
    program = _moved(alice)
    challenge = challenge_in(program.api("GET", "/api/orders"))
    again = program.api("GET", "/api/orders", HTTP_AUTHSHIELD_CHALLENGE=challenge)
    assert (again.status_code, challenge_in(again)) == (401, challenge)
    other = program.api("GET", "/api/orders", HTTP_AUTHSHIELD_CHALLENGE=NOBODYS)
    assert (other.status_code, other.json()["code"]) == (404, "challenge_not_found")


@pytest.mark.usefixtures("site")
def test_who_has_nothing_to_prove_himself_with_is_signed_out() -> None:
    """A moved session without any strong factor ends; the sign-in remains."""
    erin = Guest()
    erin.sign_in("erin")
    work_off()
    page = _moved(erin).client.get("/orders/")
    assert page.status_code == 403
    assert "_auth_user_id" not in erin.client.session
    assert not Challenge.objects.exists()


def test_a_denied_page_is_a_page_or_a_problem(alice: Guest, tighten: Tighten) -> None:
    """403 either way, without a word of why."""
    tighten(Kind.REQUEST, Action.DENY)
    page = alice.client.get("/orders/")
    assert page.status_code == 403
    assert "tightened" not in page.content.decode()
    answer = alice.api("GET", "/api/orders")
    assert (answer.status_code, answer.json()["code"]) == (403, "denied")
    assert set(answer.json()) == {"type", "title", "status", "detail", "code"}


def test_the_challenge_itself_stays_open(alice: Guest, tighten: Tighten) -> None:
    """A session in doubt can prove itself, by page and by API."""
    tighten(Kind.REQUEST, Action.CHALLENGE)
    challenge = challenge_in(alice.client.get("/orders/"))
    assert alice.client.get(f"/security/challenge/{challenge}/").status_code == 200
    verify = f"/security/api/challenges/{challenge}/verify"
    assert alice.api("POST", verify, _proof("alice")).status_code == 200


def test_a_rotated_key_is_followed(alice: Guest) -> None:
    """The durable row knows the new key, so that the session can still be ended from elsewhere."""
    row = Session.objects.get()
    _moved(alice)
    challenge = challenge_in(alice.client.get("/"))
    alice.client.post(f"/security/challenge/{challenge}/", _proof("alice"))
    key = alice.client.session.session_key
    assert key is not None
    row.refresh_from_db()
    assert row.key_hash == keyed_hash(key, "session-key")


def test_an_ended_session_is_told_to_a_program(
    alice: Guest, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    """Rather than that it never was one; a page leads to the sign-in."""
    other = Guest()
    other.sign_in("alice")
    prove(other, "alice", "/security/sessions/end-others/")
    with django_capture_on_commit_callbacks(execute=True):
        other.client.post("/security/sessions/end-others/")
    answer: Any = alice.api("GET", "/api/orders")
    assert (answer.status_code, answer.json()["code"]) == (403, "session_ended")
    assert alice.client.get("/orders/").headers["Location"].startswith("/login/")


def test_a_session_from_before_the_installation_gets_its_id(alice: Guest) -> None:
    """Who was signed in already when AuthShield came is guarded from the next page on."""
    session = alice.client.session
    del session["authshield"]
    session.save()
    assert alice.client.get("/orders/").status_code == 200
    assert alice.client.session["authshield"]["sid"]
