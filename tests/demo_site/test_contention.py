"""Fifty at once: the books are as right as one after the other."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

import pytest
from django.db.models import Sum

from authshield import clock
from authshield.errors import InvalidInput
from demo_site.broker import trading
from demo_site.broker.books import Books
from demo_site.broker.models import Account, Order, Position
from demo_site.broker.tickets import Ticket
from tests.servers import Valkey
from tests.together import together

MANY = 50


@pytest.fixture
def account(committed_site: Valkey) -> Account:
    """The account of dave, as every connection sees it."""
    del committed_site
    return Account.objects.get(user__username="dave")


def test_fifty_parallel_purchases_never_overdraw(account: Account) -> None:
    """As many are taken as the cash pays for; what is reserved is what the orders reserve."""
    asked = Ticket("7203", "buy", 100, "limit", Decimal("2000.0"))  # 200,000 yen each, 3.1 million there
    act = partial(trading.place, account.pk, asked, session="s", now=clock.now())
    results = together([act] * MANY)
    placed = [result for result in results if isinstance(result, Order)]
    refused = [result for result in results if isinstance(result, InvalidInput)]
    account.refresh_from_db()
    assert (len(placed), len(refused)) == (15, 35)
    assert account.reserved_minor == 15 * 200_000


def test_fifty_parallel_sales_never_oversell(account: Account) -> None:
    """A thousand shares are sold once."""
    asked = Ticket("7203", "sell", 30, "market", None)
    act = partial(trading.place, account.pk, asked, session="s", now=clock.now())
    results = together([act] * MANY)
    sold = Order.objects.filter(side="sell").aggregate(sum=Sum("filled_quantity"))["sum"]
    position = Position.objects.get(account=account, instrument_id="7203")
    assert sum(isinstance(result, Order) for result in results) == 33
    assert (sold, position.quantity, position.reserved) == (990, 10, 0)


def test_one_client_number_in_parallel_is_one_order(account: Account) -> None:
    """A program that hammers places one order."""
    asked = Ticket("7203", "buy", 1, "market", None, "once")
    act = partial(trading.place, account.pk, asked, session="s", now=clock.now())
    results = together([act] * 8)
    assert len({result.public_id for result in results if isinstance(result, Order)}) == 1
    assert Order.objects.count() == 1


def test_a_parallel_release_executes_once(account: Account) -> None:
    """The desk and the customer may release at the same moment."""
    asked = Ticket("7203", "buy", 10, "market", None)
    order = trading.hold(account.pk, asked, session="s", key="k", now=clock.now())
    results = together([partial(Books().release, str(account.pk), order.public_id, key="r")] * 6)
    position = Position.objects.get(account=account, instrument_id="7203")
    assert results == [None] * 6
    assert position.quantity == 1010
