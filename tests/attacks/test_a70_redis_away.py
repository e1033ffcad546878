"""A70: Redis is of no use, one way or another. Nobody is let in for free, nobody waits long, nothing fails."""

from __future__ import annotations

import signal
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth import get_user_model

from authshield import clock
from authshield.contain import steps
from authshield.measure.breaker import FAILURES
from authshield.measure.store import default_store
from tests.filled import fill
from tests.site import Guest, challenge_in, code_of, stranger, work_off
from tests.troubles import UNUSABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_django.fixtures import Settings

    from tests.servers import Valkey

LIMIT, OWNERS = 5, 10
RESETS = 3


@dataclass(frozen=True)
class Site:
    """The demo on a Redis of its own."""

    server: Valkey
    trouble: str
    settings: Settings

    def lose_redis(self) -> None:
        """Let the worker finish first. From now on nobody waits longer than a live site would."""
        work_off()
        UNUSABLE[self.trouble](self.server)
        self.settings.AUTHSHIELD_STORE_TIMEOUT_SECONDS = 0.1


@pytest.fixture(params=UNUSABLE)
def away(
    request: pytest.FixtureRequest,
    start_own_valkey: Callable[[], Valkey],
    settings: Settings,
    transactional_db: None,
) -> Iterator[Callable[[], None]]:
    """A site whose people have signed in before; calling it takes Redis away, one way or another."""
    del transactional_db
    server = start_own_valkey()
    settings.AUTHSHIELD_REDIS_URL = server.url
    settings.AUTHSHIELD_STORE_TIMEOUT_SECONDS = 5.0
    fill()
    yield Site(server, request.param, settings).lose_redis
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


def test_a70_right_passwords_are_no_guesses(away: Callable[[], None]) -> None:
    """A trusted device that comes often is not locked out by its own sign-ins."""
    owner = Guest()
    owner.sign_in("alice")
    away()
    for _ in range(LIMIT + 2):
        assert owner.sign_in("alice").headers["Location"] == "/"


def test_a70_a_known_device_goes_on_while_strangers_guess(away: Callable[[], None]) -> None:
    """It has a budget of its own, at the guesser's address too; and that has an end as well."""
    owner = Guest()
    owner.sign_in("alice")
    away()
    thief = stranger()
    assert [thief.api_sign_in("alice", "wrong").status_code for _ in range(30)].count(401) == LIMIT
    owner.client.defaults["REMOTE_ADDR"] = thief.address
    assert owner.sign_in("alice").headers["Location"] == "/"
    assert [owner.api_sign_in("alice", "wrong").status_code for _ in range(14)].count(401) == OWNERS


def test_a70_resets_are_limited_in_the_database(away: Callable[[], None]) -> None:
    """As many mails as ever, whoever asks for them."""
    away()
    guest = stranger()
    form = {"email": "alice@hinode.example"}
    statuses = [guest.client.post("/password/reset/", form).status_code for _ in range(RESETS + 1)]
    assert statuses == [302] * RESETS + [429]


def test_a70_no_lock_is_lifted(away: Callable[[], None]) -> None:
    """Frozen stays frozen, ended stays ended: the database says so."""
    victim, other = Guest(), Guest()
    victim.sign_in("dave")
    other.sign_in("alice")
    alice, dave = (str(get_user_model().objects.get(username=name).pk) for name in ("alice", "dave"))
    away()
    steps.freeze(dave, "victim called", by="desk", now=clock.now())
    steps.end_all_sessions(alice, "stolen", by="desk", now=clock.now())
    assert victim.api_sign_in("dave").json()["code"] == "account_frozen"
    assert victim.order("1301", quantity="1").json()["code"] == "account_frozen"
    assert not other.is_signed_in


def test_a70_nothing_fails_at_any_door(away: Callable[[], None]) -> None:
    """Pages, forms and programs: a refusal at most, never an error."""
    owner = Guest()
    owner.sign_in("alice")
    away()
    statuses = [owner.client.get(path).status_code for path in ("/", "/orders/", "/security/", "/login/")]
    contact = {"email": "new@hinode.example", "phone": "090-1234-5678"}
    for path, form in (
        ("/account/contact/", contact),
        ("/withdrawals/new/", {"amount": "1000", "bank_account": "0005-123-1234567"}),
        ("/security/freeze/", {}),
        ("/logout/", {}),
    ):
        statuses.append(owner.client.post(path, form).status_code)
    assert not [status for status in statuses if status >= 500], statuses


@pytest.mark.parametrize("away", ["stopped", "blackholed", "slow"], indirect=True)
def test_a70_nobody_waits_long_and_nothing_fails(away: Callable[[], None]) -> None:
    """Three calls fail at most, then the breaker is open and no request asks Redis any more; none is a 500."""
    owner = Guest()
    owner.sign_in("alice")
    away()
    store = default_store()
    for _ in range(FAILURES):  # as if each came on a thread of its own
        assert copy_context().run(owner.client.get, "/orders/").status_code == 200
    assert store.is_open
    calls = store.calls
    for _ in range(5):
        assert owner.client.get("/orders/").status_code == 200
    assert owner.sign_in("alice").headers["Location"] == "/"
    assert store.is_open
    assert store.calls == calls


@pytest.mark.parametrize("away", ["stopped", "blackholed", "slow"], indirect=True)
def test_a70_one_request_waits_for_one_answer(away: Callable[[], None]) -> None:
    """A sign-in asks more than once; after the first answer that did not come it asks no more."""
    owner = Guest()
    owner.sign_in("alice")
    away()
    assert owner.sign_in("alice").headers["Location"] == "/"
    assert default_store().calls <= 2


def test_a71_a_flushed_redis_forgets_no_lock(valkey: Valkey, transactional_db: None) -> None:
    """Frozen stays frozen, and a device that was trusted is known again."""
    del transactional_db
    fill()
    owner = Guest()
    owner.sign_in("alice")
    work_off()
    valkey.client.flushall()
    assert owner.sign_in("alice").headers["Location"] == "/"
