"""A20: the same order under another content type, charset or encoding: the same checks, or 415, or 413."""

from __future__ import annotations

import gzip
import json
from functools import partial
from itertools import product
from urllib.parse import urlencode

import pytest

from demo_site.broker.models import Order
from tests.site import Guest

ORDER = {"symbol": "7203", "side": "buy", "quantity": "10", "order_type": "market"}
FORM = "application/x-www-form-urlencoded"

pytestmark = pytest.mark.usefixtures("own_site")


@pytest.fixture
def dave() -> Guest:
    """Dave, signed in."""
    guest = Guest()
    guest.sign_in("dave")
    return guest


def test_a20_json_goes_as_json_alone(dave: Guest) -> None:
    """The API takes neither forms nor text that happens to be JSON."""
    types = (FORM, "multipart/form-data; boundary=x", "text/plain", "text/json", "", "*/*", "\u00e4/x")
    for content_type, body in product(types, (json.dumps(ORDER), urlencode(ORDER))):
        answer = dave.client.generic("POST", "/api/orders", body, content_type=content_type)
        assert answer.status_code in {400, 415}, content_type
    assert not Order.objects.exists()


def test_a20_an_odd_charset_is_not_decoded(dave: Guest) -> None:
    """UTF-8 it is, whatever the header promises."""
    send = partial(dave.client.generic, "POST")
    for charset in ("utf-7", "utf-16", "shift_jis", "nonsense"):
        as_json = send("/api/orders", json.dumps(ORDER), content_type=f"application/json; charset={charset}")
        as_form = send("/orders/new/", urlencode(ORDER), content_type=f"{FORM}; charset={charset}")
        assert as_json.status_code == 415, charset
        assert as_form.status_code in {400, 415}, charset
    assert not Order.objects.exists()


def test_a20_a_compressed_body_is_not_unpacked(dave: Guest) -> None:
    """No bomb goes off: the body is refused as it is."""
    bomb = gzip.compress(b" " * 10_000_000)
    answer = dave.client.generic(
        "POST", "/api/orders", bomb, content_type="application/json", HTTP_CONTENT_ENCODING="gzip"
    )
    assert answer.status_code == 415
    assert not Order.objects.exists()


def test_a20_pages_take_forms_alone(dave: Guest) -> None:
    """JSON at a page is 415, a broken multipart body 400 or 415."""
    assert dave.api("POST", "/orders/new/", ORDER).status_code == 415
    broken = dave.client.generic("POST", "/orders/new/", "--x", content_type="multipart/form-data")
    assert broken.status_code in {400, 415}
    assert not Order.objects.exists()


def test_a20_a_form_cannot_sign_in_at_the_api() -> None:
    """A form needs no permission to be sent from another site; JSON does."""
    guest = Guest()
    fields = {"username": "dave", "password": "dave-dave"}
    assert guest.client.post("/api/login", fields).status_code == 415
    assert (
        guest.client.generic("POST", "/api/login", json.dumps(fields), content_type="text/plain").status_code
        == 415
    )
