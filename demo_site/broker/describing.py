"""From the canonical fields of an operation to what the rules judge: value, portfolio, instrument.

Must not change anything, nor refuse what the books would refuse: they say so when they act.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from authshield.clock import now as clock_now
from authshield.vocabulary import event
from demo_site.broker import portfolio, profile, quotes, trading
from demo_site.broker.models import Account, Order
from demo_site.broker.tickets import Ticket, listed

SECONDS_A_DAY = 86400


def order(user: Any, fields: Mapping[str, str]) -> event.Order:
    """A new order."""
    return _order(Account.objects.get(pk=user.pk), Ticket.from_fields(fields))


def change(user: Any, fields: Mapping[str, str]) -> event.OrderChange:
    """A cancel or an amend of an own order. Raises InvalidInput (404) for anybody else's."""
    row = trading.own(user.pk, fields["order_id"])
    before = _value_before(row)
    if fields["change"] == "cancel":
        return event.OrderChange(row.public_id, "cancel", previous_value_minor=before)
    account = Account.objects.get(pk=user.pk)
    after = _order(account, Ticket.from_fields(fields), order_id=row.public_id)
    return event.OrderChange(row.public_id, "amend", order=after, previous_value_minor=before)


def withdrawal(user: Any, fields: Mapping[str, str]) -> event.Withdrawal:
    """A withdrawal. Raises InvalidInput (422) for an unknown bank account."""
    now = clock_now()
    account = Account.objects.get(pk=user.pk)
    amount = int(fields["amount"])
    bank = profile.destination(account.pk, fields["bank_account"])
    return event.Withdrawal(
        value_minor=amount,
        destination_age_days=(now - bank.since_at).total_seconds() / SECONDS_A_DAY,
        total_minor=account.cash_minor + portfolio.value_minor(portfolio.holdings(account, now)),
        destination=fields["bank_account"],
    )


def profile_change(user: Any, fields: Mapping[str, str]) -> event.ProfileChange:
    """A change of contact data, bank account or password."""
    del user  # every customer's change is judged alike
    return event.ProfileChange(fields["field"])


def _order(account: Account, ticket: Ticket, *, order_id: str = "") -> event.Order:
    now = clock_now()
    instrument = listed(ticket.symbol)
    price = ticket.limit_price or quotes.quote(instrument, now).price_for(ticket.side)
    holdings = portfolio.holdings(account, now)
    held = next((h.position.quantity for h in holdings if h.instrument.pk == ticket.symbol), 0)
    return event.Order(
        symbol=ticket.symbol,
        side=ticket.side,
        quantity=Decimal(ticket.quantity),
        price=price,
        value_minor=quotes.value_minor(ticket.quantity, price),
        market=instrument.market,
        currency=instrument.currency,
        type=ticket.order_type,
        order_id=order_id,
        account_type="cash",
        instrument=event.Instrument(instrument.adv_minor, instrument.market_cap_minor),
        portfolio=event.Portfolio(
            cash_minor=account.cash_minor,
            positions_value_minor=portfolio.value_minor(holdings),
            position_quantity=Decimal(held),
            positions=len(holdings),
        ),
    )


def _value_before(row: Order) -> int:
    price = row.limit_price or quotes.quote(row.instrument, clock_now()).last
    return quotes.value_minor(row.quantity, price)
