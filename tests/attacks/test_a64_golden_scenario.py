"""A64: new device, relayed code, holdings sold, one thin symbol bought. Stopped at once, and contained soon after."""

from __future__ import annotations

from typing import Any

import pytest

from authshield.models import Case, Session
from demo_site.broker.models import Instrument, Order, Position
from tests.hijack import publish
from tests.site import Guest, challenge_in, code_of, stranger, work_off

pytestmark = pytest.mark.usefixtures("site")


def _hijack(name: str, owner: Guest | None = None) -> Guest:
    (owner or Guest()).sign_in(name)
    thief = stranger()
    challenge = challenge_in(thief.sign_in(name))
    passed = thief.client.post(
        f"/security/challenge/{challenge}/", {"factor": "totp", "token": code_of(name)}
    )
    assert passed.status_code == 302
    assert thief.is_signed_in
    return thief


def _sell_out(thief: Guest, name: str) -> list[Any]:
    positions = Position.objects.filter(account__user__username=name).order_by("pk")
    return [thief.order(p.instrument_id, "sell", str(p.quantity)) for p in positions]


def _thinnest() -> Instrument:
    return Instrument.objects.filter(kind="share").order_by("adv_minor")[0]


def test_a64_the_buy_is_not_executed() -> None:
    """The code was right and relayed: the sells and the buy do not pass on it."""
    thief = _hijack("dave")
    sold = _sell_out(thief, "dave")
    assert {answer.status_code for answer in sold} & {202, 401}
    bought = thief.order(_thinnest().symbol, quantity="1000")
    assert bought.status_code in {202, 403}, bought.content
    executed = Order.objects.filter(account__user__username="dave", side="buy")
    assert not executed.exclude(state__in=["held", "cancelled"]).exists()


def test_a64_the_session_ends_and_the_case_says_why() -> None:
    """The late look opens a case, ends the thief's session alone, and names its reasons."""
    publish()
    owner = Guest()
    thief = _hijack("dave")
    owner.sign_in("dave")
    _sell_out(thief, "dave")
    thief.order(_thinnest().symbol, quantity="1000")
    work_off()
    case = Case.objects.get()
    assert case.state == Case.State.CONTAINED
    assert case.score >= 70
    assert {reason["code"] for reason in case.reasons if reason["points"] > 0}
    assert case.entries.exists()
    assert Session.objects.filter(sid=case.sid, ended_at__isnull=False).exists()
    answer = thief.api("GET", "/api/orders")
    assert (answer.status_code, answer.json()["code"]) == (403, "session_ended")
    assert not thief.is_signed_in


def test_a64_the_thief_gains_nothing_by_coming_back_and_the_owner_goes_on() -> None:
    """Until the desk closes the case, whatever is not the owner's trusted device is asked, and its orders wait."""
    publish()
    owner = Guest()
    thief = _hijack("dave", owner)
    _sell_out(thief, "dave")
    thief.order(_thinnest().symbol, quantity="1000")
    work_off()
    challenge = challenge_in(thief.sign_in("dave"))
    relayed = {"factor": "totp", "token": code_of("dave")}
    assert thief.client.post(f"/security/challenge/{challenge}/", relayed).status_code == 302
    assert thief.order("1301", quantity="1").status_code == 202
    assert owner.sign_in("dave").headers["Location"] == "/"
    assert owner.order("1301", quantity="1").status_code == 201
