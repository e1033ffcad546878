"""A53 to A57 at the site's doors: one proof, one effect, once, and nothing left behind by what failed."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model

from authshield import clock, signals
from authshield.backends.loader import load
from authshield.backends.orders import NoBooks
from authshield.contain import steps
from authshield.enforce import holds
from authshield.errors import GatewayError, InvalidInput, Refused
from authshield.models import Challenge, Hold, LedgerEntry, Session, SwitchRow
from authshield.tune import rulebook
from authshield.vocabulary.decision import Final
from demo_site.broker.models import Account, Instrument, Order, Withdrawal
from tests.site import Guest, challenge_in, code_of, stranger, work_off
from tests.together import just_before

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import Settings

    from authshield.vocabulary.operation import Operation

pytestmark = pytest.mark.usefixtures("own_site")
GATE = "SELECT 'account_frozen'"
BANK = "0010-310-4000004"
ORDER = {"symbol": "1301", "side": "buy", "quantity": "1", "order_type": "market"}


class ShutBooks(NoBooks):
    """Books whose server does not answer."""

    def hold(self, operation: Operation, *, session: str, key: str) -> str:
        """Fail."""
        raise GatewayError(f"no answer for {operation.kind} {session} {key}")


def _account() -> str:
    return str(get_user_model().objects.get(username="dave").pk)


@pytest.fixture
def dave(own_site: object) -> Guest:
    """Signed in at home."""
    del own_site
    guest = Guest()
    assert guest.sign_in("dave").headers["Location"] == "/"
    return guest


def _tighten(kind: str, action: str) -> None:
    now = clock.now()
    SwitchRow.objects.create(
        kind="tighten", target=kind, action=action, reason="test", expires_at=now + timedelta(hours=1)
    )
    rulebook.forget()


def _prove(guest: Guest, number: str) -> Any:
    token = {"factor": "totp", "token": code_of("dave")}
    return guest.api("POST", f"/security/api/challenges/{number}/verify", token)


@contextmanager
def _told() -> Iterator[list[Final]]:
    """What became of every judged event."""
    finals: list[Final] = []

    def hear(outcome: Any, **_: Any) -> None:
        finals.append(outcome.final)

    signals.decided.connect(hear)
    try:
        yield finals
    finally:
        signals.decided.disconnect(hear)


def test_a53_a_second_click_places_nothing(dave: Guest) -> None:
    """By page and by API: the proof is used, once, and the answer says so."""
    _tighten("order", "challenge")
    number = challenge_in(dave.client.post("/orders/new/", ORDER))
    token = {"factor": "totp", "token": code_of("dave")}
    assert dave.client.post(f"/security/challenge/{number}/", token).headers["Location"] == "/orders/"
    for again in (
        dave.client.post(f"/security/challenge/{number}/", token),
        dave.client.get(f"/security/challenge/{number}/"),
        dave.api("POST", "/api/orders", ORDER, HTTP_AUTHSHIELD_CHALLENGE=number),
        dave.client.post("/orders/new/", ORDER, HTTP_AUTHSHIELD_CHALLENGE=number),
    ):
        assert again.status_code == 409
    assert Order.objects.count() == 1


def test_a52_a_proof_of_the_page_is_none_for_the_token_and_the_other_way_round(dave: Guest) -> None:
    """Cookie and bearer token are two sessions of one person."""
    _tighten("order", "challenge")
    token = dave.api_sign_in("dave").json()["token"]
    number = challenge_in(dave.api("POST", "/api/orders", ORDER))
    assert _prove(dave, number).status_code == 200
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {token}", "HTTP_AUTHSHIELD_CHALLENGE": number}
    assert dave.api("POST", "/api/orders", ORDER, **bearer).status_code == 404
    assert dave.api("POST", "/api/orders", ORDER, HTTP_AUTHSHIELD_CHALLENGE=number).status_code == 201


def test_a54_a_number_that_was_used_stands_for_that_order_alone(dave: Guest) -> None:
    """The same order again is the first one; another order under its number is 409; nobody else's counts."""
    first = dave.api("POST", "/api/orders", ORDER | {"client_order_id": "mine-1"})
    again = dave.api("POST", "/api/orders", ORDER | {"client_order_id": "mine-1"})
    assert (first.status_code, again.json()["id"]) == (201, first.json()["id"])
    for changed in ({"quantity": "2"}, {"side": "sell"}, {"symbol": "1302"}):
        answer = dave.api("POST", "/api/orders", ORDER | {"client_order_id": "mine-1"} | changed)
        assert (answer.status_code, answer.json()["code"]) == (409, "client_order_id_reused")
        assert (
            dave.client.post("/orders/new/", ORDER | {"client_order_id": "mine-1"} | changed).status_code
            == 409
        )
    assert Order.objects.count() == 1
    alice = Guest()
    alice.sign_in("alice")
    assert alice.api("POST", "/api/orders", ORDER | {"client_order_id": "mine-1"}).status_code == 201


