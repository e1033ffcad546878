"""The JSON API. Every error is a problem+json; AuthShield's middleware makes those of its own errors."""

from decimal import Decimal
from typing import Any

from django.contrib.auth import authenticate, login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from authshield.clock import now as clock_now
from authshield.decorators import ProtectedView, protect
from authshield.enforce.gate import final_gate
from authshield.observe import canonical
from authshield.signedin import sid_of
from authshield.signin import CHALLENGE_HEADER
from authshield.vocabulary.event import Kind
from authshield.vocabulary.operation import Operation
from demo_site.broker import bearer, describing, parsing, profile, trading
from demo_site.broker.books import execute_change
from demo_site.broker.models import Order, Withdrawal
from demo_site.broker.problems import problem
from demo_site.broker.tickets import Ticket

ORDERS_SHOWN = 200
STATUS = {Order.State.HELD: 202}


@csrf_exempt  # JSON alone, and it sets no session cookie: there is nothing that another site could gain
def sign_in(request: HttpRequest) -> HttpResponse:
    """A token for a name and a password."""
    if request.method != "POST":
        return _not_allowed("POST")
    username, password = canonical.credentials(canonical.json_body(request))
    user = authenticate(request, username=username, password=password)
    if user is None:
        return problem(401, "invalid_credentials", "Name or password is wrong.")
    login(request, user)
    request.session.save()
    token, seconds = bearer.issue(request.session)
    return JsonResponse({"token": token, "expires_in": seconds})


@protect(Kind.ORDER, parse=parsing.order, describe=describing.order)
def place(request: HttpRequest, operation: Operation | None) -> HttpResponse:
    """List with GET, place with POST."""
    if operation is None:
        rows = Order.objects.filter(account_id=request.user.pk or 0)[:ORDERS_SHOWN]
        return JsonResponse([as_json(row) for row in rows], safe=False)
    order = trading.place(
        int(operation.account),
        Ticket.from_fields(operation.fields),
        session=sid_of(request) or "",
        now=clock_now(),
    )
    request.authshield.order_number = order.public_id  # type: ignore[attr-defined]
    return _entered(order)


@protect(Kind.ORDER_CHANGE, parse=parsing.cancel, describe=describing.change)
def cancel(request: HttpRequest, operation: Operation | None, order_id: str) -> HttpResponse:
    """Cancel one order."""
    if operation is None:
        return _not_allowed("POST")
    execute_change(operation, now=clock_now())
    order = trading.own(request.user.pk or 0, order_id)
    request.authshield.is_unfilled = order.filled_quantity == 0  # type: ignore[attr-defined]
    return JsonResponse(as_json(order))


@protect(Kind.ORDER_CHANGE, parse=parsing.amend, describe=describing.change)
def amend(request: HttpRequest, operation: Operation | None, order_id: str) -> HttpResponse:
    """Show with GET, change with PATCH."""
    if operation is not None:
        execute_change(operation, now=clock_now())
    return JsonResponse(as_json(trading.own(request.user.pk or 0, order_id)))


@protect(Kind.WITHDRAWAL, parse=parsing.withdrawal, describe=describing.withdrawal)
def withdraw(request: HttpRequest, operation: Operation | None) -> HttpResponse:
    """Pay out."""
    del request
    if operation is None:
        return _not_allowed("POST")
    row = profile.withdraw(int(operation.account), operation.fields, now=clock_now())
    return JsonResponse({"id": row.public_id, "state": Withdrawal.State.ACCEPTED}, status=201)


class Verbs:
    """A guarded view that takes these methods alone; the rest gets a 405 before anything is read."""

    def __init__(self, view: ProtectedView, *methods: str) -> None:
        self.view = view
        self.methods = methods
        self.authshield_kind = view.authshield_kind
        self.authshield_perform = view.authshield_perform

    def __call__(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Answer a request."""
        if request.method not in self.methods:
            return _not_allowed(*self.methods)
        return _repeated(request, self.view) or self.view(request, **kwargs)


def as_json(order: Order) -> dict[str, Any]:
    """An order as the API shows it; numbers are strings."""
    return {
        "id": order.public_id,
        "client_order_id": order.client_order_id or None,
        "symbol": order.instrument_id,
        "side": order.side,
        "quantity": str(order.quantity),
        "order_type": order.order_type,
        "limit_price": _plain(order.limit_price),
        "state": order.state,
        "filled_quantity": str(order.filled_quantity),
        "average_price": _plain(order.average_price),
        "created_at": order.created_at.isoformat(),
    }


def _plain(price: Decimal | None) -> str | None:
    """A price in canonical notation: 2501.5, 100."""
    return None if price is None else f"{price:f}".removesuffix(".0")


def _repeated(request: HttpRequest, view: ProtectedView) -> HttpResponse | None:
    """The first answer again, for an order whose client_order_id was used for this very order.

    A program that did not see the answer asks again: that is no new order, so it is not judged as one. With
    a challenge named it goes the whole way, where the challenge turns out to be used.
    """
    is_order = view.authshield_kind == Kind.ORDER and request.method == "POST"
    if not is_order or not request.user.is_authenticated or CHALLENGE_HEADER in request.headers:
        return None
    ticket = Ticket.from_fields(parsing.order(request))
    first = trading.placed_before(request.user.pk, ticket)
    if first is None:
        return None
    final_gate(str(request.user.pk), sid_of(request) or "")
    return _entered(first)


def _entered(order: Order) -> HttpResponse:
    """What became of it later shows in the list; a program gets what its request came to."""
    state = Order.State.HELD if order.state == Order.State.HELD else Order.State.ACCEPTED
    return JsonResponse({"id": order.public_id, "state": state}, status=STATUS.get(state, 201))


def _not_allowed(*methods: str) -> HttpResponse:
    response = problem(405, "method_not_allowed", "Use " + " or ".join(methods) + ".")
    response.headers["Allow"] = ", ".join(methods)
    return response
