"""A47, A48: another site makes the victim's browser send, or frames a page."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from demo_site.broker.models import Order
from tests.client import CHROME, HOME
from tests.site import Guest

ORDER = {"symbol": "7203", "side": "buy", "quantity": "10", "order_type": "market"}
NOWHERE = uuid.UUID(int=7)
FORMS = (
    "/login/",
    "/logout/",
    "/orders/new/",
    "/orders/O-1/cancel/",
    "/orders/O-1/amend/",
    "/withdrawals/new/",
    "/account/contact/",
    "/account/bank/",
    "/account/password/",
    f"/security/challenge/{NOWHERE}/",
    "/i18n/setlang/",
    "/admin/login/",
)
CALLS = (
    ("POST", "/api/orders"),
    ("POST", "/api/orders/O-1/cancel"),
    ("PATCH", "/api/orders/O-1"),
    ("POST", "/api/withdrawals"),
    ("POST", f"/security/api/challenges/{NOWHERE}/verify"),
)

pytestmark = pytest.mark.usefixtures("own_site")


@pytest.fixture
def victim() -> Guest:
    """Dave's browser, with Django's CSRF check on, which tests usually switch off."""
    guest = Guest()
    guest.sign_in("dave")
    checked = Client(
        enforce_csrf_checks=True, REMOTE_ADDR=HOME, HTTP_USER_AGENT=CHROME, HTTP_ACCEPT="text/html"
    )
    checked.cookies = guest.client.cookies
    guest.client = checked
    assert guest.is_signed_in
    return guest


def test_a47_no_form_of_another_site_gets_through(victim: Guest) -> None:
    """403, without a token as with a made-up one, and nothing has happened."""
    for path in FORMS:
        assert victim.client.post(path, ORDER).status_code == 403, path
        assert victim.client.post(path, ORDER | {"csrfmiddlewaretoken": "x" * 64}).status_code == 403, path
    assert not Order.objects.exists()
    assert victim.is_signed_in


def test_a47_no_script_of_another_site_gets_through_with_the_cookie(victim: Guest) -> None:
    """A cookie needs the token with it, as a header."""
    for method, path in CALLS:
        assert victim.api(method, path, ORDER).status_code == 403, path
    assert not Order.objects.exists()


def test_a47_a_foreign_origin_is_refused_even_with_the_token(victim: Guest) -> None:
    """A token that leaked is of no use from elsewhere."""
    victim.client.get("/orders/new/")
    token = victim.client.cookies["csrftoken"].value
    answer = victim.client.post(
        "/orders/new/", ORDER | {"csrfmiddlewaretoken": token}, HTTP_ORIGIN="https://evil.example"
    )
    assert answer.status_code == 403
    own = victim.client.post("/orders/new/", ORDER | {"csrfmiddlewaretoken": token})
    assert own.status_code == 302


def test_a47_cookies_stay_at_home(victim: Guest) -> None:
    """Neither session nor CSRF cookie goes along with another site's form; no script reads the session."""
    session = victim.client.cookies["sessionid"]
    victim.client.get("/orders/new/")
    assert (session["samesite"], bool(session["httponly"])) == ("Lax", True)
    assert victim.client.cookies["csrftoken"]["samesite"] == "Lax"


def test_a48_no_page_can_be_framed(victim: Guest) -> None:
    """Old browsers are told by one header, new ones by the other; the challenge's page too."""
    asked = victim.client.get(f"/security/challenge/{NOWHERE}/")
    for answer in (victim.client.get("/"), victim.client.get("/orders/new/"), asked):
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