def test_a54_a_number_opens_nothing_to_a_session_that_was_ended(dave: Guest) -> None:
    """Asking again is an act of the session, too."""
    order = ORDER | {"client_order_id": "mine-1"}
    assert dave.api("POST", "/api/orders", order).status_code == 201
    work_off()
    Session.objects.filter(account=_account()).update(ended_at=clock.now())
    assert dave.api("POST", "/api/orders", order).status_code == 403


def test_a55_what_the_rules_judge_anew_needs_a_new_proof(dave: Guest) -> None:
    """A ruleset that is published in between voids the proof, on the page as well."""
    _tighten("order", "challenge")
    number = challenge_in(dave.api("POST", "/api/orders", ORDER))
    assert _prove(dave, number).status_code == 200
    rulebook.publish(None, "between", clock.now())
    rulebook.forget()
    answer = dave.api("POST", "/api/orders", ORDER, HTTP_AUTHSHIELD_CHALLENGE=number)
    assert (answer.status_code, answer.json()["code"]) == (410, "challenge_expired")
    assert not Order.objects.exists()


def test_a56_a_small_order_does_not_grow_into_a_large_one() -> None:
    """The owner's tiny order of a thin symbol, amended by a stranger into a large one, is judged as that."""
    owner = Guest()
    owner.sign_in("dave")
    thin = Instrument.objects.filter(kind="share").order_by("adv_minor")[0]
    limit = str(int(thin.base_price * 7 // 10))
    small = {
        "symbol": thin.symbol,
        "side": "buy",
        "quantity": "1",
        "order_type": "limit",
        "limit_price": limit,
    }
    placed = owner.api("POST", "/api/orders", small)
    assert placed.status_code == 201, placed.content
    thief = stranger()
    number = challenge_in(thief.sign_in("dave"))
    thief.client.post(f"/security/challenge/{number}/", {"factor": "totp", "token": code_of("dave")})
    path = f"/api/orders/{placed.json()['id']}"
    large = str(int(Account.objects.get(user__username="dave").cash_minor * 9 // 10 // int(limit)))
    assert thief.api("PATCH", path, {"quantity": large}).status_code in {202, 401, 403}
    page = thief.client.post(
        f"/orders/{placed.json()['id']}/amend/", {"quantity": large, "limit_price": limit}
    )
    assert page.status_code == 302
    market = {"symbol": thin.symbol, "side": "buy", "quantity": large, "order_type": "market"}
    assert thief.api("POST", "/api/orders", market).status_code in {202, 401, 403, 422}
    placed_orders = Order.objects.exclude(state="held")
    assert {order.quantity for order in placed_orders} == {1}


def test_a56_a_proof_of_a_small_amend_is_none_of_a_large_one(dave: Guest) -> None:
    """The change is bound field by field, like an order."""
    _tighten("order_change", "challenge")
    order = ORDER | {"order_type": "limit", "limit_price": "100"}
    path = f"/api/orders/{dave.api('POST', '/api/orders', order).json()['id']}"
    number = challenge_in(dave.api("PATCH", path, {"quantity": "2"}))
    assert _prove(dave, number).status_code == 200
    named = {"HTTP_AUTHSHIELD_CHALLENGE": number}
    assert dave.api("PATCH", path, {"quantity": "2000"}, **named).json()["code"] == "binding_mismatch"
    assert dave.api("PATCH", path, {"quantity": "2"}, **named).status_code == 410
    assert Order.objects.get().quantity == 1


@pytest.mark.parametrize("stop", ["freeze", "end"])
def test_a57_what_was_stopped_a_moment_ago_does_not_execute(dave: Guest, stop: str) -> None:
    """A freeze or the end of the session between the verdict and the books: the last gate sees it."""
    work_off()
    sid = Session.objects.get(account=_account()).sid

    def act() -> None:
        if stop == "freeze":
            steps.freeze(_account(), "test", by="desk", now=clock.now())
        else:
            steps.end_session(sid, "test", by="desk", now=clock.now())

    with just_before(GATE, act):
        answer = dave.api("POST", "/api/orders", ORDER)
    assert (answer.status_code, answer.json()["code"]) == (
        403,
        "account_frozen" if stop == "freeze" else "session_ended",
    )
    assert not Order.objects.exists()
    assert not LedgerEntry.objects.filter(final="allowed").exists()


def test_a57_a_held_order_is_the_desks_to_release_and_once(dave: Guest) -> None:
    """The customer can neither release nor amend it; the desk can once, and not for a frozen account."""
    _tighten("order", "hold")
    held = dave.api("POST", "/api/orders", ORDER | {"order_type": "limit", "limit_price": "100"})
    assert (held.status_code, held.json()["state"]) == (202, "held")
    number = held.json()["id"]
    assert dave.api("PATCH", f"/api/orders/{number}", {"quantity": "2"}).status_code == 409
    row = Hold.objects.get()
    steps.freeze(_account(), "test", by="desk", now=clock.now())
    with pytest.raises(Refused, match="account_frozen"):
        holds.release(row, by="desk", reason="ok", now=clock.now())
    assert Order.objects.get().state == "held"
    steps.unfreeze(_account(), by="desk", now=clock.now())
    holds.release(row, by="desk", reason="ok", now=clock.now())
    with pytest.raises(InvalidInput, match="decided before"):
        holds.release(row, by="desk", reason="ok", now=clock.now())
    assert (Order.objects.get().state, Order.objects.count()) == ("accepted", 1)


def test_a61_what_cannot_be_held_gives_back_what_it_counted(dave: Guest) -> None:
    """An order that the books refuse to hold is stopped, told as that, and fills no money limit."""
    assert dave.client.post("/orders/new/", ORDER | {"client_order_id": "mine-1"}).status_code == 302
    _tighten("order", "hold")
    with _told() as finals:
        answer = dave.client.post("/orders/new/", ORDER | {"client_order_id": "mine-1", "quantity": "2"})
    assert answer.status_code == 409
    assert Final.STOPPED in finals


@pytest.mark.parametrize("action", ["hold", "challenge"])
def test_a74_books_that_do_not_answer_place_nothing(dave: Guest, settings: Settings, action: str) -> None:
    """503 and nothing done, where the order would have waited there; a challenge needs no books."""
    load.cache_clear()
    settings.AUTHSHIELD_ORDER_GATEWAY = "tests.attacks.test_a53_to_a57_orders.ShutBooks"
    _tighten("order", action)
    with _told() as finals:
        answer = dave.api("POST", "/api/orders", ORDER)
    load.cache_clear()
    assert answer.status_code == (503 if action == "hold" else 401)
    assert Final.STOPPED in finals
    assert not Order.objects.exists()
    assert not Hold.objects.exists()


def test_a74_a_freeze_ends_every_session_whatever_the_books_say(dave: Guest, settings: Settings) -> None:
    """The customer's panic button does the rest even where the orders cannot be cancelled now."""
    assert (
        dave.api("POST", "/api/orders", ORDER | {"order_type": "limit", "limit_price": "100"}).status_code
        == 201
    )
    Guest().sign_in("dave")
    work_off()
    load.cache_clear()
    settings.AUTHSHIELD_ORDER_GATEWAY = "tests.attacks.test_a53_to_a57_orders.DeafBooks"
    answer = dave.client.post("/security/freeze/")
    load.cache_clear()
    assert answer.status_code == 200
    assert not dave.is_signed_in
    assert not Session.objects.filter(account=_account(), ended_at=None).exists()


class DeafBooks(NoBooks):
    """Books that know an order but cannot change it."""

    def open_orders(self, account: str) -> Any:
        """Fail."""
        raise GatewayError(f"no answer for {account}")


def test_a57_a_withdrawal_that_was_proved_is_paid_once(dave: Guest) -> None:
    """Two programs that send it at the same time with one proof: one payment."""
    body = {"amount": "1000", "bank_account": BANK}
    number = challenge_in(dave.api("POST", "/api/withdrawals", body))
    assert _prove(dave, number).status_code == 200
    answers: list[int] = []

    def first() -> None:
        answers.append(
            dave.api("POST", "/api/withdrawals", body, HTTP_AUTHSHIELD_CHALLENGE=number).status_code
        )

    with just_before("authshield_totpfactor", first):
        answers.append(
            dave.api("POST", "/api/withdrawals", body, HTTP_AUTHSHIELD_CHALLENGE=number).status_code
        )
    assert sorted(answers) == [201, 409]
    assert Withdrawal.objects.count() == 1
    assert Challenge.objects.get(pk=number).state == "used"
