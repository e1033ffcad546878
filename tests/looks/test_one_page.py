"""What a site of one page shows of a challenge: its own dialog, and the last page of the challenge's window."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from authshield import clock
from authshield.enforce.responses import PROGRAM
from authshield.models import Challenge
from authshield.tune import rulebook, switches
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ruleset import Switch, SwitchKind
from tests.looks.eyes import open_eyes
from tests.looks.shop import press
from tests.looks.stories import SUBMIT, Walk
from tests.looks.test_customer_pages import NAMES
from tests.site import code_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.looks.shop import Shop


def _ask_for_orders() -> None:
    now = clock.now()
    until = now + timedelta(hours=1)
    switch = Switch(SwitchKind.TIGHTEN, until, Kind.ORDER.value, Action.CHALLENGE, Strength.OTP)
    switches.turn_on(switch, reason="a look", by="desk", now=now)
    rulebook.forget()


@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "ja"])
def test_nothing_is_wrong_with_what_a_site_of_one_page_shows(
    shop: Shop, browser: Browser, language: str
) -> None:
    """The page, the dialog over it, and what the challenge's window says at the end, passed or not."""
    eyes = open_eyes(browser, shop.origin, language)
    eyes.names = NAMES
    faults: list[str] = []
    walk = Walk(shop, eyes.page, lambda name: faults.extend(eyes.look(name)))
    shop.sign_in(walk.page, "alice")
    _ask_for_orders()
    walk.at("/orders/quick/", "order without leaving the page")
    walk.page.evaluate("() => { window.open = () => null; }")
    walk.page.fill("[name=symbol]", "1301")
    walk.page.fill("[name=quantity]", "1")
    walk.page.locator(SUBMIT).first.click()
    expect(walk.page.get_by_role("dialog")).to_be_visible()
    eyes.seen.clear()  # the browser notes the 401 itself
    walk.look("dialog")
    walk.page.keyboard.press("Escape")
    expect(walk.page.locator("#told")).to_be_visible()
    walk.look("refused")
    for button, name in (("[value=cancel]", "not confirmed"), ("[value=answer]", "confirmed")):
        path = walk.challenge("alice", "totp")
        Challenge.objects.update(return_to=PROGRAM)
        walk.page.goto(path)
        walk.page.fill("[name=token]", code_of("alice"))
        press(walk.page, f"main {button}")
        walk.look(name)
    eyes.context.close()
    assert not faults, "\n".join(faults)
