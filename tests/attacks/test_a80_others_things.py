"""A80: other people's orders, challenges, devices and sessions are as if they weren't there."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from authshield import clock
from authshield.models import Challenge
from demo_site.broker import trading
from demo_site.broker.models import Account, BankAccount, Order, Withdrawal
from demo_site.broker.tickets import Ticket
from tests.servers import Valkey
from tests.site import Guest, challenge_in, code_of

BANK = "0010-310-4000004"


@pytest.fixture
def alice(own_site: Valkey) -> Guest:
    """Mallory's part is alice's: signed in, with the right password, as herself."""
    del own_site
    guest = Guest()
    guest.sign_in("alice")
    return guest


@pytest.fixture
def daves_order(own_site: Valkey) -> Order:
    """An order of dave's that rests."""
    del own_site
    account = Account.objects.get(user__username="dave")
    ticket = Ticket("7203", "buy", 100, "limit", Decimal("100.0"))
    return trading.place(account.pk, ticket, session="s", now=clock.now())


def test_a80_an_order_of_somebody_else_is_not_there(alice: Guest, daves_order: Order) -> None:
    """404 like one that never was, by page and by API, and it stays as it is."""
    for number in (daves_order.public_id, "O-000000000000"):
        answers = [
            alice.client.post(f"/orders/{number}/cancel/"),
            alice.client.get(f"/orders/{number}/amend/"),
            alice.client.post(f"/orders/{number}/amend/", {"quantity": "1", "limit_price": "1"}),
            alice.api("GET", f"/api/orders/{number}"),
            alice.api("PATCH", f"/api/orders/{number}", {"quantity": "1"}),
            alice.api("POST", f"/api/orders/{number}/cancel"),
        ]
        assert {answer.status_code for answer in answers} == {404}
    daves_order.refresh_from_db()
    assert (daves_order.state, daves_order.quantity) == ("accepted", 100)
    assert daves_order.public_id not in alice.client.get("/orders/").text
    assert alice.api("GET", "/api/orders").json() == []


def test_a80_a_number_of_another_customer_is_no_conflict(alice: Guest, daves_order: Order) -> None:
    """A client_order_id tells nothing of other accounts."""
    Order.objects.filter(pk=daves_order.pk).update(client_order_id="shared")
    order = {"symbol": "7203", "side": "buy", "quantity": "1", "order_type": "market"}
    answer = alice.api("POST", "/api/orders", order | {"client_order_id": "shared"})
    assert answer.status_code == 201
    assert answer.json()["id"] != daves_order.public_id


def test_a80_a_challenge_of_somebody_else_is_not_there(alice: Guest) -> None:
    """Neither seen, nor answered, nor spent; it stays open for its owner."""
    dave = Guest()
    dave.sign_in("dave")
    body = {"amount": "2500000", "bank_account": BANK}
    number = challenge_in(dave.api("POST", "/api/withdrawals", body))
    token = {"factor": "totp", "token": code_of("alice")}
    for challenge in (number, str(uuid.uuid4())):
        verify = f"/security/api/challenges/{challenge}/verify"
        named = {"HTTP_AUTHSHIELD_CHALLENGE": challenge}
        mine = {
            "amount": "100",
            "bank_account": BankAccount.objects.get(account__user__username="alice").number,
        }
        assert alice.client.get(f"/security/challenge/{challenge}/").status_code == 404
        assert alice.client.post(f"/security/challenge/{challenge}/", token).status_code == 404
        assert alice.api("POST", verify, token).status_code == 404
        assert alice.api("POST", "/api/withdrawals", mine, **named).status_code == 404
    stored = Challenge.objects.get(pk=number)
    assert (stored.state, stored.attempts) == (Challenge.State.OPEN, 0)
    assert not Withdrawal.objects.exists()


def test_a80_money_never_goes_to_another_customers_bank(alice: Guest) -> None:
    """A bank account that is dave's is unknown to alice."""
    answer = alice.api("POST", "/api/withdrawals", {"amount": "1", "bank_account": BANK})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_bank_account")
