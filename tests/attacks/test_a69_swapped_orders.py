"""A69: order A on the screen while B is stored. The approver sees what is stored, and that alone is carried out."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User

from authshield import clock
from authshield.models import Challenge, SwitchRow
from authshield.tune import rulebook
from authshield.vocabulary.event import Kind
from authshield.vocabulary.operation import Operation
from demo_site.broker.models import Order
from tests.passkeys import AT_LOCALHOST, enrol_person, options_in
from tests.site import Guest, challenge_in, code_of
from tests.together import just_before

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.authenticator import Authenticator

pytestmark = pytest.mark.usefixtures("own_site")
MEANT = {"symbol": "1301", "side": "buy", "quantity": "1", "order_type": "market"}
SWAPPED = {"symbol": "7203", "side": "buy", "quantity": "300", "order_type": "market"}
FACT = re.compile(r"<dt>([^<]+)</dt>\s*<dd>([^<]*)</dd>")


@pytest.fixture
def dave() -> Guest:
    """Signed in at home; every order of his is asked for a proof."""
    guest = Guest()
    assert guest.sign_in("dave").headers["Location"] == "/"
    until = clock.now() + timedelta(hours=1)
    SwitchRow.objects.create(
        kind="tighten", target="order", action="challenge", reason="test", expires_at=until
    )
    rulebook.forget()
    return guest


@pytest.fixture
def key(dave: Guest) -> Authenticator:
    """A passkey of his."""
    del dave
    return enrol_person("dave")


def _shown(guest: Guest, number: str, **asked: str) -> dict[str, str]:
    page = guest.client.get(f"/security/challenge/{number}/", asked, **AT_LOCALHOST)
    assert page.status_code == 200, page.status_code
    return {unescape(name): unescape(value) for name, value in FACT.findall(page.content.decode())}


def _operation(fields: dict[str, str]) -> Operation:
    return Operation(Kind.ORDER, str(User.objects.get(username="dave").pk), fields)


def _swap(number: str, fields: dict[str, str], **more: Any) -> None:
    """Put another order into the row, as somebody with a hand in the database would."""
    Challenge.objects.filter(pk=number).update(operation=_operation(fields).canonical(), **more)


def _orders() -> list[tuple[str, int]]:
    return [(order.instrument_id, order.quantity) for order in Order.objects.all()]


def test_a69_the_approver_is_shown_what_came_and_not_what_the_browser_showed(dave: Guest) -> None:
    """The page in the browser said A, what it sent was B: page and JSON say B, and B is what a yes places."""
    number = challenge_in(dave.client.post("/orders/new/", SWAPPED))
    assert (_shown(dave, number)["Symbol"], _shown(dave, number)["Quantity"]) == ("7203", "300")
    told = dave.api("GET", f"/security/api/challenges/{number}").json()["challenge"]["binding"]
    assert told == {**SWAPPED, "kind": "order"}
    answer = {"factor": "totp", "token": code_of("dave")}
    assert dave.client.post(f"/security/challenge/{number}/", answer).headers["Location"] == "/orders/"
    assert _orders() == [("7203", 300)]


def test_a69_nothing_that_comes_with_the_approval_changes_what_is_shown_or_placed(dave: Guest) -> None:
    """Fields of another order in the address, in the form, or of another kind: without effect."""
    number = challenge_in(dave.client.post("/orders/new/", MEANT))
    plain = _shown(dave, number)
    assert (
        _shown(dave, number, **SWAPPED, operation=_operation(SWAPPED).canonical(), digest="0" * 64) == plain
    )
    answer = {"factor": "totp", "token": code_of("dave"), **SWAPPED, "kind": "withdrawal", "shown": "x"}
    assert dave.client.post(f"/security/challenge/{number}/?quantity=300", answer).status_code == 302
    assert _orders() == [("1301", 1)]


def test_a69_a_yes_to_one_order_is_none_to_another_that_waits_beside_it(
    dave: Guest, key: Authenticator
) -> None:
    """Two challenges of one session: what was signed for A answers B with 401, and B stays unplaced."""
    meant = challenge_in(dave.client.post("/orders/new/", MEANT))
    other = challenge_in(dave.client.post("/orders/new/", SWAPPED))
    page = dave.client.get(f"/security/challenge/{meant}/?factor=webauthn", **AT_LOCALHOST)
    signed = {"factor": "webauthn", "token": key.get(options_in(page))}
    answer = dave.client.post(f"/security/challenge/{other}/", signed, **AT_LOCALHOST)
    assert answer.status_code == 401
    assert _orders() == []


@pytest.mark.parametrize("door", ["page", "answer", "program", "state"])
def test_a69_a_row_that_was_swapped_is_neither_shown_nor_answered(dave: Guest, door: str) -> None:
    """Its digest is of the order that came: 409, and the challenge is void."""
    number = challenge_in(dave.client.post("/orders/new/", MEANT))
    _swap(number, SWAPPED)
    proof = {"factor": "totp", "token": code_of("dave")}
    doors: dict[str, Callable[[], Any]] = {
        "page": lambda: dave.client.get(f"/security/challenge/{number}/"),
        "answer": lambda: dave.client.post(f"/security/challenge/{number}/", proof),
        "program": lambda: dave.api("POST", f"/security/api/challenges/{number}/verify", proof),
        "state": lambda: dave.api("GET", f"/security/api/challenges/{number}"),
    }
    answer = doors[door]()
    assert answer.status_code == 409
    assert "7203" not in answer.content.decode()
    assert Challenge.objects.get(pk=number).state == "void"
    assert _orders() == []


def test_a69_a_row_that_is_swapped_between_the_yes_and_its_execution_places_nothing(dave: Guest) -> None:
    """The digest is looked at once more in the transaction of the effect."""
    number = challenge_in(dave.client.post("/orders/new/", MEANT))
    proof = {"factor": "totp", "token": code_of("dave")}
    with just_before('"factor_used" =', lambda: _swap(number, SWAPPED)):
        answer = dave.client.post(f"/security/challenge/{number}/", proof)
    assert answer.status_code == 409
    assert _orders() == []


def test_a69_a_row_that_is_swapped_whole_does_not_fit_the_signature(dave: Guest, key: Authenticator) -> None:
    """Digest and all: a passkey has signed the order itself, which no row can change."""
    number = challenge_in(dave.client.post("/orders/new/", MEANT))
    page = dave.client.get(f"/security/challenge/{number}/?factor=webauthn", **AT_LOCALHOST)
    signed = {"factor": "webauthn", "token": key.get(options_in(page))}
    _swap(number, SWAPPED, digest=_operation(SWAPPED).digest)
    assert dave.client.post(f"/security/challenge/{number}/", signed, **AT_LOCALHOST).status_code == 401
    assert _orders() == []
