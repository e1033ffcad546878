"""The first page: cash, positions, open orders."""

from datetime import datetime, timedelta

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from authshield.clock import now as clock_now
from authshield.factors import enrolled
from demo_site.broker import charts, portfolio, quotes
from demo_site.broker.models import Account, Order
from demo_site.broker.views.pages import page

OPEN_ORDERS_SHOWN = 20
JUST_IN = timedelta(minutes=2)


@require_safe
@login_required
def show(request: HttpRequest) -> HttpResponse:
    """The portfolio; staff, who have none, go on to the desk."""
    account = Account.objects.select_related("user").filter(pk=request.user.pk).first()
    if account is None:
        return redirect("/admin/")
    now = clock_now()
    held = portfolio.holdings(account, now)
    value = portfolio.value_minor(held)
    rows = [
        (holding, charts.sparkline(quotes.history(holding.instrument, now)), index)
        for index, holding in enumerate(held)
    ]
    live = Order.objects.filter(account=account, state__in=Order.LIVE).select_related("instrument")
    change = portfolio.day_change_minor(held)
    return page(
        request,
        "portfolio",
        account=account,
        rows=rows,
        total=account.cash_minor + value,
        value=value,
        change=change,
        change_share=change / (value - change) if value > change else 0,
        allocation=charts.allocation([holding.value_minor for holding in held], account.cash_minor),
        orders=live[:OPEN_ORDERS_SHOWN],
        wants_passkey=_wants_passkey(account.user, now),
    )


def _wants_passkey(user: User, now: datetime) -> bool:
    """Whether to speak of passkeys: right after the sign-in, to who has none. Cost: 1 query, and that just then."""
    is_just_in = user.last_login is not None and now - user.last_login < JUST_IN
    return is_just_in and "webauthn" not in enrolled(user)
