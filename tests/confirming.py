"""A customer with two devices: one that confirms, one that asks. Must not stand in for any part of the project."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.models import User

from authshield.models import OobRequest, TotpFactor
from tests.client import ELSEWHERE
from tests.signer import Keyed
from tests.site import Guest, challenge_in, code_of, work_off

CHOOSE = "/security/confirmations/choose/"
LIST = "/security/confirmations/"
ORDERS = "/orders/new/"
CONTACT = {"email": "new@hinode.example", "phone": "090-1234-5678"}
OOB = {"factor": "oob"}


def trusted(name: str) -> Keyed:
    """The customer's own browser, trusted and with a key, signed in by it."""
    mine = Keyed().settle_in(name)
    work_off()
    return mine


def chosen(name: str) -> Keyed:
    """The same, and the customer lets it confirm what other devices ask for."""
    mine = trusted(name)
    choose(mine, name)
    return mine


def choose(mine: Keyed, name: str) -> None:
    """Let this browser confirm, with the code that is asked for."""
    answer = mine.post_form(CHOOSE, {})
    if "challenge" in answer.headers["Location"]:
        page = f"/security/challenge/{challenge_in(answer)}/"
        answer = mine.post_form(page, {"factor": "totp", "token": code_of(name)})
    assert answer.headers["Location"] == LIST, answer.headers["Location"]


def elsewhere(name: str, address: str = ELSEWHERE) -> Guest:
    """A browser that nobody has seen before, signed in with the code that was asked for."""
    other = Guest(address)
    sign_in(other, name)
    return other


def sign_in(guest: Guest, name: str) -> None:
    """Sign in, with the code where it is asked for."""
    answer = guest.sign_in(name)
    if "challenge" in answer.headers["Location"]:
        page = f"/security/challenge/{challenge_in(answer)}/"
        TotpFactor.objects.update(last_step=-1)  # as if the app showed another code by now
        assert guest.client.post(page, {"factor": "totp", "token": code_of(name)}).status_code == 302
    assert guest.is_signed_in


def asked(other: Guest, path: str = "/account/contact/", fields: dict[str, str] | None = None) -> str:
    """The address of the page of a challenge that this browser is asked to pass."""
    return f"/security/challenge/{challenge_in(other.client.post(path, fields or CONTACT))}/"


def number_in(answer: Any) -> str:
    """The number that the asking session's page shows."""
    found = re.search(r'class="as-number"[^>]*>(\d\d)<', answer.content.decode())
    assert found, answer.content.decode()
    return found[1]


def newest() -> OobRequest:
    """What was asked for last."""
    return OobRequest.objects.order_by("-asked_at").first()  # type: ignore[return-value]


def page_of(request: OobRequest) -> str:
    """Where the other device sees it."""
    return f"/security/confirmations/{request.pk}/"


def wrong(number: str) -> str:
    """Two other digits."""
    return "11" if number != "11" else "12"


def approve(mine: Keyed, number: str, request: OobRequest | None = None) -> Any:
    """Enter a number on the device that confirms."""
    return mine.post_form(page_of(request or newest()), {"action": "approve", "number": number})


def email_of(name: str) -> str:
    """The customer's address now."""
    return str(User.objects.get(username=name).email)


def ask(name: str = "alice") -> tuple[Guest, str, str]:
    """A browser elsewhere that was told its number: itself, its page, the number."""
    other = elsewhere(name)
    page = asked(other)
    return other, page, number_in(other.client.post(page, OOB))
