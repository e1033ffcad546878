"""The browser's script in a real browser, under the demo's policy and Trusted Types: it signs, and nobody notices."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.client import ELSEWHERE
from tests.elsewhere import relay
from tests.workers import wait_for

if TYPE_CHECKING:
    from tests.live import Live

SYMBOL = "1301"
HOME = re.compile(r":\d+/$")
ORDERS = (
    "select count(*) from broker_order join auth_user on auth_user.id = account_id "
    "where username = ? and state != 'held'"
)
FACTS = (
    "select facts from authshield_ledgerentry join auth_user on cast(auth_user.id as text) = account "
    "where username = ? and kind = 'order' order by at desc limit 1"
)
ENDED = (
    "select sid from authshield_session join auth_user on cast(auth_user.id as text) = account "
    "where username = ? and ended_at is not null and ended_reason != 'logout'"
)
TRUSTED = "require-trusted-types-for 'script'; trusted-types 'none'; default-src 'self'"


def _context(browser: Browser, port: int) -> BrowserContext:
    """A browser whose pages may run nothing but what is served, and are watched for what the policy stops."""
    context = browser.new_context(base_url=f"http://localhost:{port}")
    context.route(
        "**/*",
        lambda route: _stricter(route) if route.request.resource_type == "document" else route.continue_(),
    )
    return context


def _stricter(route: Any) -> None:
    answer = route.fetch(max_redirects=0)
    route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": TRUSTED})


def _page(context: BrowserContext, seen: list[str]) -> Page:
    page = context.new_page()
    page.on("console", lambda message: seen.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: seen.append(str(error)))
    return page


def _sign_in(page: Page, name: str) -> None:
    page.goto("/login/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", f"{name}-{name}")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(HOME)


def _order(page: Page, quantity: int = 1) -> None:
    page.goto("/orders/new/")
    page.fill("[name=symbol]", SYMBOL)
    page.check("[name=side][value=buy]", force=True)
    page.fill("[name=quantity]", str(quantity))
    page.select_option("[name=order_type]", "market")
    page.get_by_role("button", name="Place the order").click()


def _rows(live: Live, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(live.folder / "db.sqlite3")) as database:
        return database.execute(query, values).fetchall()


def _settle_in(page: Page, name: str) -> None:
    """Sign in, let the script register its key, and sign in once more with it."""
    page.goto("/login/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", f"{name}-{name}")
    with page.expect_response("**/security/api/device") as registered:
        page.get_by_role("button", name="Sign in", exact=True).click()
    assert registered.value.status == 204
    page.context.clear_cookies(name="sessionid")
    _sign_in(page, name)


def test_sign_ins_and_orders_are_signed_unseen(live: Live, browser: Browser) -> None:
    """No page and no click more; nothing that the policy or Trusted Types would stop; the key cannot be exported."""
    seen: list[str] = []
    page = _page(_context(browser, live.port), seen)
    _settle_in(page, "erin")
    _order(page)
    expect(page).to_have_url(re.compile(r"/orders/$"))
    [(facts,)] = _rows(live, FACTS, "erin")
    assert '"device.proof": "valid"' in facts
    assert '"session.is_bound": true' in facts
    assert "session.key_missing" not in facts
    exported = page.evaluate(
        """() => new Promise((resolve) => {
          const opening = indexedDB.open("authshield", 1);
          opening.onsuccess = () => {
            const asked = opening.result.transaction("keys").objectStore("keys").get("device");
            asked.onsuccess = () => crypto.subtle.exportKey("jwk", asked.result.privateKey)
              .then(() => resolve("out"), (error) => resolve(error.name));
          };
        })"""
    )
    assert exported == "InvalidAccessError"
    assert seen == []


def test_a_fetch_is_signed_like_a_form(live: Live, browser: Browser) -> None:
    """The site's own calls need no change: the header is put in on the way."""
    page = _context(browser, live.port).new_page()
    _settle_in(page, "bob")
    with page.expect_request("**/api/orders") as sent:
        page.evaluate(
            """() => fetch("/api/orders", {method: "POST", body: '{"symbol": "1301"}',
                 headers: {"Content-Type": "application/json"}}).then((answer) => answer.status)"""
        )
    assert sent.value.headers["authshield-proof"].startswith("v1.")


