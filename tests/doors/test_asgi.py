"""The same doors under ASGI: views that are coroutines, asked by Django's own asynchronous handler."""

from __future__ import annotations

import json
import threading
from types import FrameType
from typing import Any

import pytest
from asgiref.sync import SyncToAsync, async_to_sync, iscoroutinefunction
from django.contrib.auth.models import User
from django.test import AsyncClient
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from authshield import clock
from authshield.contain.steps import end_all_sessions
from authshield.models import Hold, LedgerEntry
from authshield.record import reports
from authshield.vocabulary.actions import Action
from authshield.vocabulary.event import Kind
from demo_site.broker.models import Order
from tests.async_urls import order, reset
from tests.client import CHROME
from tests.doors.conftest import Tighten
from tests.servers import Valkey
from tests.site import code_of, work_off

ORDER = {"symbol": "1301", "side": "buy", "quantity": "1", "order_type": "market"}
BROWSER = {"user-agent": CHROME, "accept": "application/json"}


class AsyncGuest:
    """One browser on this machine, asking through the asynchronous handler."""

    def __init__(self) -> None:
        """Open the browser."""
        self.client = AsyncClient()

    def get(self, path: str) -> Any:
        """Ask for a page, as a program."""
        return async_to_sync(self.client.get)(path, headers=BROWSER)

    def post(self, path: str, fields: dict[str, str]) -> Any:
        """Send a form."""
        return async_to_sync(self.client.post)(path, fields, headers=BROWSER)

    def send(self, path: str, body: dict[str, str], **headers: str) -> Any:
        """Send JSON."""
        return async_to_sync(self.client.post)(
            path, json.dumps(body), content_type="application/json", headers=BROWSER | headers
        )

    def order(self, challenge: str = "", **changes: str) -> Any:
        """Place an order with the view that is a coroutine."""
        named = {"AuthShield-Challenge": challenge} if challenge else {}
        return self.send("/api/async/orders", ORDER | changes, **named)


@pytest.fixture
def alice(site: Valkey, settings: Settings) -> AsyncGuest:
    """Alice, signed in, on the site with the asynchronous views."""
    del site
    settings.ROOT_URLCONF = "tests.async_urls"
    guest = AsyncGuest()
    assert guest.post("/login/", {"username": "alice", "password": "alice-alice"}).status_code == 302
    return guest


def test_a_coroutine_stays_one() -> None:
    """Django would put a plain function into a thread."""
    assert iscoroutinefunction(order)
    assert iscoroutinefunction(reset)


def test_a_page_is_shown(alice: AsyncGuest) -> None:
    """A signed-in page of an event loop is guarded and let through."""
    assert alice.get("/async/page/").content == b"hello alice"


def _hops(alice: AsyncGuest, path: str) -> int:
    """How often a page goes into a thread, or comes back out of one."""
    code, seen = SyncToAsync.__call__.__code__, []

    def look(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code is code:
            seen.append(frame.f_lineno)

    threading.setprofile(look)  # the event loop has a thread of its own
    try:
        assert alice.get(path).content == b"hello alice"
    finally:
        threading.setprofile(None)
    return len(seen)


def test_the_guard_of_a_page_costs_no_thread(alice: AsyncGuest) -> None:
    """What Django does in threads for its sessions and users is all that is done there.

    Now and then a page also asks for new rules, which is the database's: the least of a few counts.
    """
    reports.to_tell.clear()  # as is what the database is told after an outage, such as an earlier test's
    guarded, unguarded = (
        min(_hops(alice, path) for _ in range(4)) for path in ("/async/page/", "/async/unguarded/")
    )
    assert guarded == unguarded > 0


def test_an_ended_session_is_refused_at_the_next_page(
    alice: AsyncGuest, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    """What the desk ends is over there too."""
    account = str(User.objects.get(username="alice").pk)
    work_off()
    with django_capture_on_commit_callbacks(execute=True):
        assert end_all_sessions(account, "desk", by="desk", now=clock.now()) == 1
    refused = alice.get("/async/page/")
    assert (refused.status_code, refused.json()["code"]) == (403, "session_ended")


def test_an_order_is_placed_with_its_ledger_line(alice: AsyncGuest) -> None:
    """The effect and its line are one, as in a thread."""
    before = Order.objects.count()
    placed = alice.order()
    assert (placed.status_code, placed.json()["state"]) == (201, "filled")
    assert Order.objects.count() == before + 1
    assert LedgerEntry.objects.filter(kind="order", final="allowed").count() == 1


def test_a_denied_order_is_refused(alice: AsyncGuest, tighten: Tighten) -> None:
    """Nothing is executed, and the answer is a problem."""
    tighten(Kind.ORDER, Action.DENY)
    before = Order.objects.count()
    refused = alice.order()
    assert (refused.status_code, refused.json()["code"]) == (403, "denied")
    assert Order.objects.count() == before


def test_a_held_order_waits(alice: AsyncGuest, tighten: Tighten) -> None:
    """A hold is a hold."""
    tighten(Kind.ORDER, Action.HOLD)
    held = alice.order()
    assert (held.status_code, held.json()["state"]) == (202, "held")
    assert Hold.objects.count() == 1


def test_an_asked_order_is_placed_once_it_is_proved(alice: AsyncGuest, tighten: Tighten) -> None:
    """The challenge's header opens the very same request, once."""
    tighten(Kind.ORDER, Action.CHALLENGE)
    asked = alice.order()
    assert asked.status_code == 401
    challenge = asked.json()["challenge"]["id"]
    proof = {"factor": "totp", "token": code_of("alice")}
    assert alice.send(f"/security/api/challenges/{challenge}/verify", proof).status_code == 200
    assert alice.order(challenge).status_code == 201
    assert alice.order(challenge).json()["code"] == "challenge_used"


def test_a_bad_order_is_told_so(alice: AsyncGuest) -> None:
    """Bad input gets its own answer, and nothing is counted against the customer."""
    assert alice.order(quantity="1e2").status_code == 422


def test_what_anybody_may_try_is_counted(alice: AsyncGuest, tighten: Tighten) -> None:
    """A watched view is refused over its limit."""
    assert alice.post("/async/reset/", {"name": "alice"}).status_code == 200
    tighten(Kind.PASSWORD_RESET, Action.DENY)
    assert alice.post("/async/reset/", {"name": "alice"}).status_code == 403
