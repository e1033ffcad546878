"""The door of orders: what is refused, asked or held, as a page and as JSON, and what goes wrong in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from authshield.models import Challenge, Hold, LedgerEntry
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import Kind
from demo_site.broker.models import Order
from tests.doors.conftest import Tighten
from tests.servers import Valkey
from tests.site import Guest, challenge_in, code_of

ORDER = {"symbol": "1301", "side": "buy", "quantity": "1", "order_type": "market"}
NOWHERE = "nonsense://nowhere"


@pytest.fixture
def alice(site: Valkey) -> Guest:
    """Alice, signed in at home."""
    del site
    guest = Guest()
    assert guest.sign_in("alice").headers["Location"] == "/"
    return guest


@contextmanager
def _at(statement: str, act: Callable[[], None]) -> Iterator[None]:
    """Do something when the request gets to its first SQL statement that begins so."""
    done: list[str] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: PLR0917
        if sql.startswith(statement) and not done:
            done.append(sql)
            act()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield
    assert done, f"nothing began with {statement}"


def _passed(guest: Guest, challenge: str) -> str:
    proof = {"factor": "totp", "token": code_of("alice")}
    assert guest.api("POST", f"/security/api/challenges/{challenge}/verify", proof).status_code == 200
    return challenge


def test_a_denied_order_is_refused_and_recorded(alice: Guest, tighten: Tighten) -> None:
    """403 as a problem and as a page; a line in the ledger each; no order."""
    tighten(Kind.ORDER, Action.DENY)
    answer = alice.order("1301", quantity="1")
    assert (answer.status_code, answer.json()["code"]) == (403, "denied")
    page = alice.client.post("/orders/new/", ORDER)
    assert page.status_code == 403
    assert page.headers["Content-Type"].startswith("text/html")
    lines = LedgerEntry.objects.filter(kind="order")
    assert [(line.action, line.final) for line in lines] == [("deny", "stopped")] * 2
    assert not Order.objects.exists()


def test_a_proof_does_not_lift_a_denial(alice: Guest, tighten: Tighten) -> None:
    """What was asked first and is denied now stays undone, and the proof is not spent."""
    tighten(Kind.ORDER, Action.CHALLENGE)
    challenge = _passed(alice, challenge_in(alice.order("1301", quantity="1")))
    tighten(Kind.ORDER, Action.DENY)
    answer = alice.api("POST", "/api/orders", ORDER, HTTP_AUTHSHIELD_CHALLENGE=challenge)
    assert (answer.status_code, answer.json()["code"]) == (403, "denied")
    assert Challenge.objects.get().state == Challenge.State.PASSED
    assert not Order.objects.exists()


def test_a_proof_that_is_too_weak_now_is_asked_anew(alice: Guest, tighten: Tighten) -> None:
    """A code where a key is wanted by now: nothing strong enough is enrolled, so it waits for the desk."""
    tighten(Kind.ORDER, Action.CHALLENGE)
    challenge = _passed(alice, challenge_in(alice.order("1301", quantity="1")))
    tighten(Kind.ORDER, Action.CHALLENGE, Strength.PHISHING_RESISTANT)
    answer = alice.api("POST", "/api/orders", ORDER, HTTP_AUTHSHIELD_CHALLENGE=challenge)
    assert (answer.status_code, answer.json()["state"]) == (202, "held")


def test_a_held_order_waits_as_a_page_and_as_json(alice: Guest, tighten: Tighten) -> None:
    """202 with the reference, or on to the orders with a word; nothing executed."""
    tighten(Kind.ORDER, Action.HOLD)
    answer = alice.order("1301", quantity="1")
    assert (answer.status_code, answer.json()["state"]) == (202, "held")
    page = alice.client.post("/orders/new/", ORDER, follow=True)
    assert "This is waiting for a check" in page.content.decode()
    assert Hold.objects.count() == 2
    assert {order.state for order in Order.objects.all()} == {"held"}


def test_an_asked_order_is_a_redirect_or_a_problem(alice: Guest, tighten: Tighten) -> None:
    """The same challenge either way: the page shows it, the problem says what it is bound to."""
    tighten(Kind.ORDER, Action.CHALLENGE)
    asked = alice.order("1301", quantity="1")
    assert asked.json()["challenge"]["binding"] == {**ORDER, "kind": "order"}
    page = alice.client.post("/orders/new/", ORDER)
    assert challenge_in(page) != challenge_in(asked)
    assert not Order.objects.exists()


def test_an_order_that_the_books_refuse_after_the_proof_spends_nothing(
    alice: Guest, tighten: Tighten
) -> None:
    """The form again with its reason; the proof could still be used."""
    tighten(Kind.ORDER, Action.CHALLENGE)
    too_many = {**ORDER, "order_type": "limit", "limit_price": "2000", "quantity": "400"}
    challenge = challenge_in(alice.client.post("/orders/new/", too_many))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE broker_account SET cash_minor = 0")
    proof = {"factor": "totp", "token": code_of("alice")}
    answer = alice.client.post(f"/security/challenge/{challenge}/", proof)
    assert answer.status_code == 422
    assert Challenge.objects.get().state == Challenge.State.PASSED
    assert not Order.objects.exists()


@pytest.mark.parametrize("path", ["/gone/", "/orders/"])
def test_a_challenge_whose_view_is_gone_executes_nothing(alice: Guest, tighten: Tighten, path: str) -> None:
    """An address that a new release has taken away, or that is no guarded view: 404."""
    tighten(Kind.ORDER, Action.CHALLENGE)
    challenge = challenge_in(alice.client.post("/orders/new/", ORDER))
    Challenge.objects.update(return_to=path)
    proof = {"factor": "totp", "token": code_of("alice")}
    assert alice.client.post(f"/security/challenge/{challenge}/", proof).status_code == 404
    assert not Order.objects.exists()


def test_what_cannot_be_judged_is_denied_and_pages_stay_open(alice: Guest, settings: Settings) -> None:
    """A store that cannot even be asked: 503 for orders and sign-ins, nothing done, no 500."""
    settings.AUTHSHIELD_REDIS_URL = NOWHERE
    answer = alice.order("1301", quantity="1")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert not Order.objects.exists()
    assert alice.client.get("/orders/").status_code == 200
    program = Guest().api_sign_in("alice")
    assert (program.status_code, program.json()["code"]) == (503, "unavailable")
    assert not Guest().is_signed_in


def test_a_settlement_that_fails_changes_nothing(alice: Guest, settings: Settings) -> None:
    """The order is placed and recorded by then: its answer says so."""

    def break_the_store() -> None:
        settings.AUTHSHIELD_REDIS_URL = NOWHERE

    with _at('INSERT INTO "authshield_ledgerentry"', break_the_store):
        answer = alice.order("1301", quantity="1")
    assert answer.status_code == 201
    assert Order.objects.count() == LedgerEntry.objects.filter(kind="order").count() == 1


def test_a_broken_proof_of_the_books_leaves_the_order_undone(alice: Guest) -> None:
    """An exception of the broker's own view takes the order back and gives the limits their room."""

    def fail() -> None:
        raise ZeroDivisionError("the broker's own fault")

    with _at('INSERT INTO "broker_order"', fail), pytest.raises(ZeroDivisionError):
        alice.order("1301", quantity="1")
    assert not Order.objects.exists()
    assert not LedgerEntry.objects.filter(kind="order").exists()
    assert alice.order("1301", quantity="1").status_code == 201


