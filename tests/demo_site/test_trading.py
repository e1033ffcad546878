"""Orders reserve, fill, wait and end as a customer expects."""

from __future__ import annotations

from decimal import Decimal

import pytest

from authshield import clock
from authshield.errors import InvalidInput
from demo_site.broker import trading
from demo_site.broker.models import Account, Order, Position
from demo_site.broker.tickets import Ticket

LARGE, THIN = "7203", "2911"
FAR_BELOW = Decimal("100.0")


def ticket(symbol: str = LARGE, side: str = "buy", quantity: int = 100, **more: object) -> Ticket:
    """A market order unless a limit is given."""
    limit = more.pop("limit_price", None)
    assert limit is None or isinstance(limit, Decimal)
    number = str(more.pop("client_order_id", ""))
    return Ticket(symbol, side, quantity, "limit" if limit else "market", limit, number)


def place(account: Account, asked: Ticket) -> Order:
    """Place it now."""
    return trading.place(account.pk, asked, session="s", now=clock.now())


def shares(account: Account, symbol: str) -> Position:
    """The position as it is stored."""
    return Position.objects.get(account=account, instrument_id=symbol)


def test_a_market_order_in_a_large_cap_fills_at_once(account: Account) -> None:
    """Cash becomes shares, and nothing stays reserved."""
    before = account.cash_minor
    order = place(account, ticket(quantity=10))
    account.refresh_from_db()
    assert (order.state, order.filled_quantity) == ("filled", 10)
    assert account.cash_minor == before - order.filled_value_minor
    assert account.reserved_minor == 0
    assert shares(account, LARGE).quantity == 1010


def test_a_sale_brings_cash(account: Account) -> None:
    """Shares become cash, and the cost of what is left shrinks in proportion."""
    before, position = account.cash_minor, shares(account, LARGE)
    order = place(account, ticket(side="sell", quantity=250))
    account.refresh_from_db()
    after = shares(account, LARGE)
    assert account.cash_minor == before + order.filled_value_minor
    assert (after.quantity, after.reserved) == (750, 0)
    assert after.cost_minor == position.cost_minor - position.cost_minor // 4


def test_a_thin_symbol_fills_in_part_and_the_rest_waits(account: Account) -> None:
    """At most a twentieth of a day's turnover trades at once; the rest keeps its cash aside."""
    order = place(account, ticket(THIN, quantity=500))
    account.refresh_from_db()
    assert order.state == "partly_filled"
    assert order.filled_value_minor <= 3_200_000 * 0.05
    assert order.reserved_minor == account.reserved_minor > 0


def test_a_limit_that_the_market_has_not_reached_rests(account: Account) -> None:
    """It reserves its own price, and gives all of it back when it is cancelled."""
    order = place(account, ticket(limit_price=FAR_BELOW))
    account.refresh_from_db()
    assert (order.state, account.reserved_minor) == ("accepted", 10_000)
    trading.cancel(account.pk, order.public_id, now=clock.now())
    account.refresh_from_db()
    assert account.reserved_minor == 0


def test_a_limit_that_crosses_fills_at_the_markets_price(account: Account) -> None:
    """A generous limit is not what is paid."""
    order = place(account, ticket(quantity=10, limit_price=Decimal("9000.0")))
    assert order.state == "filled"
    assert order.average_price is not None
    assert order.average_price < 3000


def test_more_than_the_cash_is_refused(account: Account) -> None:
    """No order, no reservation."""
    with pytest.raises(InvalidInput, match="cash") as caught:
        place(account, ticket("6862", quantity=100))
    assert (caught.value.status_code, caught.value.code) == (422, "insufficient_cash")
    assert not Order.objects.exists()


def test_nobody_sells_what_they_do_not_hold(account: Account) -> None:
    """Neither more shares than held nor the same shares twice."""
    place(account, ticket(side="sell", quantity=800, limit_price=Decimal("9000.0")))
    with pytest.raises(InvalidInput, match="shares"):
        place(account, ticket(side="sell", quantity=300))
    with pytest.raises(InvalidInput, match="shares"):
        place(account, ticket("4503", side="sell", quantity=1))


def test_an_amend_reserves_the_difference(account: Account) -> None:
    """More shares, more cash aside; a limit that crosses now fills."""
    order = place(account, ticket(limit_price=FAR_BELOW))
    trading.amend(account.pk, order.public_id, quantity=300, limit_price=FAR_BELOW, now=clock.now())
    account.refresh_from_db()
    assert account.reserved_minor == 30_000
    high = Decimal("9000.0")
    done = trading.amend(account.pk, order.public_id, quantity=300, limit_price=high, now=clock.now())
    account.refresh_from_db()
    assert (done.state, account.reserved_minor) == ("filled", 0)


def test_an_amend_that_cannot_be_paid_changes_nothing(account: Account) -> None:
    """The order rests as it was, with its reservation."""
    order = place(account, ticket(limit_price=FAR_BELOW))
    with pytest.raises(InvalidInput):
        trading.amend(account.pk, order.public_id, quantity=10**8, limit_price=FAR_BELOW, now=clock.now())
    account.refresh_from_db()
    order.refresh_from_db()
    assert (order.quantity, account.reserved_minor) == (100, 10_000)


def test_a_finished_order_stays_finished(account: Account) -> None:
    """Neither cancel nor amend: 409."""
    order = place(account, ticket(quantity=1))
    with pytest.raises(InvalidInput) as cancelled:
        trading.cancel(account.pk, order.public_id, now=clock.now())
    with pytest.raises(InvalidInput) as amended:
        trading.amend(account.pk, order.public_id, quantity=2, limit_price=FAR_BELOW, now=clock.now())
    assert (cancelled.value.status_code, amended.value.status_code) == (409, 409)


def test_a_clients_number_stands_for_one_order(account: Account) -> None:
    """The same ticket returns the first order, another one is refused."""
    first = place(account, ticket(quantity=1, client_order_id="n1"))
    again = place(account, ticket(quantity=1, client_order_id="n1"))
    assert first.public_id == again.public_id
    with pytest.raises(InvalidInput) as caught:
        place(account, ticket(quantity=2, client_order_id="n1"))
    assert caught.value.status_code == 409


def test_a_clients_number_is_the_accounts_own(account: Account) -> None:
    """Two customers may use the same number."""
    other = Account.objects.exclude(pk=account.pk).get(user__username="alice")
    first = place(account, ticket(quantity=1, client_order_id="n1"))
    second = place(other, ticket(quantity=2, client_order_id="n1"))
    assert first.public_id != second.public_id
