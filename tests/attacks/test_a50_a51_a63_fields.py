"""A50, A51, A63: extra fields, spellings of one value, and numbers that would turn an order round."""

from __future__ import annotations

from typing import Any

import pytest

from authshield.models import Challenge
from demo_site.broker.models import Account, Order, Withdrawal
from tests.servers import Valkey
from tests.site import Guest, challenge_in, code_of

ORDER: dict[str, Any] = {"symbol": "7203", "side": "buy", "quantity": "10", "order_type": "market"}
BANK = "0010-310-4000004"
ODD = "1e2/１００/0x64/1_000/1,000/+100/-0/0100/100./.5/١٠/ten/ 100/100 //1 0"


@pytest.fixture
def dave(own_site: Valkey) -> Guest:
    """Dave, signed in."""
    del own_site
    guest = Guest()
    guest.sign_in("dave")
    return guest


def exposure() -> tuple[int, int]:
    """Cash and what is reserved of it."""
    account = Account.objects.get(user__username="dave")
    return account.cash_minor, account.reserved_minor


def test_a50_extra_fields_have_no_effect(dave: Guest) -> None:
    """Nobody approves, scores or places an order for another account by naming it."""
    alice = Account.objects.get(user__username="alice")
    extra = {
        "approved": True,
        "skip_mfa": True,
        "risk_score": 0,
        "user_id": alice.pk,
        "account": str(alice.pk),
        "state": "filled",
        "authshield": {"outcome": "allowed"},
        "price": "1",
    }
    assert dave.api("POST", "/api/orders", ORDER | extra).status_code == 201
    order = Order.objects.get()
    assert order.account.user.username == "dave"
    assert order.average_price is not None
    assert order.average_price > 2000
    asked = dave.api("POST", "/api/withdrawals", {"amount": "2500000", "bank_account": BANK, **extra})
    assert asked.status_code == 401
    assert set(asked.json()["challenge"]["binding"]) == {"amount", "bank_account", "kind"}


def test_a50_extra_form_fields_have_no_effect(dave: Guest) -> None:
    """The same through the page."""
    assert dave.client.post("/orders/new/", ORDER | {"approved": "1", "user_id": "1"}).status_code == 302
    assert Order.objects.get().account.user.username == "dave"


def test_a51_one_value_is_executed_however_it_is_written(dave: Guest) -> None:
    """A number or its text, with or without an empty fraction."""
    for spelling in ("10", 10, "10.0", 10.0, "10.00"):
        assert dave.api("POST", "/api/orders", ORDER | {"quantity": spelling}).status_code == 201
    assert set(Order.objects.values_list("quantity", flat=True)) == {10}


def test_a51_a_grant_covers_the_value_in_any_spelling_and_no_other(dave: Guest) -> None:
    """Challenged as 2500000, sent again as 2500000.0: the same operation."""
    body = {"amount": "2500000", "bank_account": BANK}
    number = challenge_in(dave.api("POST", "/api/withdrawals", body))
    token = {"factor": "totp", "token": code_of("dave")}
    assert dave.api("POST", f"/security/api/challenges/{number}/verify", token).status_code == 200
    assert '"amount":"2500000"' in Challenge.objects.get(pk=number).operation
    again = body | {"amount": "2500000.0"}
    answer = dave.api("POST", "/api/withdrawals", again, HTTP_AUTHSHIELD_CHALLENGE=number)
    assert answer.status_code == 201
    assert Withdrawal.objects.get().amount_minor == 2_500_000


def test_a51_what_is_not_canonical_is_refused(dave: Guest) -> None:
    """Never guessed at: neither through the API nor through the page."""
    before = exposure()
    for quantity in ODD.split("/"):
        assert dave.api("POST", "/api/orders", ORDER | {"quantity": quantity}).status_code in {400, 422}
        assert dave.client.post("/orders/new/", ORDER | {"quantity": quantity}).status_code in {400, 422}
    assert (exposure(), Order.objects.count()) == (before, 0)


def test_a51_blanks_around_a_symbol_make_no_other_symbol(dave: Guest) -> None:
    """It is the one symbol, or refused."""
    for symbol in (" 7203", "7203 "):
        answer = dave.api("POST", "/api/orders", ORDER | {"symbol": symbol})
        assert answer.status_code in {201, 400, 422}
    assert set(Order.objects.values_list("instrument_id", flat=True)) <= {"7203"}


def test_a51_a_look_alike_of_a_symbol_is_refused(dave: Guest) -> None:
    """No folding of look-alikes into a real symbol."""
    for symbol in ("７２０３", "7203\u200b", "7203\x00", "72\u041e3", "../7203", "7203;"):
        assert dave.api("POST", "/api/orders", ORDER | {"symbol": symbol}).status_code in {400, 422}
    assert not Order.objects.exists()


def test_a63_no_number_lowers_the_exposure(dave: Guest) -> None:
    """Negative, zero, not a number, overflowing: refused as quantity, limit and amount."""
    before = exposure()
    limit = ORDER | {"order_type": "limit"}
    numbers: tuple[Any, ...] = (-1, "-1", 0, "0", "0.0", "NaN", "Infinity", "9" * 13, 10**30, "1e400", True)
    for number in numbers:
        answers = [
            dave.api("POST", "/api/orders", ORDER | {"quantity": number}),
            dave.api("POST", "/api/orders", ORDER | {"side": "sell", "quantity": number}),
            dave.api("POST", "/api/orders", limit | {"limit_price": number}),
            dave.api("POST", "/api/withdrawals", {"amount": number, "bank_account": BANK}),
        ]
        assert {answer.status_code for answer in answers} <= {400, 422}, number
    assert (exposure(), Order.objects.count(), Withdrawal.objects.count()) == (before, 0, 0)


def test_a63_json_constants_are_no_numbers(dave: Guest) -> None:
    """NaN and Infinity as JSON's reckless dialects write them."""
    for word in ("NaN", "Infinity", "-Infinity"):
        body = f'{{"symbol": "7203", "side": "buy", "quantity": {word}, "order_type": "market"}}'
        answer = dave.client.generic("POST", "/api/orders", body, content_type="application/json")
        assert answer.status_code == 400


def test_a63_another_currency_has_no_effect(dave: Guest) -> None:
    """Everything is in yen: a cheaper unit makes no order smaller."""
    answer = dave.api("POST", "/api/orders", ORDER | {"currency": "VND", "fx": "0.0001"})
    order = Order.objects.get()
    assert (answer.status_code, order.filled_value_minor > 20_000) == (201, True)
