"""Passkeys in a real browser: carol's first visit, a sign-in without a click, and orders confirmed with them."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.live import Live
from tests.virtual import Virtual, plug_in

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME = re.compile(r"http://localhost:\d+/$")
CHALLENGE = re.compile(r"/security/challenge/")
SYMBOL = "7203"
ORDER = {"symbol": SYMBOL, "side": "buy", "quantity": "2", "order_type": "market"}
TIGHTEN = """
from datetime import timedelta
from authshield import clock
from authshield.tune import switches
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ruleset import Switch, SwitchKind
now = clock.now()
until = now + timedelta(hours=1)
required = Strength.PHISHING_RESISTANT
switch = Switch(SwitchKind.TIGHTEN, until, Kind.ORDER.value, Action.CHALLENGE, required)
switches.turn_on(switch, reason="journeys of passkeys", by="desk", now=now)
"""
# What docs/passkeys.md tells the script of a single-page site to do; each function returns status and body.
SCRIPT = """
async ({ path, body, headers }) => {
  const csrf = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrf, ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.status, ...(await answer.json()) };
}
"""
SIGN = """
async (options) => {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return (await navigator.credentials.get({ publicKey })).toJSON();
}
"""
ORDERS = (
    "select quantity, state from broker_order join auth_user on auth_user.id = account_id where username = ? "
    "order by broker_order.rowid"
)


def _rows(live: Live, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(live.folder / "db.sqlite3")) as database:
        return database.execute(query, values).fetchall()


def _page(browser: Browser, live: Live) -> Page:
    return browser.new_context(base_url=f"http://localhost:{live.port}").new_page()


def _sign_in(page: Page, name: str) -> None:
    page.goto("/login/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", f"{name}-{name}")
    page.get_by_role("button", name="Sign in", exact=True).click()


def _enrol(page: Page, live: Live, name: str) -> None:
    """From the security centre, with the code of now."""
    page.goto("/security/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Add a passkey").click()
    expect(page).to_have_url(CHALLENGE)
    page.fill("[name=token]", live.manage("demo_otp", name))
    page.get_by_role("button", name="Confirm the change").click()
    expect(page).to_have_url(re.compile(r"/passkeys/new/"))
    page.fill("[name=name]", "My phone")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.locator(".as-row strong")).to_have_text(["My phone"])


def _order(page: Page, quantity: int) -> None:
    page.goto("/orders/new/")
    page.fill("[name=symbol]", SYMBOL)
    page.check("[name=side][value=buy]", force=True)
    page.fill("[name=quantity]", str(quantity))
    page.select_option("[name=order_type]", "market")
    page.get_by_role("button", name="Place the order").click()


@pytest.fixture
def carol(browser: Browser, live: Live) -> Iterator[tuple[Page, Virtual]]:
    """A customer's browser with an authenticator, at the login page."""
    page = _page(browser, live)
    virtual = plug_in(page)
    yield page, virtual
    page.context.close()


def test_carol_enrols_signs_in_and_confirms_an_order(live: Live, carol: tuple[Page, Virtual]) -> None:
    """On her first visit; then without typing anything, from the name field; the shown order is placed, once."""
    page, virtual = carol
    _sign_in(page, "carol")
    expect(page).to_have_url(HOME)
    expect(page.get_by_text("instead of passwords and codes")).to_be_visible()
    _enrol(page, live, "carol")
    assert len(virtual.credentials()) == 1
    page.context.clear_cookies(name="sessionid")
    page.goto("/login/")
    expect(page).to_have_url(HOME)
    live.manage("shell", "-c", TIGHTEN)
    _order(page, 3)
    expect(page).to_have_url(CHALLENGE)
    virtual.verifies(is_right=False)
    page.get_by_role("button", name="Confirm and place the order").click()
    expect(page.get_by_text("Your device confirmed nothing")).to_be_visible()
    assert _rows(live, ORDERS, "carol") == []
    virtual.verifies(is_right=True)
    page.get_by_role("button", name="Confirm and place the order").click()
    expect(page).to_have_url(re.compile(r"/orders/$"))
    assert [quantity for quantity, _ in _rows(live, ORDERS, "carol")] == [3]


