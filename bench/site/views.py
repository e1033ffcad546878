"""Sign-in, order and page as a broker would write them, in JSON. Must not know of any guard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth import authenticate, login
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse

from bench.site.models import PlacedOrder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.contrib.auth.models import User

FIELDS = ("symbol", "side", "quantity", "order_type")


def sign_in(request: HttpRequest, *, check: Callable[..., User | None] = authenticate) -> HttpResponse:
    """Name and password from a form. ``check`` is for a guard that has its own around Django's."""
    user = check(request, username=request.POST["username"], password=request.POST["password"])
    if user is None:
        return JsonResponse({"error": "invalid_credentials"}, status=401)
    login(request, user)
    return JsonResponse({"user": user.get_username()})


def order(request: HttpRequest, *, beside: Callable[[], object] = lambda: None) -> HttpResponse:
    """Place an order from a form. ``beside`` is done in the same transaction."""
    if not request.user.is_authenticated:
        return JsonResponse({"error": "not_authenticated"}, status=401)
    fields = {name: request.POST[name] for name in FIELDS}
    with transaction.atomic():
        beside()
        return placed(str(request.user.pk), fields)


def placed(account: str, fields: Mapping[str, str]) -> HttpResponse:
    """Write the order down; the caller has opened the transaction."""
    row = PlacedOrder(
        account=account, symbol=fields["symbol"], side=fields["side"], quantity=int(fields["quantity"])
    )
    row.save()
    return JsonResponse({"id": row.pk}, status=201)


def page(request: HttpRequest) -> HttpResponse:
    """Something that only a signed-in customer sees."""
    if not request.user.is_authenticated:
        return JsonResponse({"error": "not_authenticated"}, status=401)
    return JsonResponse({"user": request.user.get_username()})
