"""What a program has to prove may be proved by the person on the challenge's page, which carries nothing out."""

from __future__ import annotations

import pytest
from django.test import Client

from authshield.vocabulary.actions import Action
from authshield.vocabulary.event import Kind
from demo_site.broker.models import Order
from tests.doors.conftest import Tighten
from tests.servers import Valkey
from tests.site import Guest, challenge_in, code_of, stranger

ORDER = {"symbol": "1301", "side": "buy", "quantity": "1", "order_type": "market"}


@pytest.fixture
def dave(site: Valkey, tighten: Tighten) -> Guest:
    """Signed in with a cookie, as a site of one page is; each order asks for a proof."""
    del site
    guest = Guest()
    guest.sign_in("dave")
    tighten(Kind.ORDER, Action.CHALLENGE)
    return guest


def test_the_page_passes_the_challenge_and_the_call_places_the_order_once(dave: Guest) -> None:
    """Confirmed, and nothing bought yet; the same call with the challenge's id buys once, then never again."""
    asked = dave.api("POST", "/api/orders", ORDER).json()["challenge"]
    page = dave.client.post(asked["url"], {"factor": "totp", "token": code_of("dave")})
    assert page.status_code == 200
    assert f'data-over="{asked["id"]}"' in page.text
    assert not Order.objects.exists()
    grant = {"HTTP_AUTHSHIELD_CHALLENGE": asked["id"]}
    answers = [dave.api("POST", "/api/orders", ORDER, **grant) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 409]
    assert answers[1].json()["code"] == "challenge_used"
    assert Order.objects.count() == 1


def test_a_refusal_on_the_page_is_the_end_of_it(dave: Guest) -> None:
    """It says so to the page that waits; the call with its id is refused."""
    asked = dave.api("POST", "/api/orders", ORDER).json()["challenge"]
    page = dave.client.post(asked["url"], {"action": "cancel"})
    assert f'data-over="not {asked["id"]}"' in page.text
    answer = dave.api("POST", "/api/orders", ORDER, HTTP_AUTHSHIELD_CHALLENGE=asked["id"])
    assert answer.json()["code"] == "challenge_expired"
    assert not Order.objects.exists()


def test_a_programs_sign_in_opens_no_session_in_the_browser_that_proves_it(site: Valkey) -> None:
    """The token goes to the program that asked, and to it alone."""
    del site
    Guest().sign_in("dave")
    guest = stranger()
    guest.client.get("/login/")  # a browser has a cookie by then, and the challenge is put to that browser
    number = challenge_in(guest.api_sign_in("dave"))
    page = guest.client.post(f"/security/challenge/{number}/", {"factor": "totp", "token": code_of("dave")})
    assert f'data-over="{number}"' in page.text
    assert not guest.is_signed_in
    assert guest.api_sign_in("dave", HTTP_AUTHSHIELD_CHALLENGE=number).json()["token"]


def test_a_program_without_a_csrf_token_reads_why(site: Valkey) -> None:
    """At the one JSON door whose address does not say so, too: a problem, not a page."""
    del site
    client = Client(enforce_csrf_checks=True)
    sent = {"token": "{}"}
    answer = client.post("/security/passkeys/sign-in/", sent, content_type="application/json")
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "application/problem+json")
    assert answer.json()["code"] == "denied"