def _send(page: Page, path: str, body: Any, **headers: str) -> dict[str, Any]:
    answer: dict[str, Any] = page.evaluate(SCRIPT, {"path": path, "body": body, "headers": headers})
    return answer


def _verify(page: Page, challenge: dict[str, Any], token: Any) -> dict[str, Any]:
    path = f"/security/api/challenges/{challenge['id']}/verify"
    return _send(page, path, {"factor": "webauthn", "token": token})


def _answered(page: Page, challenge: dict[str, Any]) -> Any:
    return page.evaluate(SIGN, challenge["publicKey"])


def test_a_program_confirms_the_very_order_and_no_other(live: Live, carol: tuple[Page, Virtual]) -> None:
    """By JSON alone: what is signed is the order; changed, replayed or taken elsewhere it is worth nothing."""
    page, virtual = carol
    _sign_in(page, "alice")
    expect(page).to_have_url(HOME)
    _enrol(page, live, "alice")
    live.manage("shell", "-c", TIGHTEN)
    token = _the_signed_order_alone_counts(page)
    assert _rows(live, ORDERS, "alice") == []
    _an_old_answer_is_none(page, token)
    assert [quantity for quantity, _ in _rows(live, ORDERS, "alice")] == [2]
    assert virtual.credentials()[0]["signCount"] > 0


def _the_signed_order_alone_counts(page: Page) -> Any:
    asked = _send(page, "/api/orders", ORDER)
    assert (asked["status"], asked["code"]) == (401, "step_up_required")
    challenge = asked["challenge"]
    assert "webauthn" in challenge["factors"]
    token = _answered(page, challenge)
    assert _verify(page, challenge, token) == {"status": 200, "passed": True}
    again = _verify(page, challenge, token)
    assert (again["status"], again["code"]) == (409, "challenge_used")
    grant = {"AuthShield-Challenge": challenge["id"]}
    changed = _send(page, "/api/orders", {**ORDER, "quantity": "2000"}, **grant)
    assert (changed["status"], changed["code"]) == (409, "binding_mismatch")
    assert _send(page, "/api/orders", ORDER, **grant)["status"] in {409, 410}
    return token


def _an_old_answer_is_none(page: Page, token: Any) -> None:
    challenge = _send(page, "/api/orders", ORDER)["challenge"]
    grant = {"AuthShield-Challenge": challenge["id"]}
    stale = _verify(page, challenge, token)
    assert (stale["status"], stale["code"], stale["attempts_left"]) == (401, "challenge_failed", 4)
    path = f"/security/api/challenges/{challenge['id']}"
    fresh = page.evaluate("async (path) => (await (await fetch(path)).json()).challenge", path)
    assert fresh["publicKey"]["challenge"] != challenge["publicKey"]["challenge"]
    assert _verify(page, fresh, json.dumps(_answered(page, fresh))) == {"status": 200, "passed": True}
    assert _send(page, "/api/orders", ORDER, **grant)["status"] == 201
    twice = _send(page, "/api/orders", ORDER, **grant)
    assert (twice["status"], twice["code"]) == (409, "challenge_used")


def test_nobody_else_can_use_what_was_signed(
    live: Live, browser: Browser, carol: tuple[Page, Virtual]
) -> None:
    """Another session of hers, another account: the challenge is not there for them."""
    page, _ = carol
    _sign_in(page, "dave")
    expect(page).to_have_url(HOME)
    _enrol(page, live, "dave")
    live.manage("shell", "-c", TIGHTEN)
    challenge = _send(page, "/api/orders", ORDER)["challenge"]
    token = _answered(page, challenge)
    for name in ("dave", "erin"):
        other = _page(browser, live)
        _sign_in(other, name)
        expect(other).to_have_url(HOME)
        refused = _verify(other, challenge, token)
        assert (refused["status"], refused["code"]) == (404, "challenge_not_found")
        own = _send(other, "/api/orders", ORDER).get("challenge", {})
        if name == "erin":
            assert "webauthn" not in own.get("factors", [])
        other.context.close()
    assert _verify(page, challenge, token) == {"status": 200, "passed": True}
    assert _rows(live, ORDERS, "dave") == []
