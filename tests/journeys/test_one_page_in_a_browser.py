"""A site of one page, in a real browser under the demo's own policy: it orders by fetch, and is asked for a proof."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Browser, Page, expect

if TYPE_CHECKING:
    from tests.live import Live

HOME = re.compile(r":\d+/$")
SYMBOL = "1301"
ORDERS = (
    "select count(*) from broker_order join auth_user on auth_user.id = account_id "
    "where username = ? and instrument_id = ?"
)

ASK = """
from datetime import timedelta
from authshield import clock
from authshield.tune import switches
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.ruleset import Switch, SwitchKind
now = clock.now()
switch = Switch(SwitchKind.TIGHTEN, now + timedelta(hours=1), "order", Action.CHALLENGE, Strength.OTP)
switches.turn_on(switch, reason="a story", by="desk", now=now)
"""
"""The desk asks for a proof of each order."""

TWICE = """() => {
  const form = document.querySelector("#quick");
  form.requestSubmit();
  form.requestSubmit();
}"""


def _rows(live: Live, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(live.folder / "db.sqlite3")) as database:
        return database.execute(query, values).fetchall()


def _settle_in(browser: Browser, live: Live, name: str, troubles: list[str]) -> Page:
    """Sign in, and let the browser register its key."""
    page = browser.new_context(base_url=f"http://localhost:{live.port}").new_page()
    page.context.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    page.goto("/login/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", f"{name}-{name}")
    with page.expect_response("**/security/api/device"):
        page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(HOME)
    return page


def _order(page: Page, quantity: int) -> Page:
    """Fill in the ticket of one page and send it; returns the challenge's window, which opens by itself."""
    page.goto("/orders/quick/")
    page.fill("[name=symbol]", SYMBOL)
    page.fill("[name=quantity]", str(quantity))
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Place the order").click()
    expect(opened.value.locator("[name=token]")).to_be_visible()
    return opened.value


def test_the_order_is_placed_once_when_the_challenge_is_passed(live: Live, browser: Browser) -> None:
    """Its window shows what is confirmed and closes; the call goes on by itself, signed by the device's key."""
    troubles: list[str] = []
    page = _settle_in(browser, live, "dave", troubles)
    live.manage("shell", "-c", ASK)
    calls: list[dict[str, str]] = []
    page.on("request", lambda sent: calls.append(sent.headers) if sent.url.endswith("/api/orders") else None)
    challenge = _order(page, 3)
    expect(challenge.get_by_text(SYMBOL)).to_be_visible()
    dialog = page.get_by_role("dialog", name="Confirm that it is you")
    expect(dialog.get_by_role("link")).to_have_attribute("href", re.compile("/security/challenge/"))
    challenge.fill("[name=token]", live.manage("demo_otp", "dave"))
    with challenge.expect_event("close"):
        challenge.click("main form button[type=submit] >> nth=0")
    expect(page.locator("#told")).to_have_text(re.compile(r"^Ordered: O-"))
    expect(dialog).to_have_count(0)
    assert _rows(live, ORDERS, "dave", SYMBOL) == [(1,)]
    assert len(calls) == 2
    first, second = calls
    assert "authshield-challenge" not in first
    assert second["authshield-challenge"]
    assert first["authshield-proof"] != second["authshield-proof"]
    # The first answer is a 401, which the browser notes; the policy stops nothing.
    assert [one for one in troubles if "401" not in one] == []


def test_who_refuses_or_goes_away_has_ordered_nothing(live: Live, browser: Browser) -> None:
    """Cancelled on the challenge's page, or its window just closed: the site gets the refusal, once."""
    page = _settle_in(browser, live, "alice", [])
    live.manage("shell", "-c", ASK)
    calls: list[str] = []
    page.on("request", lambda sent: calls.append(sent.url) if sent.url.endswith("/api/orders") else None)
    challenge = _order(page, 4)
    with challenge.expect_event("close"):
        challenge.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.locator("#told")).to_have_text("Confirm that it is you")
    challenge = _order(page, 5)
    challenge.close()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    page.keyboard.press("Tab")
    dialog.get_by_role("button", name="Cancel").press("Enter")
    expect(page.locator("#told")).to_have_text("Confirm that it is you")
    assert _rows(live, ORDERS, "alice", SYMBOL) == [(0,)]
    assert len(calls) == 2


def test_a_window_that_is_not_opened_is_one_click_away(live: Live, browser: Browser) -> None:
    """Where the browser blocks windows the dialog's link leads there; several calls ask one after the other."""
    page = _settle_in(browser, live, "carol", [])
    live.manage("shell", "-c", ASK)
    page.goto("/orders/quick/")
    page.evaluate("() => { window.open = () => null; }")
    page.fill("[name=symbol]", SYMBOL)
    page.fill("[name=quantity]", "6")
    page.evaluate(TWICE)
    with page.expect_popup() as opened:
        page.get_by_role("dialog").get_by_role("link").click()
    opened.value.fill("[name=token]", live.manage("demo_otp", "carol"))
    with opened.value.expect_event("close"):
        opened.value.click("main form button[type=submit] >> nth=0")
    expect(page.get_by_role("dialog")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#told")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert _rows(live, ORDERS, "carol", SYMBOL) == [(1,)]
