"""Each page: what it shows, what it does when it is asked properly, and what bad input gets."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest

from authshield import clock
from demo_site.broker import trading
from demo_site.broker.models import Account, BankAccount, Order, Withdrawal
from demo_site.broker.tickets import Ticket
from tests.servers import Valkey
from tests.site import Guest, challenge_in, code_of

PAGES = (
    "/",
    "/orders/",
    "/orders/new/",
    "/orders/new/?symbol=2911&side=sell",
    "/orders/new/?find=nothing",
    "/withdrawals/new/",
    "/account/contact/",
    "/account/bank/",
    "/account/password/",
)
ORDER = {"symbol": "7203", "side": "buy", "quantity": "10", "order_type": "market"}


def resting(account: Account) -> Order:
    """An order that the market has not reached."""
    ticket = Ticket("7203", "buy", 100, "limit", Decimal("100.0"))
    return trading.place(account.pk, ticket, session="s", now=clock.now())


def test_every_page_opens_in_both_languages(alice: Guest) -> None:
    """It says that it is a demo and how to get codes, and leaves nothing for a cache."""
    for path, language in product(PAGES, ("en", "ja")):
        answer = alice.client.get(path, HTTP_ACCEPT_LANGUAGE=language)
        assert answer.status_code == 200, path
        assert f'<html lang="{language}">' in answer.text
        assert "manage.py demo_otp" in answer.text
        assert answer.headers["Cache-Control"] == "no-store"


def test_without_a_sign_in_every_page_leads_to_it(site: Valkey) -> None:
    """And back again afterwards."""
    del site
    for path in PAGES:
        answer = Guest().client.get(path)
        assert answer.status_code == 302, path
        assert answer.headers["Location"].startswith("/login/?next=")


def test_staff_go_to_the_desk(site: Valkey) -> None:
    """They have no portfolio, and may not order."""
    del site
    guest = Guest()
    answer = guest.sign_in("analyst")
    if answer.headers["Location"] != "/":
        token = {"factor": "totp", "token": code_of("analyst")}
        guest.client.post(f"/security/challenge/{challenge_in(answer)}/", token)
    assert guest.client.get("/").headers["Location"] == "/admin/"
    assert guest.client.post("/orders/new/", ORDER).status_code == 403


def test_an_order_is_placed_and_listed(alice: Guest) -> None:
    """302 to the list, which shows it with its state in words."""
    answer = alice.client.post("/orders/new/", ORDER)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/orders/")
    shown = alice.client.get("/orders/").text
    assert "Done: your order was filled." in shown
    assert 'class="badge filled"' in shown


def test_a_bad_order_is_explained_at_its_field(alice: Guest) -> None:
    """422, the form again with what was typed, and no order."""
    bad = (
        *(("symbol", value) for value in ("NOPE", "", "7203; DROP")),
        *(("quantity", value) for value in ("１００", "1e2", "-5", "0", "1.5", "9" * 30, "100000", "NaN")),
        ("side", "short"),
        ("order_type", "stop"),
        ("limit_price", "100"),
    )
    for field, value in bad:
        answer = alice.client.post("/orders/new/", {**ORDER, field: value})
        assert answer.status_code == 422, (field, value)
        assert "Nothing was ordered." in answer.text
    assert not Order.objects.exists()


def test_a_form_that_is_no_form_is_refused(alice: Guest) -> None:
    """JSON at a page gets 415, a repeated field 400."""
    path = "/orders/new/"
    assert alice.client.post(path, "{}", content_type="application/json").status_code == 415
    assert alice.client.post(path, {**ORDER, "quantity": ["1", "2"]}).status_code == 400


def test_an_own_order_is_cancelled_once(dave: Guest, account: Account) -> None:
    """Then it is finished: 409, on the list that says so."""
    order = resting(account)
    path = f"/orders/{order.public_id}/cancel/"
    assert dave.client.post(path).headers["Location"] == "/orders/"
    again = dave.client.post(path)
    assert (again.status_code, "finished already" in again.text) == (409, True)
    assert dave.client.get(path).headers["Location"] == "/orders/"


def test_an_order_is_amended(dave: Guest, account: Account) -> None:
    """The form shows it as it is; a smaller quantity needs no proof."""
    order = resting(account)
    path = f"/orders/{order.public_id}/amend/"
    assert 'value="100.0"' in dave.client.get(path).text
    assert dave.client.post(path, {"quantity": "50", "limit_price": "99.5"}).status_code == 302
    order.refresh_from_db()
    assert (order.quantity, order.limit_price) == (50, Decimal("99.5"))
    bad = dave.client.post(path, {"quantity": "50", "limit_price": "1e2"})
    assert (bad.status_code, 'value="1e2"' in bad.text) == (422, True)


def test_somebody_elses_order_does_not_exist(alice: Guest, account: Account) -> None:
    """404 for all that can be asked of it."""
    order = resting(account)
    for method, path in (("GET", "amend"), ("POST", "amend"), ("POST", "cancel")):
        answer = alice.client.generic(
            method, f"/orders/{order.public_id}/{path}/", content_type="application/x-www-form-urlencoded"
        )
        assert answer.status_code == 404
    order.refresh_from_db()
    assert order.state == "accepted"


def prove(guest: Guest, name: str, answer: object) -> object:
    """Pass the challenge that an answer leads to."""
    token = {"factor": "totp", "token": code_of(name)}
    return guest.client.post(f"/security/challenge/{challenge_in(answer)}/", token)


def test_a_withdrawal_leaves_after_a_code(alice: Guest) -> None:
    """The money that was shown, to the bank that was shown, once."""
    bank = BankAccount.objects.get(account__user__username="alice")
    before = bank.account.cash_minor
    form = {"amount": "300000", "bank_account": bank.number}
    answer = alice.client.post("/withdrawals/new/", form)
    if "challenge" in answer.headers["Location"]:
        prove(alice, "alice", answer)
    bank.account.refresh_from_db()
    assert bank.account.cash_minor == before - 300_000
    assert [row.amount_minor for row in Withdrawal.objects.all()] == [300_000]


def test_a_bad_withdrawal_pays_nothing(alice: Guest) -> None:
    """422 and the form again."""
    bank = BankAccount.objects.get(account__user__username="alice")
    for amount in ("", "0", "-1", "1.5", "１０", "1e3", "999999999"):
        answer = alice.client.post("/withdrawals/new/", {"amount": amount, "bank_account": bank.number})
        assert answer.status_code == 422, amount
    assert not Withdrawal.objects.exists()


def test_money_goes_to_registered_banks_alone(alice: Guest) -> None:
    """Neither to an unknown one nor to another customer's."""
    other = BankAccount.objects.get(account__user__username="dave").number
    for number in ("0001-002-0003000", other):
        answer = alice.client.post("/withdrawals/new/", {"amount": "1", "bank_account": number})
        assert answer.status_code == 422


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/account/contact/", {"email": "new@hinode-customers.example", "phone": "090-9999-8888"}),
        ("/account/bank/", {"bank_account": "0005-123-7654321"}),
        ("/account/password/", {"old_password": "alice-alice", "new_password": "correct horse battery"}),
    ],
)
def test_a_change_of_data_needs_a_code_and_then_counts(alice: Guest, path: str, form: dict[str, str]) -> None:
    """Nothing of a password is on the page that asks for the code."""
    answer = alice.client.post(path, form)
    page = alice.client.get(answer.headers["Location"]).text
    assert "correct horse" not in page
    assert "pbkdf2" not in page
    assert "md5$" not in page
    prove(alice, "alice", answer)
    account = Account.objects.get(user__username="alice")
    assert account.contacts.filter(email="new@hinode-customers.example").exists() == ("email" in form)
    assert account.bank_accounts.filter(number="0005-123-7654321").exists() == ("bank_account" in form)
    assert account.user.check_password("correct horse battery") == ("new_password" in form)
    assert alice.is_signed_in


