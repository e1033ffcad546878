"""An order on one browser, confirmed on another: two contexts of a real Chromium, under the demo's own policy."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.client import ELSEWHERE
from tests.elsewhere import relay
from tests.workers import wait_for

if TYPE_CHECKING:
    from tests.live import Live

HOME = re.compile(r":\d+/$")
DONE = re.compile(r"/account/contact/$")
TRUSTED = (
    "select 1 from authshield_device join auth_user on cast(auth_user.id as text) = account "
    "where username = ? and trusted_at is not null"
)
LIST = "/security/confirmations/"


def _context(browser: Browser, port: int, **more: object) -> BrowserContext:
    return browser.new_context(base_url=f"http://localhost:{port}", **more)  # type: ignore[arg-type]


def _watched(context: BrowserContext, seen: list[str]) -> Page:
    page = context.new_page()
    # A page may ask for the device's key first (401) and go on by itself: that is no fault of the script's.
    page.on(
        "console",
        lambda told: (
            seen.append(told.text) if told.type == "error" and "Failed to load" not in told.text else None
        ),
    )
    page.on("pageerror", lambda error: seen.append(str(error)))
    return page


def _sign_in(page: Page, live: Live, name: str) -> None:
    page.goto("/login/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", f"{name}-{name}")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/login/" not in url)
    if "/challenge/" in page.url:
        _enter_code(page, live, name)
    expect(page).to_have_url(HOME)


def _enter_code(page: Page, live: Live, name: str) -> None:
    page.fill("[name=token]", live.manage("demo_otp", name))
    page.locator("main form button[value=answer]").click()


def _choose(page: Page, live: Live, name: str) -> None:
    """Settle in on the customer's own device, and let it confirm."""
    page.goto("/login/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", f"{name}-{name}")
    with page.expect_response("**/security/api/device") as registered:
        page.get_by_role("button", name="Sign in", exact=True).click()
    assert registered.value.status == 204
    page.context.clear_cookies(name="sessionid")
    _sign_in(page, live, name)
    with closing(sqlite3.connect(live.folder / "db.sqlite3")) as database:
        wait_for(lambda: database.execute(TRUSTED, (name,)).fetchall(), "the device's own row")
    page.goto(LIST)
    with page.expect_navigation():
        page.get_by_role("button", name="Let this device confirm").click()
    if "/challenge/" in page.url:
        _enter_code(page, live, name)
    expect(page.get_by_text("Stop confirming on this device")).to_be_visible()


def _change_address(page: Page, address: str) -> str:
    """Ask for a change of the address; returns the number that is shown."""
    page.goto("/account/contact/")
    page.fill("[name=email]", address)
    page.locator("main form button").first.click()
    page.wait_for_url("**/security/challenge/**")
    if page.get_by_role("link", name="Confirm on another device").is_visible():
        page.get_by_role("link", name="Confirm on another device").click()
    page.get_by_role("button", name="Show me the number").click()
    return page.locator(".as-number").inner_text()


def test_what_one_browser_asks_for_another_one_confirms(live: Live, browser: Browser) -> None:
    """The page that waits goes on by itself; the one that confirms shows what it is, and never the number."""
    seen: list[str] = []
    mine = _watched(_context(browser, live.port), seen)
    _choose(mine, live, "alice")
    with relay(live.port, ELSEWHERE) as port:
        other = _watched(_context(browser, port), seen)
        _sign_in(other, live, "alice")
        number = _change_address(other, "alice-moved@customer.example")
        mine.goto("/security/")
        mine.get_by_role("link", name="See what waits").click()
        expect(mine.get_by_text("alice-moved@customer.example")).to_be_visible()
        expect(mine.get_by_text("does not know yet")).to_be_visible()
        assert number not in mine.locator("main").inner_text().split()
        mine.fill("[name=number]", number)
        mine.get_by_role("button", name="Confirm", exact=True).click()
        expect(mine.get_by_role("heading", name="Confirmed")).to_be_visible()
        expect(other).to_have_url(DONE, timeout=15_000)
    assert seen == []


def test_whoever_did_not_ask_ends_it_with_one_click(live: Live, browser: Browser) -> None:
    """No number is needed for that; the other browser is signed out, and nothing has changed."""
    mine = _context(browser, live.port).new_page()
    _choose(mine, live, "dave")
    with relay(live.port, ELSEWHERE) as port:
        thief = _context(browser, port).new_page()
        _sign_in(thief, live, "dave")
        _change_address(thief, "thief@elsewhere.example")
        mine.goto(LIST)
        mine.get_by_role("button", name="This wasn't me").click()
        expect(mine.get_by_role("heading", name="Thank you, we have stopped it")).to_be_visible()
        thief.wait_for_function("() => !document.querySelector('.as-number')", timeout=15_000)
        thief.goto("/account/contact/")
        expect(thief).to_have_url(re.compile("/login/"))
    mine.goto("/account/contact/")
    assert mine.input_value("[name=email]") == "dave@hinode-customers.example"


def test_without_script_a_button_goes_on(live: Live, browser: Browser) -> None:
    """The asking browser runs no script: it says itself that the number was entered."""
    mine = _context(browser, live.port).new_page()
    _choose(mine, live, "carol")
    with relay(live.port, ELSEWHERE) as port:
        other = _context(browser, port, java_script_enabled=False).new_page()
        _sign_in(other, live, "carol")
        number = _change_address(other, "carol-moved@customer.example")
        mine.goto(LIST)
        mine.fill("[name=number]", number)
        mine.get_by_role("button", name="Confirm", exact=True).click()
        expect(mine.get_by_role("heading", name="Confirmed")).to_be_visible()
        other.get_by_role("button", name="I have entered it").click()
        expect(other).to_have_url(DONE)
