"""A59 to A62: many small orders, orders that cancel each other out, cancelled and refused ones, midnight."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from authshield import clock
from authshield.models import LimitDraft
from authshield.tune import rulebook
from demo_site.broker.models import Account, Order, Position
from tests.clocks import Clock, set_clock
from tests.servers import Valkey
from tests.site import Guest

LIMIT_MINOR = 1_000_000
PRICE = 2000
QUANTITY = 50
WORTH = PRICE * QUANTITY
LOW = 1000
"""A price that the market does not come down to."""

FIT = LIMIT_MINOR // WORTH


@pytest.fixture
def carol(own_site: Valkey) -> Guest:
    """Signed in, where a million in 24 hours waits for the desk."""
    del own_site
    LimitDraft.objects.filter(identifier="order-value-24h").update(capacity=LIMIT_MINOR)
    rulebook.publish(author=None, reason="test", now=clock.now())
    rulebook.forget()
    guest = Guest()
    guest.sign_in("carol")
    return guest


def _place(guest: Guest, symbol: str = "4503", side: str = "buy", quantity: int = QUANTITY) -> int:
    answer = guest.order(symbol, side, str(quantity), order_type="limit", limit_price=str(PRICE))
    return int(answer.status_code)


def test_a59_many_small_orders_are_one_large_one(carol: Guest) -> None:
    """Each far below the limit, in turns over symbols: the rolling sum stops them all the same."""
    symbols = ("4503", "6302", "2503")
    statuses = [_place(carol, symbols[number % 3]) for number in range(FIT + 3)]
    assert statuses == [201] * FIT + [202] * 3


def test_a59_the_last_bit_is_not_overdrawn(carol: Guest) -> None:
    """What no longer fits waits, what still fits goes on."""
    assert _place(carol, quantity=QUANTITY * (FIT - 1)) == 201
    assert _place(carol, quantity=QUANTITY + 1) == 202
    assert _place(carol, quantity=QUANTITY - 1) in {201, 202}


def test_a60_selling_what_was_bought_takes_nothing_off(carol: Guest) -> None:
    """The sum is gross: a net of nothing fills it as fast."""
    sides = ("buy", "sell")
    account = Account.objects.get(user__username="carol")
    Position.objects.create(account=account, instrument_id="4503", quantity=10 * QUANTITY * FIT)
    statuses = [_place(carol, "4503", sides[number % 2]) for number in range(FIT + 2)]
    assert statuses == [201] * FIT + [202] * 2


def test_a61_cancelling_refills_nothing(carol: Guest) -> None:
    """Whoever places and cancels in turns runs dry, though nothing was ever bought."""
    for _ in range(FIT):
        _cancel(carol, _waiting(carol, is_program=True), is_program=True)
    assert _place(carol) == 202


@pytest.mark.parametrize("is_program", [True, False], ids=["program", "form"])
def test_a61_cancelling_refills_what_says_so_and_only_by_the_whole_order(
    own_site: Valkey, *, is_program: bool
) -> None:
    """By the number that the broker gave: what was never filled is given back, no part of the rest."""
    del own_site
    own = LimitDraft.objects.filter(identifier="order-value-24h")
    own.update(capacity=LIMIT_MINOR, frees_cancelled=True)
    rulebook.publish(author=None, reason="test", now=clock.now())
    rulebook.forget()
    carol = Guest()
    carol.sign_in("carol")
    for _ in range(2 * FIT):
        number = _waiting(carol, is_program=is_program)
        _cancel(carol, number, is_program=is_program)
    for _ in range(FIT):
        number = _waiting(carol, is_program=is_program)
        Order.objects.filter(public_id=number).update(filled_quantity=1, filled_value_minor=PRICE)
        _cancel(carol, number, is_program=is_program)
    assert _place(carol) == 202


def _waiting(guest: Guest, *, is_program: bool) -> str:
    """Place an order that no price meets; its number."""
    order = {"symbol": "4503", "side": "buy", "quantity": str(WORTH // LOW), "order_type": "limit"}
    order["limit_price"] = str(LOW)
    if is_program:
        answer = guest.api("POST", "/api/orders", order)
        assert answer.status_code == 201
    else:
        assert guest.client.post("/orders/new/", order).headers["Location"] == "/orders/"
    placed = Order.objects.latest("created_at")
    assert (placed.state, placed.filled_quantity) == (Order.State.ACCEPTED, 0)
    return str(placed.public_id)


def _cancel(guest: Guest, number: str, *, is_program: bool) -> None:
    if is_program:
        assert guest.api("POST", f"/api/orders/{number}/cancel", {}).status_code == 200
    else:
        assert guest.client.post(f"/orders/{number}/cancel/").status_code == 302
    assert Order.objects.get(public_id=number).state == Order.State.CANCELLED


def test_a61_refused_orders_burn_nothing(carol: Guest) -> None:
    """What the books refuse was never placed: nobody fills a victim's limit that way, nor empties it."""
    for _ in range(20):
        assert _place(carol, "7203", "sell", 10_000_000) == 422
        assert _place(carol, "0000") == 422
    assert [_place(carol) for _ in range(FIT + 1)] == [201] * FIT + [202]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_a62_no_midnight_doubles_the_limit(own_site: Valkey, zone: str) -> None:
    """Two minutes around anybody's midnight are one day."""
    del own_site
    LimitDraft.objects.filter(identifier="order-value-24h").update(capacity=LIMIT_MINOR)
    rulebook.publish(author=None, reason="test", now=clock.now())
    rulebook.forget()
    with set_clock() as time:
        _over_midnight(time, zone)


def _over_midnight(time: Clock, zone: str) -> None:
    local = time.at.astimezone(ZoneInfo(zone))
    midnight = datetime(local.year, local.month, local.day, tzinfo=ZoneInfo(zone)).timestamp() + 86_400
    time.go_on(midnight - 60 - time.at.timestamp())
    guest = Guest()
    guest.sign_in("carol")
    assert _place(guest, quantity=QUANTITY * FIT) == 201
    time.go_on(120)
    assert _place(guest) == 202
    time.go_on(86_400 - 119)
    guest.sign_in("carol")
    assert _place(guest) == 201
