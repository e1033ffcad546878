"""Placing, amending and cancelling orders. Each call is one transaction, and safe in any number at once."""

import secrets
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from authshield.errors import InvalidInput
from demo_site.broker import exchange
from demo_site.broker.models import Order
from demo_site.broker.tickets import Ticket


def new_id(letter: str) -> str:
    """A public number that cannot be guessed, such as ``O-51C09E2F7A13``."""
    return f"{letter}-{secrets.token_hex(6).upper()}"


@transaction.atomic
def place(account: int, ticket: Ticket, *, session: str, now: datetime) -> Order:
    """Reserve, enter, and fill what fills at once.

    A client's number that was used for the same ticket returns that order and does nothing. Raises
    InvalidInput: 409 for a number that was used for another ticket, 422 for too little cash or too few shares.
    """
    exchange.locked(account)
    if first := placed_before(account, ticket):
        return first
    order = _entered(account, ticket, session=session, now=now)
    exchange.reserve(order, now)
    exchange.match(order, now)
    order.save(force_insert=True)
    return order


@transaction.atomic
def hold(account: int, ticket: Ticket, *, session: str, key: str, now: datetime) -> Order:
    """Enter an order that reserves nothing and fills nothing until it is released. Idempotent by ``key``."""
    exchange.locked(account)
    if first := Order.objects.filter(key=key).first() or placed_before(account, ticket):
        return first
    order = _entered(account, ticket, session=session, now=now)
    order.state = Order.State.HELD
    order.key = key
    order.save(force_insert=True)
    return order


def placed_before(account: int, ticket: Ticket) -> Order | None:
    """The order that this client's number stands for. Raises InvalidInput (409) if it was another ticket."""
    if not ticket.client_order_id:
        return None
    order = Order.objects.filter(account_id=account, client_order_id=ticket.client_order_id).first()
    if order and not ticket.is_same_as(order):
        raise InvalidInput(
            _("This client_order_id was used for another order."),
            field="client_order_id",
            code="client_order_id_reused",
            status_code=409,
        )
    return order


def own(account: int, public_id: str) -> Order:
    """One of the account's orders. Raises InvalidInput (404) for anybody else's as for none."""
    order = Order.objects.select_related("instrument").filter(account_id=account, public_id=public_id).first()
    if order is None:
        raise InvalidInput(_("You have no such order."), code="not_found", status_code=404)
    return order


def check_live(order: Order) -> None:
    """Raise InvalidInput (409) where the order cannot be cancelled any more."""
    if not order.is_live:
        raise InvalidInput(_("This order is finished already."), code="order_finished", status_code=409)


def check_amend(order: Order, quantity: int) -> None:
    """Raise InvalidInput where the order cannot be changed (409) or not to this quantity (422)."""
    check_live(order)
    if not order.is_amendable:
        raise InvalidInput(
            _("Only an open limit order can be changed."), code="not_amendable", status_code=409
        )
    if quantity <= order.filled_quantity:
        raise InvalidInput(_("More than that is filled already."), field="quantity")


def cancel(account: int, public_id: str, *, reason: str = "", now: datetime) -> Order:
    """Cancel what is left of a live order. Raises InvalidInput: 404, 409 for one that is finished."""

    def change(order: Order) -> None:
        check_live(order)
        exchange.release(order)
        order.state = Order.State.CANCELLED
        order.state_reason = reason

    return _change(account, public_id, change, now)


def amend(account: int, public_id: str, *, quantity: int, limit_price: Decimal, now: datetime) -> Order:
    """Change an open limit order. Raises InvalidInput: 404, 409, or 422 for too little cash or shares."""

    def change(order: Order) -> None:
        check_amend(order, quantity)
        exchange.release(order)
        order.quantity = quantity
        order.limit_price = limit_price
        exchange.reserve(order, now)
        exchange.match(order, now)

    return _change(account, public_id, change, now)


def suspend(account: int, public_id: str, *, reason: str, now: datetime) -> Order:
    """Turn an open order into a waiting one; for one that is not open nothing changes."""

    def change(order: Order) -> None:
        if order.state in Order.OPEN:
            exchange.release(order)
            order.state = Order.State.HELD
            order.state_reason = reason

    return _change(account, public_id, change, now)


def release(account: int, public_id: str, *, now: datetime) -> Order:
    """Execute a waiting order; for one that is not waiting nothing changes. Raises InvalidInput as ``place``."""

    def change(order: Order) -> None:
        if order.state == Order.State.HELD:
            exchange.reserve(order, now)
            exchange.match(order, now)
            order.state_reason = ""

    return _change(account, public_id, change, now)


@transaction.atomic
def _change(account: int, public_id: str, change: Callable[[Order], None], now: datetime) -> Order:
    exchange.locked(account)
    order = own(account, public_id)  # read behind the lock: nobody changes it any more
    change(order)
    order.updated_at = now
    order.save()
    return order


def _entered(account: int, ticket: Ticket, *, session: str, now: datetime) -> Order:
    return Order(
        public_id=new_id("O"),
        account_id=account,
        client_order_id=ticket.client_order_id,
        instrument_id=ticket.symbol,
        side=ticket.side,
        quantity=ticket.quantity,
        order_type=ticket.order_type,
        limit_price=ticket.limit_price,
        state=Order.State.ACCEPTED,
        session=session,
        created_at=now,
        updated_at=now,
    )
