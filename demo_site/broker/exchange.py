"""Reserve, release and fill: the only code that moves cash and shares of orders.

Every function expects an open transaction that has locked the account (``locked``), and writes what it
changes. The constraints of the tables stand behind it: no overdraft, no overselling, whatever happens here.
"""

from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from authshield.errors import InvalidInput
from demo_site.broker.models import Account, Instrument, Order, Position
from demo_site.broker.quotes import quote, value_minor
from demo_site.broker.tickets import Ticket

LARGEST_FILL_OF_ADV = Decimal("0.05")


def locked(account: int) -> Account:
    """The account, locked until the transaction ends: its orders are dealt with one after the other."""
    return Account.objects.select_for_update().get(pk=account)


def check_means(account: Account, ticket: Ticket, instrument: Instrument, now: datetime) -> None:
    """Raise InvalidInput (422) where there is too little cash or too few shares now; reserves nothing.

    So that nobody is asked for a code for an order that cannot be.
    """
    if ticket.side == Order.Side.BUY:
        price = ticket.limit_price or quote(instrument, now).ask
        if value_minor(ticket.quantity, price) > account.available_minor:
            raise _too_little_cash()
        return
    position = account.positions.filter(instrument=instrument).first()
    if position is None or position.available < ticket.quantity:
        raise _too_few_shares()


def reserve(order: Order, now: datetime) -> None:
    """Set aside what the rest of the order may cost. Raises InvalidInput where there is too little."""
    if order.side == Order.Side.BUY:
        price = order.limit_price or quote(order.instrument, now).ask
        _reserve_cash(order, value_minor(order.remaining, price))
    else:
        _reserve_shares(order, order.remaining)


def release(order: Order) -> None:
    """Give back whatever the order still has set aside."""
    if order.reserved_minor:
        _account(order).update(reserved_minor=F("reserved_minor") - order.reserved_minor)
    if order.reserved_quantity:
        _position(order).update(reserved=F("reserved") - order.reserved_quantity)
    order.reserved_minor = order.reserved_quantity = 0


def match(order: Order, now: datetime) -> None:
    """Fill what the market takes at once, never more than a twentieth of a day's turnover; set the state."""
    price = _price_now(order, now)
    largest = order.instrument.adv_minor * LARGEST_FILL_OF_ADV // price if price else Decimal(0)
    quantity = min(order.remaining, int(largest))
    if price and quantity:
        if order.side == Order.Side.BUY:
            _fill_buy(order, quantity, price)
        else:
            _fill_sell(order, quantity, price)
    if not order.remaining:
        release(order)
        order.state = Order.State.FILLED
    elif order.filled_quantity:
        order.state = Order.State.PARTLY_FILLED
    else:
        order.state = Order.State.ACCEPTED


def _price_now(order: Order, now: datetime) -> Decimal | None:
    price = quote(order.instrument, now).price_for(order.side)
    if order.limit_price is None:
        return price
    crosses = order.limit_price >= price if order.side == Order.Side.BUY else order.limit_price <= price
    return price if crosses else None


def _reserve_cash(order: Order, amount: int) -> None:
    enough = _account(order).filter(cash_minor__gte=F("reserved_minor") + amount)
    if not enough.update(reserved_minor=F("reserved_minor") + amount):
        raise _too_little_cash()
    order.reserved_minor = amount


def _reserve_shares(order: Order, quantity: int) -> None:
    enough = _position(order).filter(quantity__gte=F("reserved") + quantity)
    if not enough.update(reserved=F("reserved") + quantity):
        raise _too_few_shares()
    order.reserved_quantity = quantity


def _too_little_cash() -> InvalidInput:
    text = _("There is not enough cash for this order.")
    return InvalidInput(text, field="quantity", code="insufficient_cash")


def _too_few_shares() -> InvalidInput:
    text = _("You do not hold that many shares.")
    return InvalidInput(text, field="quantity", code="insufficient_position")


def _fill_buy(order: Order, quantity: int, price: Decimal) -> None:
    cost = value_minor(quantity, price)
    # A share of what was set aside, or the cost where rounding made that one yen more.
    freed = min(order.reserved_minor, max(order.reserved_minor * quantity // order.remaining, cost))
    _account(order).update(cash_minor=F("cash_minor") - cost, reserved_minor=F("reserved_minor") - freed)
    Position.objects.get_or_create(account_id=order.account_id, instrument_id=order.instrument_id)
    _position(order).update(quantity=F("quantity") + quantity, cost_minor=F("cost_minor") + cost)
    order.reserved_minor -= freed
    order.filled_quantity += quantity
    order.filled_value_minor += cost


def _fill_sell(order: Order, quantity: int, price: Decimal) -> None:
    proceeds = int((price * quantity).to_integral_value(ROUND_FLOOR))
    position = _position(order).get()
    cost = position.cost_minor * quantity // position.quantity
    _position(order).update(
        quantity=F("quantity") - quantity,
        reserved=F("reserved") - quantity,
        cost_minor=F("cost_minor") - cost,
    )
    _account(order).update(cash_minor=F("cash_minor") + proceeds)
    order.reserved_quantity -= quantity
    order.filled_quantity += quantity
    order.filled_value_minor += proceeds


def _account(order: Order) -> QuerySet[Account]:
    return Account.objects.filter(pk=order.account_id)


def _position(order: Order) -> QuerySet[Position]:
    return Position.objects.filter(account_id=order.account_id, instrument_id=order.instrument_id)
