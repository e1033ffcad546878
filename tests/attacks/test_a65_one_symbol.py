"""A65: ten accounts in two hours, each from a network of its own, buy one thin symbol: seen across accounts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User

from authshield.contain import campaigns
from authshield.models import Case, Session
from demo_site.broker.models import Account, ContactDetails, Instrument, Order, Position
from tests.clocks import Clock, set_clock
from tests.servers import Valkey
from tests.site import Guest, stranger, work_off

COUNT = 10
BETWEEN_SECONDS = 700  # ten of them within two hours
CASH, SPENT = 400_000, 350_000
HELD, QUANTITY = "7203", 300
BY_THE = 4  # account a campaign is found
PASSWORD = "correct horse"
NAMES = [f"victim-{number}" for number in range(COUNT)]


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Time passes as the test says."""
    with set_clock() as standing:
        yield standing


@pytest.fixture
def owners(own_site: Valkey, clock: Clock) -> list[Guest]:
    """Customers of three years who signed in from home yesterday."""
    del own_site
    encoded, since = make_password(PASSWORD), clock.at - timedelta(days=1000)
    for name in NAMES:
        user = User.objects.create(username=name, password=encoded, email=f"{name}@example.com")
        account = Account.objects.create(user=user, cash_minor=CASH, opened_at=since)
        Position.objects.create(account=account, instrument_id=HELD, quantity=QUANTITY, cost_minor=900_000)
        ContactDetails.objects.create(account=account, email=user.email, phone="", since_at=since)
    guests = [Guest(f"127.0.{100 + number}.1") for number in range(COUNT)]
    for guest, name in zip(guests, NAMES, strict=True):
        assert guest.sign_in(name, PASSWORD).headers["Location"] == "/"
    work_off()
    clock.go_on(86_400)
    return guests


def thin() -> Instrument:
    """The share of the demo that is traded least."""
    return Instrument.objects.filter(kind="share").order_by("adv_minor")[0]


def buy(guest: Guest, name: str, *, sells: bool = False) -> int:
    """Sign in, sell what is held or not, and put nearly all the cash into it."""
    share = thin()
    guest.sign_in(name, PASSWORD)
    if sells:
        guest.order(HELD, "sell", str(QUANTITY))
    quantity = int(SPENT / share.base_price / 100) * 100
    return int(guest.order(share.symbol, quantity=str(quantity)).status_code)


@pytest.mark.usefixtures("owners")
def test_a65_ten_accounts_that_buy_one_thin_symbol_are_one_case(clock: Clock) -> None:
    """Found by the fourth, whose session ends as all later ones do; all are named, no buy is executed.

    Those before are ended by the desk's one step: what others do later ends nobody's session by itself.
    """
    share = thin()
    for number, name in enumerate(NAMES, 1):
        clock.go_on(BETWEEN_SECONDS)
        buy(stranger(f"127.0.{10 + number}.9"), name, sells=True)
        work_off()
        if number == BY_THE:
            assert Case.objects.filter(campaign=f"symbol:{share.symbol}").count() == 1
    case = Case.objects.get(campaign=f"symbol:{share.symbol}")
    members = set(case.members.values_list("sid", flat=True))
    assert len(members) == COUNT
    at_large = Session.objects.filter(sid__in=members, ended_at=None)
    assert at_large.count() < BY_THE
    assert campaigns.contain(case, clock.at, by="analyst") == COUNT
    assert not at_large.exists()
    bought = Order.objects.filter(instrument=share, side="buy")
    assert set(bought.values_list("state", flat=True)) <= {"held", "cancelled"}


def test_a65_ten_customers_at_home_that_buy_it_are_none(clock: Clock, owners: list[Guest]) -> None:
    """News makes them buy the same: they do, and nobody opens a case."""
    statuses = []
    for guest, name in zip(owners, NAMES, strict=True):
        clock.go_on(BETWEEN_SECONDS)
        statuses.append(buy(guest, name))
        work_off()
    assert statuses == [201] * COUNT
    assert not Case.objects.exists()