def test_bad_data_is_explained_and_changes_nothing(alice: Guest) -> None:
    """422 and the form again; what was typed is escaped."""
    contact, bank, password = (f"/account/{part}/" for part in ("contact", "bank", "password"))
    bad: tuple[tuple[str, dict[str, str]], ...] = (
        (contact, {"email": "nowhere", "phone": "090-1111-2222"}),
        (contact, {"email": "a@hinode.example", "phone": "<script>"}),
        (contact, {}),
        (bank, {"bank_account": "1234"}),
        (bank, {"bank_account": "０００５-123-1234567"}),
        (password, {"old_password": "wrong", "new_password": "correct horse battery"}),
        (password, {"old_password": "alice-alice", "new_password": "12345678"}),
    )
    for path, form in bad:
        answer = alice.client.post(path, form)
        assert (answer.status_code, "Nothing was changed." in answer.text) == (422, True), form
        assert "<script>" not in answer.text


def test_the_old_password_cannot_be_guessed_from_a_session(alice: Guest) -> None:
    """Five tries in ten minutes, then 429, even with the right one."""
    form = {"old_password": "wrong", "new_password": "correct horse battery"}
    assert [alice.client.post("/account/password/", form).status_code for _ in range(5)] == [422] * 5
    answer = alice.client.post("/account/password/", {**form, "old_password": "alice-alice"})
    assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (429, True)