def test_the_cookie_thief_sees_and_orders_nothing_and_the_customer_goes_on(
    live: Live, browser: Browser
) -> None:
    """All cookies, the same browser, another network: a page that asks, no order; she signs in and goes on."""
    owner = _context(browser, live.port)
    page = owner.new_page()
    _settle_in(page, "carol")
    before = _rows(live, ORDERS, "carol")
    with relay(live.port, ELSEWHERE) as port:
        copy = browser.new_context(base_url=f"http://localhost:{port}")
        copy.add_cookies(owner.cookies())  # type: ignore[arg-type]
        thief = copy.new_page()
        for path in ("/", "/orders/", "/security/", "/account/contact/"):
            assert thief.goto(path).status == 401  # type: ignore[union-attr]
            expect(thief.get_by_role("heading", name="Is this still your browser?")).to_be_visible()
        token = next(cookie["value"] for cookie in copy.cookies() if cookie["name"] == "csrftoken")
        fields = {"symbol": SYMBOL, "side": "buy", "quantity": "5", "order_type": "market"}
        answer = copy.request.post(
            "/orders/new/", form={**fields, "csrfmiddlewaretoken": token}, max_redirects=0
        )
        assert answer.status == 302
    assert _rows(live, ORDERS, "carol") == before
    # What was tried ends the session for both. Her sign-in is the one confirmation; it is her device as ever.
    wait_for(lambda: _rows(live, ENDED, "carol"), "the end of the session")
    _sign_in(page, "carol")
    _order(page)
    expect(page).to_have_url(re.compile(r"/orders/$"))
    assert _rows(live, ORDERS, "carol") == [(before[0][0] + 1,)]


def test_a_browser_that_moves_needs_no_click(live: Live, browser: Browser) -> None:
    """The page that asks for the key proves it and goes on to where the person wanted."""
    context = _context(browser, live.port)
    page = context.new_page()
    _settle_in(page, "alice")
    context.clear_cookies(name="authshield-presence")
    page.goto("/orders/")
    expect(page.get_by_role("heading", name="Orders", exact=True)).to_be_visible()


def test_without_javascript_everything_works(live: Live, browser: Browser) -> None:
    """Signing in and ordering, with less trust and no question."""
    context = browser.new_context(base_url=f"http://localhost:{live.port}", java_script_enabled=False)
    page = context.new_page()
    _sign_in(page, "dave")
    _order(page)
    expect(page).to_have_url(re.compile(r"/orders/$"))


def test_a_session_without_its_key_goes_on_after_one_confirmation(live: Live, browser: Browser) -> None:
    """The key is gone from the browser: one code, and the script registers another one; orders go through again."""
    context = _context(browser, live.port)
    page = context.new_page()
    _settle_in(page, "alice")
    page.evaluate("() => indexedDB.deleteDatabase('authshield')")
    context.clear_cookies(name="authshield-presence")
    page.goto("/orders/")
    page.get_by_role("button", name="Confirm that it is you").click()
    page.fill("[name=token]", live.manage("demo_otp", "alice"))
    with page.expect_response("**/security/api/device") as registered:
        page.click("main form button[type=submit] >> nth=0")
    assert registered.value.status == 204
    expect(page.get_by_role("heading", name="Orders", exact=True)).to_be_visible()
    _order(page)
    expect(page).to_have_url(re.compile(r"/orders/$"))
    [(facts,)] = _rows(live, FACTS, "alice")
    assert '"device.proof": "valid"' in facts
