"""Sessions that grow old: ended by the server, on every node, whatever the cookie says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from authshield.clock import now
from authshield.judge.profiles import NIST
from authshield.tune import rulebook
from tests.clocks import set_clock
from tests.servers import Valkey
from tests.site import Guest, challenge_in, code_of, work_off

MINUTE = 60

pytestmark = pytest.mark.usefixtures("nists_times")


@pytest.fixture
def nists_times(site: Valkey) -> None:
    """NIST's lifetimes of sessions on top of what the demo goes by."""
    del site
    source = rulebook.published()
    assert source is not None
    stricter = replace(source.assurance, lifetimes=NIST.lifetimes)
    rulebook.publish_source(replace(source, assurance=stricter), None, "NIST's times", now())


def _at_home(name: str = "alice") -> Guest:
    guest = Guest()
    guest.sign_in(name)
    work_off()
    return guest


def _status(guest: Guest) -> int:
    return int(guest.client.get("/").status_code)


def test_n14_an_idle_session_ends_on_the_server_and_asking_again_does_not_revive_it() -> None:
    """An hour without a request, then the same cookies, twice: signed out, and the known device signs in as ever."""
    with set_clock() as clock:
        owner = _at_home()
        stolen = dict(owner.client.cookies)
        clock.go_on(63 * MINUTE)
        assert _status(owner) == 403
        assert _status(owner) == 302
        thief = Guest()
        thief.client.cookies.update(stolen)
        assert _status(thief) == 302
        assert owner.sign_in("alice").headers["Location"] == "/"
        assert _status(owner) == 200


def test_n14_a_program_is_told_that_its_session_is_over() -> None:
    """403 ``session_ended``, as for any other end."""
    with set_clock() as clock:
        owner = _at_home()
        clock.go_on(63 * MINUTE)
        answer = owner.api("GET", "/api/orders")
    assert (answer.status_code, answer.json()["code"]) == (403, "session_ended")


def test_n14_activity_keeps_a_session_and_a_proof_renews_it() -> None:
    """Pages every half hour for half a day; then an order asks for a proof, after which trading goes on."""
    with set_clock() as clock:
        owner = _at_home()
        for _ in range(25):
            clock.go_on(29 * MINUTE)
            assert _status(owner) == 200
        clock.go_on(2 * MINUTE)
        asked = owner.order("1301", quantity="1")
        challenge = challenge_in(asked)
        body = {"factor": "totp", "token": code_of("alice")}
        assert owner.api("POST", f"/security/api/challenges/{challenge}/verify", body).status_code == 200
        order = {"symbol": "1301", "side": "buy", "quantity": "1", "order_type": "market"}
        placed = owner.api("POST", "/api/orders", order, HTTP_AUTHSHIELD_CHALLENGE=challenge)
        assert placed.status_code == 201
        assert owner.order("1301", quantity="1").status_code == 201
        for _ in range(25):
            clock.go_on(29 * MINUTE)
            _status(owner)
        assert _status(owner) == 302


def test_n14_an_idle_hour_costs_who_has_no_factor_a_sign_in_and_no_more() -> None:
    """An order within the hour goes on as ever: there is nothing to ask for."""
    with set_clock() as clock:
        owner = _at_home("erin")
        clock.go_on(40 * MINUTE)
        assert owner.order("1301", quantity="1").status_code == 201
