"""What a customer on a known device pays for being guarded: no page more, and no click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from demo_site.broker.models import Order
from tests.filled import fill
from tests.looks.shop import Shop, open_shop, press
from tests.site import work_off

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request
    from pytest_django.fixtures import Settings

    from tests.servers import Valkey

SUBMIT = "main form button[type=submit]"
CLICKS = "addEventListener('click', (event) => { if (event.isTrusted) console.info('clicked'); }, true)"


def _sign_in(page: Page) -> None:
    page.goto("/login/")
    page.fill("[name=username]", "alice")
    page.fill("[name=password]", "alice-alice")
    press(page, SUBMIT)


def _order(page: Page) -> None:
    page.goto("/orders/new/")
    page.fill("[name=symbol]", "1301")
    page.fill("[name=quantity]", "1")
    press(page, SUBMIT)


def _walk(shop: Shop, browser: Browser, *, is_bare: bool = False) -> tuple[list[tuple[str, str, int]], int]:
    """Sign in on a device that was here before and place an order: the documents that it takes, and the clicks."""
    context = browser.new_context(base_url=shop.origin)
    if is_bare:
        context.route("**/static/authshield/*.js", lambda route: route.fulfill(body=""))
    page = context.new_page()
    _sign_in(page)
    page.wait_for_load_state("networkidle")
    work_off()
    context.clear_cookies(name="sessionid")
    asked: list[Request] = []
    clicks: list[Any] = []
    page.on("request", lambda one: asked.append(one) if one.resource_type == "document" else None)
    page.on("console", lambda told: clicks.append(told) if told.text == "clicked" else None)
    page.add_init_script(CLICKS)
    _sign_in(page)
    _order(page)
    page.get_by_text("Done: your order was filled.").wait_for()
    documents = [(one.method, urlsplit(one.url).path, one.response().status) for one in asked]  # type: ignore[union-attr]
    context.close()
    assert Order.objects.get().state == "filled"
    Order.objects.all().delete()
    return documents, len(clicks)


@pytest.mark.browser
def test_a_known_device_signs_in_and_orders_as_if_nobody_looked(
    valkey: Valkey, transactional_db: None, settings: Settings, browser: Browser
) -> None:
    """The very documents and clicks that the same site takes without its guard, its backend and its scripts."""
    del valkey, transactional_db
    fill()
    with open_shop() as shop:
        guarded = _walk(shop, browser)
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.startswith("authshield")]
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    settings.AUTHSHIELD_MODE = "observe"
    with open_shop() as shop:
        bare = _walk(shop, browser, is_bare=True)
    assert guarded == bare
    documents, clicks = guarded
    assert documents == [
        ("GET", "/login/", 200),
        ("POST", "/login/", 302),
        ("GET", "/", 200),
        ("GET", "/orders/new/", 200),
        ("POST", "/orders/new/", 302),
        ("GET", "/orders/", 200),
    ]
    assert clicks == 2
