"""The demo served to a browser by this very process, so that a test can put anything into its database.

Must not know which pages there are.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer
from django.db import connections
from django.test.testcases import QuietWSGIRequestHandler

from tests.site import PASSWORD, code_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page


@dataclass(frozen=True)
class Shop:
    """Where it is served. ``localhost``, as browsers allow passkeys at no address."""

    port: int

    @property
    def origin(self) -> str:
        """What every address begins with."""
        return f"http://localhost:{self.port}"

    def session_of(self, page: Page) -> Any:
        """The session that the page's browser has now."""
        key = next(one["value"] for one in page.context.cookies() if one["name"] == "sessionid")
        return import_module(settings.SESSION_ENGINE).SessionStore(key)

    def sign_in(self, page: Page, name: str) -> None:
        """By the form, and by a code where one is asked for."""
        page.goto("/login/" if name not in {"admin", "tuner", "analyst"} else "/admin/login/?next=/admin/")
        page.fill("[name=username]", name)
        page.fill("[name=password]", PASSWORD.format(name))
        press(page, "main form button[type=submit], #login-form [type=submit]")
        if "/challenge/" in page.url:
            page.fill("[name=token]", code_of(name))
            press(page, "main form button[type=submit]")


def press(page: Page, button: str) -> None:
    """Press a button and wait for the page that it leads to."""
    with page.expect_navigation():
        page.locator(button).first.click()


@contextmanager
def open_shop() -> Iterator[Shop]:
    """Serve it until the block ends."""
    server = ThreadedWSGIServer(("localhost", 0), QuietWSGIRequestHandler, connections_override={})
    server.set_app(WSGIHandler())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Shop(int(server.server_address[1]))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        connections.close_all()