def test_other_methods_are_not_taken(alice: Guest) -> None:
    """A guarded view reads, or acts by POST and PATCH."""
    answer = alice.client.delete("/orders/new/")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, PATCH, POST"


@pytest.mark.usefixtures("site")
def test_a_forgotten_password_is_asked_for_a_few_times_alone(tighten: Tighten) -> None:
    """A watched view: over the limit, or tightened by the desk, it stops before anything is sent."""
    guest = Guest()
    assert guest.client.post("/password/reset/", {"email": "dave@example.com"}).status_code == 302
    tighten(Kind.PASSWORD_RESET, Action.DENY)
    assert guest.client.post("/password/reset/", {"email": "dave@example.com"}).status_code == 403
    assert guest.client.get("/password/reset/").status_code == 200


def test_too_many_tries_at_codes_are_refused(alice: Guest, tighten: Tighten) -> None:
    """A try is counted before the code is looked at."""
    tighten(Kind.ORDER, Action.CHALLENGE)
    challenge = challenge_in(alice.order("1301", quantity="1"))
    tighten(Kind.FACTOR_ATTEMPT, Action.DENY)
    proof = {"factor": "totp", "token": code_of("alice")}
    answer = alice.api("POST", f"/security/api/challenges/{challenge}/verify", proof)
    assert (answer.status_code, answer.json()["code"]) == (403, "denied")
    assert Challenge.objects.get().state == Challenge.State.OPEN
