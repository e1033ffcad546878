"""A19: verb tricks. GET and HEAD never act, an override header is nothing, the rest is 405."""

from __future__ import annotations

from decimal import Decimal

import pytest

from authshield import clock
from demo_site.broker import trading
from demo_site.broker.models import Account, Order
from demo_site.broker.tickets import Ticket
from tests.servers import Valkey
from tests.site import Guest

ORDER = {"symbol": "7203", "side": "buy", "quantity": "10", "order_type": "market"}


@pytest.fixture
def dave(own_site: Valkey) -> Guest:
    """Dave, signed in."""
    del own_site
    guest = Guest()
    guest.sign_in("dave")
    assert guest.is_signed_in
    return guest


def books() -> tuple[object, ...]:
    """All that an order could change."""
    account = Account.objects.get(user__username="dave")
    return (account.cash_minor, account.reserved_minor, *Order.objects.values_list("pk", "state", "quantity"))


def test_a19_safe_verbs_never_act(dave: Guest) -> None:
    """An order in the query string of a GET or HEAD is a question, and so is one with an override header."""
    before = books()
    for method in ("get", "head"):
        for path in ("/orders/new/", "/api/orders", "/withdrawals/new/"):
            ask = getattr(dave.client, method)
            assert ask(path, ORDER).status_code == 200
            assert ask(path, ORDER, HTTP_X_HTTP_METHOD_OVERRIDE="POST").status_code == 200
    assert books() == before


def test_a19_other_verbs_are_405(dave: Guest) -> None:
    """Also with a body that would be a good order."""
    before = books()
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE"):
        assert dave.api(method, "/api/orders", ORDER).status_code == 405
        assert dave.client.generic(method, "/orders/new/", "symbol=7203").status_code == 405
    assert dave.api("PATCH", "/api/orders", ORDER).status_code == 405
    assert dave.api("POST", "/api/withdrawals/").status_code == 404
    assert dave.api("GET", "/api/withdrawals").status_code == 405
    assert books() == before


def test_a19_an_override_makes_no_patch_of_a_post(dave: Guest) -> None:
    """The verb is the one on the wire: a POST to an order's own address stays refused."""
    account = Account.objects.get(user__username="dave")
    ticket = Ticket("7203", "buy", 100, "limit", Decimal("100.0"))
    order = trading.place(account.pk, ticket, session="s", now=clock.now())
    before = books()
    path = f"/api/orders/{order.public_id}"
    answer = dave.api("POST", path, {"quantity": "5"}, HTTP_X_HTTP_METHOD_OVERRIDE="PATCH")
    assert answer.status_code == 405
    assert dave.client.get(f"/orders/{order.public_id}/cancel/").status_code == 302
    assert dave.client.get(f"{path}/cancel").status_code == 405
    assert books() == before
