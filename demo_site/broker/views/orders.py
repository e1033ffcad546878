"""The order ticket, the list of orders, cancel and amend."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from authshield.clock import now as clock_now
from authshield.decorators import protect
from authshield.errors import InvalidInput
from authshield.signedin import sid_of
from authshield.vocabulary.event import Kind
from authshield.vocabulary.operation import Operation
from demo_site.broker import charts, describing, parsing, quotes, trading
from demo_site.broker.books import execute_change
from demo_site.broker.models import Account, Instrument, Order, Withdrawal
from demo_site.broker.tickets import Ticket
from demo_site.broker.views.pages import invalid_of, page, typed

ORDERS_SHOWN = 100
TICKET_FIELDS = ("symbol", "side", "quantity", "order_type", "limit_price")
AFTERWARDS = {
    Order.State.FILLED: gettext_lazy("Done: your order was filled."),
    Order.State.PARTLY_FILLED: gettext_lazy(
        "Accepted, and filled in part. The rest is waiting for the market."
    ),
    Order.State.ACCEPTED: gettext_lazy("Accepted. It is filled once the market reaches your limit."),
    Order.State.HELD: gettext_lazy("This is waiting for a check. Nothing has been executed yet."),
}


@protect(Kind.ORDER, parse=parsing.order, describe=describing.order)
def new(request: HttpRequest, operation: Operation | None) -> HttpResponse:
    """The ticket; once it is approved, the order."""
    if operation is None:
        return _ticket(request)
    order = trading.place(
        int(operation.account),
        Ticket.from_fields(operation.fields),
        session=sid_of(request) or "",
        now=clock_now(),
    )
    request.authshield.order_number = order.public_id  # type: ignore[attr-defined]
    messages.success(request, AFTERWARDS[Order.State(order.state)])
    return redirect("/orders/")


@require_safe
@login_required
def quick(request: HttpRequest) -> HttpResponse:
    """A ticket that orders by script: how a site of one page uses the JSON doors."""
    return page(request, "quick")


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """All orders, the newest first."""
    return _list(request)


@protect(Kind.ORDER_CHANGE, parse=parsing.cancel, describe=describing.change)
def cancel(request: HttpRequest, operation: Operation | None, order_id: str) -> HttpResponse:
    """Cancel one order. Where that makes no sense the list says why."""
    if operation is None:
        invalid = invalid_of(request)
        if invalid is None:
            return redirect("/orders/")
        return _list(request, invalid)
    execute_change(operation, now=clock_now())
    cancelled = trading.own(request.user.pk or 0, order_id)
    request.authshield.is_unfilled = cancelled.filled_quantity == 0  # type: ignore[attr-defined]
    messages.success(request, _("Cancelled."))
    return redirect("/orders/")


@protect(Kind.ORDER_CHANGE, parse=parsing.amend, describe=describing.change)
def amend(request: HttpRequest, operation: Operation | None, order_id: str) -> HttpResponse:
    """The form to change a limit order; once it is approved, the change."""
    if operation is not None:
        execute_change(operation, now=clock_now())
        messages.success(request, _("Changed."))
        return redirect("/orders/")
    try:
        order = trading.own(request.user.pk or 0, order_id)
    except InvalidInput as error:
        raise Http404 from error
    values = typed(
        request,
        "quantity",
        "limit_price",
        quantity=str(order.quantity),
        limit_price=str(order.limit_price or ""),
    )
    quote = quotes.quote(order.instrument, clock_now())
    invalid = invalid_of(request)
    return page(request, "amend", order=order, values=values, quote=quote, invalid=invalid)


def _list(request: HttpRequest, invalid: InvalidInput | None = None) -> HttpResponse:
    owner = request.user.pk or 0
    orders = Order.objects.filter(account_id=owner).select_related("instrument")[:ORDERS_SHOWN]
    waiting = Order.objects.filter(account_id=owner, state=Order.State.HELD).exists()
    withdrawals = Withdrawal.objects.filter(account_id=owner)[:ORDERS_SHOWN]
    return page(request, "orders", orders=orders, withdrawals=withdrawals, waiting=waiting, invalid=invalid)


def _ticket(request: HttpRequest) -> HttpResponse:
    account = Account.objects.filter(pk=request.user.pk).first()
    values = typed(request, *TICKET_FIELDS, side="buy", order_type="market")
    wanted = (request.GET.get("find") or values["symbol"]).strip().upper()[:16]
    instruments = list(Instrument.objects.all())
    chosen = next((row for row in instruments if row.pk == wanted), None)
    if chosen and not values["symbol"]:
        values["symbol"] = chosen.pk
    context: dict[str, Any] = {
        "account": account,
        "values": values,
        "instruments": instruments,
        "chosen": chosen,
        "is_unknown": bool(wanted) and chosen is None,
        "invalid": invalid_of(request),
    }
    if chosen:
        now = clock_now()
        context |= {
            "quote": quotes.quote(chosen, now),
            "chart": charts.sparkline(quotes.history(chosen, now)),
            "is_thin": quotes.is_thin(chosen),
        }
    position = account.positions.filter(instrument=chosen).first() if account and chosen else None
    return page(request, "ticket", position=position, **context)
