"""A71 at the doors: Redis is flushed, fails over, or forgets its scripts. What is lost has a bound; locks hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib.auth import get_user_model

from authshield import clock
from authshield.contain import steps
from authshield.models import TotpFactor
from tests.filled import fill
from tests.hashes import counted_hashes
from tests.site import Guest, challenge_in, code_of, stranger, work_off
from tests.troubles import await_copy, fail_over, replicate, stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django.fixtures import Settings

    from tests.servers import Valkey

LIMIT = 5


def _looks(times: int, name: str = "dave") -> int:
    """How many of so many wrong passwords are hashed."""
    with counted_hashes() as counted:
        for _ in range(times):
            assert stranger().api_sign_in(name, "wrong").status_code in {401, 429}
    return counted.hashes


def test_a71_a_forgotten_script_costs_no_count(site: Valkey) -> None:
    """It is sent once more; what was counted stays counted, and nothing is counted twice."""
    assert _looks(3) == 3
    site.client.script_flush()
    assert _looks(10) == LIMIT - 3


def test_a71_a_flush_loses_counts_and_no_more(site: Valkey) -> None:
    """Each flush is worth one more window of guesses, at most; the authenticator's own count goes on."""
    Guest().sign_in("dave")
    work_off()
    for _ in range(2):
        assert _looks(10) == LIMIT
        site.client.flushall()
    thief, factor = stranger(), TotpFactor.objects.get(user__username="dave")
    for guesses in range(4):
        asked = challenge_in(thief.sign_in("dave"))
        for number in range(3):
            form = {"factor": "totp", "token": f"{number:06d}"}
            thief.client.post(f"/security/challenge/{asked}/", form)
        factor.refresh_from_db()
        assert factor.failures == min(10, 3 * (guesses + 1))
        site.client.flushall()
    assert factor.locked_until is not None


def test_a71_a_flush_opens_nothing_that_was_shut(site: Valkey) -> None:
    """A frozen account, an ended session, a used code and a spent grant."""
    owner, other = Guest(), Guest()
    owner.sign_in("dave")
    other.sign_in("alice")
    work_off()
    spent, code = _spend(other)
    dave = str(get_user_model().objects.get(username="dave").pk)
    steps.freeze(dave, "victim called", by="desk", now=clock.now())
    alice = str(get_user_model().objects.get(username="alice").pk)
    site.client.flushall()
    assert owner.api_sign_in("dave").json()["code"] == "account_frozen"
    assert owner.order("1301", quantity="1").json()["code"] == "account_frozen"
    order = {"symbol": "1301", "side": "buy", "quantity": "2", "order_type": "market"}
    replayed = other.api("POST", "/api/orders", order, HTTP_AUTHSHIELD_CHALLENGE=spent)
    assert replayed.status_code in {409, 410}
    asked = challenge_in(stranger().sign_in("alice"))
    form = {"factor": "totp", "token": code}
    assert stranger().client.post(f"/security/challenge/{asked}/", form).status_code in {401, 404}
    steps.end_all_sessions(alice, "stolen", by="desk", now=clock.now())
    site.client.flushall()
    assert not other.is_signed_in


def _spend(guest: Guest) -> tuple[str, str]:
    """Place an order with a proof; returns the proof and the code."""
    guest.client.defaults["REMOTE_ADDR"] = "127.0.0.66"
    contact = {"email": "new@hinode.example", "phone": "090-1234-5678"}
    challenge = challenge_in(guest.client.post("/account/contact/", contact))
    code = code_of("alice")
    form = {"factor": "totp", "token": code}
    assert guest.client.post(f"/security/challenge/{challenge}/", form).status_code == 302
    return challenge, code


@pytest.mark.parametrize("is_noticed", [False, True])
def test_a71_a_fail_over_keeps_what_was_copied(
    start_own_valkey: Callable[[], Valkey], settings: Settings, transactional_db: None, is_noticed: bool
) -> None:
    """Between the masters the database counts: one window more at most, and nothing fails on the way."""
    del transactional_db
    master, replica = start_own_valkey(), start_own_valkey()
    settings.AUTHSHIELD_REDIS_URL = master.url
    settings.AUTHSHIELD_STORE_TIMEOUT_SECONDS = 5.0
    fill()
    replicate(master, replica)
    assert _looks(3) == 3
    assert await_copy(master)
    between = 0
    if is_noticed:
        stop(master)
        between = _looks(7)
        assert between == LIMIT - 3  # this process knows what Redis had counted
    fail_over(master, replica)
    settings.AUTHSHIELD_STORE_TIMEOUT_SECONDS = (
        4.0  # a process that starts now; others find out by themselves
    )
    assert _looks(10) == LIMIT - 3
