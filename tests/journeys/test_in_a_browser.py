"""In a real browser: the customer waits for nothing, the stranger is asked, the hijacker is stopped."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Browser, Page, expect

from tests.client import ELSEWHERE
from tests.elsewhere import relay
from tests.workers import wait_for

if TYPE_CHECKING:
    from tests.live import Live

LARGE_CAP = "1301"
ORDERS = "select side, state from broker_order join auth_user on auth_user.id = account_id where username = ?"
CASES = "select reasons from authshield_case where score > 0"
HOLDINGS = (
    "select instrument_id, quantity from broker_position join auth_user on auth_user.id = account_id "
    "where username = ?"
)


def _page(browser: Browser, port: int) -> Page:
    return browser.new_context(base_url=f"http://127.0.0.1:{port}").new_page()


def _sign_in(page: Page, name: str) -> None:
    page.goto("/login/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", f"{name}-{name}")
    page.get_by_role("button", name="Sign in").click()


def _order(page: Page, symbol: str, side: str, quantity: int) -> None:
    page.goto("/orders/new/")
    page.fill("[name=symbol]", symbol)
    page.check(f"[name=side][value={side}]", force=True)
    page.fill("[name=quantity]", str(quantity))
    page.select_option("[name=order_type]", "market")
    with page.expect_navigation():
        page.get_by_role("button", name="Place the order").click()


def _rows(live: Live, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(live.folder / "db.sqlite3")) as database:
        return database.execute(query, values).fetchall()


def test_alice_buys_a_large_cap_and_waits_for_nothing(live: Live, browser: Browser) -> None:
    """A known device: no code at the sign-in, none at the order."""
    page = _page(browser, live.port)
    _sign_in(page, "alice")
    expect(page).to_have_url(re.compile(r"/$"))
    page.context.clear_cookies(name="sessionid")
    _sign_in(page, "alice")
    expect(page).to_have_url(re.compile(r":\d+/$"))
    _order(page, LARGE_CAP, "buy", 10)
    expect(page).to_have_url(re.compile(r"/orders/$"))
    assert [state for _, state in _rows(live, ORDERS, "alice")] == ["filled"]


def test_a_stranger_is_asked_and_an_unknown_browser_at_home_is_not(live: Live, browser: Browser) -> None:
    """A cleared cookie is everyday life; together with a network that was never hers it is not."""
    _sign_in(_page(browser, live.port), "carol")
    at_home = _page(browser, live.port)
    _sign_in(at_home, "carol")
    expect(at_home).to_have_url(re.compile(r":\d+/$"))
    with relay(live.port, ELSEWHERE) as port:
        away = _page(browser, port)
        _sign_in(away, "carol")
        expect(away).to_have_url(re.compile(r"/security/challenge/"))
        away.fill("[name=token]", live.manage("demo_otp", "carol"))
        away.click("main form button[type=submit] >> nth=0")
        expect(away).to_have_url(re.compile(r":\d+/$"))


def test_the_hijacker_is_stopped(live: Live, browser: Browser) -> None:
    """Right password, relayed code, all holdings to be sold, one thin symbol bought: nothing is done, but a case."""
    _sign_in(_page(browser, live.port), "dave")
    with relay(live.port, ELSEWHERE) as port:
        thief = _page(browser, port)
        _sign_in(thief, "dave")
        thief.fill("[name=token]", live.manage("demo_otp", "dave"))
        thief.click("main form button[type=submit] >> nth=0")
        expect(thief).to_have_url(re.compile(r":\d+/$"))
        for symbol, quantity in _rows(live, HOLDINGS, "dave"):
            _order(thief, symbol, "sell", quantity)
        thin = _rows(
            live, "select symbol from broker_instrument where kind='share' order by adv_minor limit 1"
        )
        _order(thief, thin[0][0], "buy", 100)
        wait_for(lambda: _rows(live, CASES), "a case")
    placed = {(side, state) for side, state in _rows(live, ORDERS, "dave")}
    assert placed <= {("buy", "held"), ("sell", "held"), ("buy", "cancelled"), ("sell", "cancelled")}
