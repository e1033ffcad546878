"""The way through everything that a confirmation on another device shows, on both sides. Must not judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import User

from authshield import clock
from authshield.factors import oob
from authshield.models import Device, DeviceKey, OobFactor, OobRequest
from authshield.vocabulary.actions import Strength
from authshield.vocabulary.event import Kind
from authshield.vocabulary.operation import Operation
from tests.challenging import Asked, challenged
from tests.looks.shop import press
from tests.site import code_of, work_off

if TYPE_CHECKING:
    from tests.looks.stories import Walk

LIST = "/security/confirmations/"
APPROVE, REFUSE = "button[value=approve]", "button[value=refuse]"
WITHDRAWAL = {"amount": "100000", "bank_account": "0005-123-1000001"}


def of_another_device(walk: Walk) -> None:
    """One that confirms: chosen, asked, answered rightly and wrongly, and asked for what nobody wanted."""
    page = walk.page
    with page.expect_response("**/security/api/device"):
        walk.shop.sign_in(page, "alice")
    work_off()
    walk.at(LIST, "confirm here, not chosen")
    press(page, "form[action*=choose] button")
    page.fill("[name=token]", code_of("alice"))
    press(page, "main form button[type=submit]")
    walk.look("confirm here, chosen")
    _ask(walk)
    walk.at("/security/", "security, something waits")
    _ask(walk)
    walk.at(LIST, "confirm here, two wait")
    OobRequest.objects.update(state="void")
    for name, number, button in (
        ("wrong number", "", APPROVE),
        ("confirmed", "right", APPROVE),
        ("refused", "none", REFUSE),
    ):
        asked = _ask(walk)
        walk.at(LIST, f"confirm here, before {name}")
        if number != "none":
            page.fill("[name=number]", oob.number_of(asked) if number else "1")
        press(page, button)
        walk.look(f"confirm here, {name}")
    asked = _ask(walk)
    Device.objects.update(trusted_at=None)
    walk.at(f"{LIST}{asked.pk}/", "confirm here, not on this device")


def of_a_number(walk: Walk) -> None:
    """The session that asks: before, with its number, wrongly answered, confirmed."""
    page, now = walk.page, clock.now()
    walk.shop.sign_in(page, "alice")
    account = walk.account("alice")
    walk.at(LIST, "confirm here, cannot")
    Device.objects.create(
        account=account, device_hash="d", first_seen_at=now, last_seen_at=now, trusted_at=now
    )
    DeviceKey.objects.create(
        account=account, device_hash="d", thumbprint="t", registered_at=now, confirms_at=now
    )
    address = walk.challenge(
        "alice", "totp", "oob", operation=Operation(Kind.WITHDRAWAL, account, WITHDRAWAL)
    )
    walk.at(f"{address}?factor=oob", "confirm elsewhere, before")
    press(page, "button[value=answer]")
    walk.look("confirm elsewhere, the number")
    OobRequest.objects.update(state="wrong")
    page.get_by_role("alert").wait_for()
    walk.look("confirm elsewhere, wrong number")
    OobRequest.objects.update(state="approved")
    walk.at(f"{address}?factor=oob", "confirm elsewhere, confirmed")


def _ask(walk: Walk) -> OobRequest:
    """Something that a browser elsewhere asks for."""
    user, now = User.objects.get(username="alice"), clock.now()
    OobFactor.objects.update(sends=0, failures=0)
    OobRequest.objects.filter(state="wrong").update(state="void")
    operation = Operation(Kind.WITHDRAWAL, walk.account("alice"), WITHDRAWAL)
    asked = Asked(Strength.OTP, ("totp", "oob"))
    challenge = challenged(user, operation, asked=asked, binding="dev:elsewhere", now=now)
    asker = oob.Asker("elsewhere", label="HeadlessChrome, Linux", ip="203.0.113.7", place="")
    return oob.ask(user, challenge, asker, now)
