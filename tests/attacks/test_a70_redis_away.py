"""A70, A71: Redis stopped, frozen, or emptied. Nobody is let in for free, nobody waits long, nothing fails."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from authshield.measure.store import default_store
from tests.filled import fill
from tests.site import Guest, challenge_in, code_of, stranger, work_off

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_django.fixtures import Settings

    from tests.servers import Valkey

LIMIT = 5
DEADLINE_SECONDS = 10


@pytest.fixture(params=[signal.SIGKILL, signal.SIGSTOP], ids=["stopped", "blackholed"])
def away(
    request: pytest.FixtureRequest,
    start_own_valkey: Callable[[], Valkey],
    settings: Settings,
    transactional_db: None,
) -> Iterator[Callable[[], None]]:
    """A site whose people have signed in before; calling it takes Redis away."""
    del transactional_db
    server = start_own_valkey()
    settings.AUTHSHIELD_REDIS_URL = server.url
    fill()

    def take_away() -> None:
        work_off()
        server.process.send_signal(request.param)

    yield take_away
    server.process.send_signal(signal.SIGCONT)


def test_a70_a_known_device_signs_in_as_usual(away: Callable[[], None]) -> None:
    """The database knows the device; the limiter in the database counts."""
    owner = Guest()
    owner.sign_in("alice")
    away()
    assert owner.sign_in("alice").headers["Location"] == "/"
    assert owner.is_signed_in


def test_a70_an_unknown_device_needs_a_strong_factor(away: Callable[[], None]) -> None:
    """At the owner's own address too: what the profile would say is not known."""
    Guest().sign_in("alice")
    away()
    guest = Guest()
    challenge = challenge_in(guest.sign_in("alice"))
    assert not guest.is_signed_in
    token = {"factor": "totp", "token": code_of("alice")}
    assert guest.client.post(f"/security/challenge/{challenge}/", token).status_code == 302
    assert guest.is_signed_in


def test_a70_an_order_needs_a_strong_factor(away: Callable[[], None]) -> None:
    """And is placed once it was given; the portfolio stays open."""
    owner = Guest()
    owner.sign_in("alice")
    away()
    assert owner.is_signed_in
    asked = owner.order("1301", quantity="1")
    assert asked.status_code == 401
    challenge = challenge_in(asked)
    proof = {"factor": "totp", "token": code_of("alice")}
    assert owner.api("POST", f"/security/api/challenges/{challenge}/verify", proof).json() == {"passed": True}
    order = {"symbol": "1301", "side": "buy", "quantity": "1", "order_type": "market"}
    placed = owner.api("POST", "/api/orders", order, HTTP_AUTHSHIELD_CHALLENGE=challenge)
    assert placed.status_code == 201


def test_a70_an_order_without_a_factor_waits(away: Callable[[], None]) -> None:
    """Who has nothing to prove himself with waits for the desk."""
    owner = Guest()
    owner.sign_in("erin")
    away()
    assert owner.order("1301", quantity="1").status_code == 202


def test_a70_guessing_is_limited_in_the_database(away: Callable[[], None]) -> None:
    """There is no unlimited mode."""
    away()
    guest = stranger()
    statuses = [guest.api_sign_in("dave", "wrong").status_code for _ in range(LIMIT + 3)]
    assert statuses == [401] * LIMIT + [429] * 3


def test_a70_nobody_waits_long_and_nothing_fails(away: Callable[[], None]) -> None:
    """Once the breaker is open no request asks Redis any more; none is a 500."""
    owner = Guest()
    owner.sign_in("alice")
    away()
    store = default_store()
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not store.is_open and time.monotonic() < deadline:
        assert owner.client.get("/orders/").status_code == 200
    calls = store.calls
    for _ in range(5):
        assert owner.client.get("/orders/").status_code == 200
    assert store.is_open
    assert store.calls == calls


def test_a71_a_flushed_redis_forgets_no_lock(valkey: Valkey, transactional_db: None) -> None:
    """Frozen stays frozen, and a device that was trusted is known again."""
    del transactional_db
    fill()
    owner = Guest()
    owner.sign_in("alice")
    work_off()
    valkey.client.flushall()
    assert owner.sign_in("alice").headers["Location"] == "/"
