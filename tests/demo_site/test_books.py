"""The order port of this site: waiting has no effect, releasing has it once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from authshield import clock
from authshield.errors import GatewayError
from authshield.vocabulary.event import Kind
from authshield.vocabulary.operation import Operation
from demo_site.broker import profile, trading
from demo_site.broker.books import Books
from demo_site.broker.models import Account, BankAccount, HeldChange, Order, Withdrawal
from demo_site.broker.tickets import Ticket

ORDER = {"symbol": "7203", "side": "buy", "quantity": "100", "order_type": "market"}


def operation(account: Account, kind: Kind = Kind.ORDER, **fields: str) -> Operation:
    """An operation of the account; an order unless another kind is named."""
    return Operation(kind, str(account.pk), fields or ORDER)


def hold(account: Account, held: Operation, key: str = "k1") -> str:
    """Hold it."""
    del account
    return Books().hold(held, session="s1", key=key)


def test_a_held_order_reserves_and_executes_nothing(account: Account) -> None:
    """It is in the list, and that is all."""
    reference = hold(account, operation(account))
    order = Order.objects.get(pk=reference)
    account.refresh_from_db()
    assert (order.state, order.session, account.reserved_minor) == ("held", "s1", 0)
    assert hold(account, operation(account)) == reference
    assert Order.objects.count() == 1


def test_releasing_executes_once(account: Account) -> None:
    """A repeated call finds its work done."""
    reference = hold(account, operation(account))
    for _ in range(3):
        Books().release(str(account.pk), reference, key="r")
    order = Order.objects.get(pk=reference)
    assert (order.state, order.filled_quantity) == ("filled", 100)


def test_what_was_cancelled_is_not_released(account: Account) -> None:
    """A permanent error, whatever waited."""
    bank = BankAccount.objects.get(account=account)
    waiting = [
        hold(account, operation(account), "a"),
        hold(account, operation(account, Kind.WITHDRAWAL, amount="1", bank_account=bank.number), "b"),
        hold(account, operation(account, Kind.PROFILE_CHANGE, field="email", email="x@y.z", phone="1"), "c"),
    ]
    for reference in waiting:
        Books().cancel(str(account.pk), reference, reason="desk", key="c")
        with pytest.raises(GatewayError) as caught:
            Books().release(str(account.pk), reference, key="r")
        assert caught.value.permanent


def test_a_release_that_the_cash_does_not_pay_for_is_permanent(account: Account) -> None:
    """It still waits, and the desk is told why."""
    reference = hold(account, operation(account))
    Account.objects.filter(pk=account.pk).update(cash_minor=1)
    with pytest.raises(GatewayError, match="cash"):
        Books().release(str(account.pk), reference, key="r")
    assert Order.objects.get(pk=reference).state == "held"


def test_suspending_gives_the_reservation_back(account: Account) -> None:
    """An open order waits, and takes its cash again when it is released."""
    ticket = Ticket("7203", "buy", 100, "limit", Decimal("100.0"))
    order = trading.place(account.pk, ticket, session="s", now=clock.now())
    for _ in range(2):
        Books().suspend(str(account.pk), order.public_id, reason="case", key="s")
    account.refresh_from_db()
    order.refresh_from_db()
    assert (order.state, order.state_reason, account.reserved_minor) == ("held", "case", 0)
    Books().release(str(account.pk), order.public_id, key="r")
    account.refresh_from_db()
    assert account.reserved_minor == 10_000


def test_open_orders_are_those_that_could_still_execute(account: Account) -> None:
    """Resting and waiting ones, not finished ones."""
    resting = trading.place(
        account.pk, Ticket("7203", "buy", 1, "limit", Decimal("1.0")), session="s9", now=clock.now()
    )
    trading.place(account.pk, Ticket("7203", "buy", 1, "market", None), session="s9", now=clock.now())
    held = hold(account, operation(account))
    found = Books().open_orders(str(account.pk))
    assert [(row.reference, row.state) for row in found] == [
        (resting.public_id, "accepted"),
        (held, "held"),
    ]
    assert found[0].session == "s9"


def test_cancelling_a_finished_order_changes_nothing(account: Account) -> None:
    """As good as cancelled; an unknown one is an error."""
    done = trading.place(account.pk, Ticket("7203", "buy", 1, "market", None), session="s", now=clock.now())
    Books().cancel(str(account.pk), done.public_id, reason="desk", key="c")
    done.refresh_from_db()
    assert done.state == "filled"
    for call in (Books().cancel, Books().suspend):
        with pytest.raises(GatewayError):
            call(str(account.pk), "O-000000000000", reason="desk", key="c")


def test_a_held_withdrawal_pays_once(account: Account) -> None:
    """Cash leaves when it is released, once."""
    before = account.cash_minor
    bank = BankAccount.objects.get(account=account)
    held = operation(account, Kind.WITHDRAWAL, amount="50000", bank_account=bank.number)
    reference = hold(account, held)
    account.refresh_from_db()
    assert account.cash_minor == before
    for _ in range(2):
        Books().release(str(account.pk), reference, key="r")
    account.refresh_from_db()
    assert account.cash_minor == before - 50_000
    assert Withdrawal.objects.get(pk=reference).state == "accepted"


def test_a_held_change_takes_effect_when_released(account: Account) -> None:
    """The e-mail is the old one until then."""
    fields = {"field": "email", "email": "new@hinode-customers.example", "phone": "090-0000-0000"}
    reference = hold(account, operation(account, Kind.PROFILE_CHANGE, **fields))
    account.user.refresh_from_db()
    assert account.user.email == "dave@hinode-customers.example"
    for _ in range(2):
        Books().release(str(account.pk), reference, key="r")
    account.user.refresh_from_db()
    assert account.user.email == fields["email"]
    assert HeldChange.objects.get(pk=reference).state == "done"


def test_a_held_amend_and_a_held_cancel_take_effect(account: Account) -> None:
    """Both kinds of change wait likewise."""
    order = trading.place(
        account.pk, Ticket("7203", "buy", 100, "limit", Decimal("100.0")), session="s", now=clock.now()
    )
    amend = {**ORDER, "order_id": order.public_id, "change": "amend", "order_type": "limit"}
    amend |= {"quantity": "200", "limit_price": "99.5"}
    cancel = {"order_id": order.public_id, "change": "cancel"}
    Books().release(
        str(account.pk), hold(account, operation(account, Kind.ORDER_CHANGE, **amend), "a"), key="r"
    )
    order.refresh_from_db()
    assert (order.quantity, order.limit_price) == (200, Decimal("99.5"))
    Books().release(
        str(account.pk), hold(account, operation(account, Kind.ORDER_CHANGE, **cancel), "b"), key="r"
    )
    order.refresh_from_db()
    assert order.state == "cancelled"


def test_a_new_password_is_no_part_of_the_operation(account: Account) -> None:
    """The operation names a row; the row goes once the password is in force."""
    number = profile.remember_password(account.user, "correct-horse", now=clock.now())
    held = operation(account, Kind.PROFILE_CHANGE, field="password", password_change=number)
    assert "correct" not in held.canonical()
    assert "$" not in held.canonical()
    reference = hold(account, held)
    Books().release(str(account.pk), reference, key="r")
    account.user.refresh_from_db()
    assert account.user.check_password("correct-horse")
    with pytest.raises(GatewayError):
        Books().release(str(account.pk), hold(account, held, "again"), key="r")
