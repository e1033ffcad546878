"""The broker's books as AuthShield sees them: the ``OrderGateway`` of this site.

A reference tells by its letter what waits: O an order, W a withdrawal, C a change. Idempotent by the state
that each row is in; behind the account's lock a repeated call finds its work done.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from authshield.clock import now as clock_now
from authshield.enforce import holds
from authshield.errors import GatewayError, InvalidInput
from authshield.models import Hold
from authshield.vocabulary.event import Kind
from authshield.vocabulary.operation import Operation
from authshield.vocabulary.ports import OpenOrder
from demo_site.broker import exchange, profile, trading
from demo_site.broker.models import HeldChange, Order, Withdrawal
from demo_site.broker.tickets import Ticket
from demo_site.broker.trading import new_id

WAITED_TOO_LONG = "what was held can no longer be done"


class Books:
    """Holds, releases, cancels and suspends. Raises GatewayError (permanent) where that makes no sense."""

    def hold(self, operation: Operation, *, session: str, key: str) -> str:
        """Enter an operation as waiting. Returns its reference."""
        now = clock_now()
        if operation.kind == Kind.ORDER:
            ticket = Ticket.from_fields(operation.fields)
            order = trading.hold(int(operation.account), ticket, session=session, key=key, now=now)
            return order.public_id
        if operation.kind == Kind.WITHDRAWAL:
            return _hold_withdrawal(operation, key, now)
        change, _created = HeldChange.objects.get_or_create(
            key=key,
            defaults={
                "public_id": new_id("C"),
                "account_id": int(operation.account),
                "operation": operation.canonical(),
                "session": session,
                "created_at": now,
            },
        )
        return change.public_id

    def release(self, account: str, reference: str, *, key: str) -> None:
        """Execute what waits under a reference, once."""
        _ = key  # the row's state says whether it was done
        now = clock_now()
        try:
            if reference.startswith("O-"):
                _release_order(account, reference, now)
            elif reference.startswith("W-"):
                _release_withdrawal(account, reference)
            else:
                _release_change(account, reference, now)
        except InvalidInput as error:
            raise GatewayError(
                f"Books.release({reference}): {error.detail}; cancel it or ask the customer", permanent=True
            ) from error

    def cancel(self, account: str, reference: str, *, reason: str, key: str) -> None:
        """Cancel what waits, or what is left of an open order. For what is finished nothing changes."""
        _ = key
        if reference.startswith("O-"):
            _cancel_order(account, reference, reason)
        elif reference.startswith("W-"):
            held = Withdrawal.objects.filter(
                account_id=int(account), public_id=reference, state=Withdrawal.State.HELD
            )
            held.update(state=Withdrawal.State.CANCELLED)
        else:
            waiting = HeldChange.objects.filter(
                account_id=int(account), public_id=reference, state=HeldChange.State.HELD
            )
            waiting.update(state=HeldChange.State.CANCELLED)

    def suspend(self, account: str, reference: str, *, reason: str, key: str) -> None:
        """Turn an open order into a waiting one."""
        _ = key
        try:
            trading.suspend(int(account), reference, reason=reason, now=clock_now())
        except InvalidInput as error:
            raise _unknown("suspend", reference) from error

    def open_orders(self, account: str) -> Sequence[OpenOrder]:
        """All orders of the account that could still be executed, waiting ones too."""
        rows = Order.objects.filter(account_id=int(account), state__in=Order.LIVE).order_by("created_at")
        return [
            OpenOrder(row.public_id, row.instrument_id, row.side, row.session, row.state, row.created_at)
            for row in rows
        ]


@transaction.atomic
def _hold_withdrawal(operation: Operation, key: str, now: datetime) -> str:
    exchange.locked(int(operation.account))
    row, _created = Withdrawal.objects.get_or_create(
        key=key,
        defaults={
            "public_id": new_id("W"),
            "account_id": int(operation.account),
            "amount_minor": int(operation.fields["amount"]),
            "bank_account": operation.fields["bank_account"],
            "state": Withdrawal.State.HELD,
            "created_at": now,
        },
    )
    return row.public_id


def _release_order(account: str, reference: str, now: datetime) -> None:
    order = trading.release(int(account), reference, now=now)
    if order.state == Order.State.CANCELLED:
        raise InvalidInput(WAITED_TOO_LONG, status_code=409)


@transaction.atomic
def _release_withdrawal(account: str, reference: str) -> None:
    exchange.locked(int(account))
    row = Withdrawal.objects.filter(account_id=int(account), public_id=reference).first()
    if row is None or row.state == Withdrawal.State.CANCELLED:
        raise InvalidInput(WAITED_TOO_LONG, status_code=409)
    if row.state == Withdrawal.State.HELD:
        profile.pay_held(row)


@transaction.atomic
def _release_change(account: str, reference: str, now: datetime) -> None:
    exchange.locked(int(account))
    row = HeldChange.objects.filter(account_id=int(account), public_id=reference).first()
    if row is None or row.state == HeldChange.State.CANCELLED:
        raise InvalidInput(WAITED_TOO_LONG, status_code=409)
    if row.state == HeldChange.State.HELD:
        execute_change(Operation.from_canonical(row.operation), now=now)
        row.state = HeldChange.State.DONE
        row.save(update_fields=["state"])


def execute_change(operation: Operation, *, now: datetime) -> None:
    """Carry out a change of an order or of the customer's data. Raises InvalidInput as trading and profile do."""
    fields = operation.fields
    if operation.kind == Kind.PROFILE_CHANGE:
        profile.apply(User.objects.get(pk=operation.account), fields, now=now)
    elif fields["change"] == "cancel":
        _cancel_by_customer(operation.account, fields["order_id"], now)
    else:
        trading.amend(
            int(operation.account),
            fields["order_id"],
            quantity=int(fields["quantity"]),
            limit_price=Decimal(fields["limit_price"]),
            now=now,
        )


@transaction.atomic
def _cancel_by_customer(account: str, reference: str, now: datetime) -> None:
    trading.cancel(int(account), reference, now=now)
    # The desk must not find it waiting any more.
    for hold in Hold.objects.filter(account=account, reference=reference, state=Hold.State.WAITING):
        holds.cancel(hold, by=holds.CUSTOMER, reason="cancelled by the customer", now=now)


def _cancel_order(account: str, reference: str, reason: str) -> None:
    try:
        trading.cancel(int(account), reference, reason=reason, now=clock_now())
    except InvalidInput as error:
        if error.status_code != 409:  # noqa: PLR2004 - finished already: as good as cancelled
            raise _unknown("cancel", reference) from error


def _unknown(call: str, reference: str) -> GatewayError:
    return GatewayError(f"Books.{call}: the account has no order {reference}", permanent=True)
