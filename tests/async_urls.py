"""The demo with views for an event loop beside its own: an order, a page, and a door that anybody may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from authshield import clock
from authshield.decorators import protect, watch
from authshield.pipeline import exempt
from authshield.signedin import sid_of
from authshield.vocabulary.event import Kind
from demo_site.broker import describing, parsing, trading
from demo_site.broker.tickets import Ticket
from demo_site.urls import handler400, handler403, handler404, handler500
from demo_site.urls import urlpatterns as own

if TYPE_CHECKING:
    from authshield.vocabulary.operation import Operation

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


@protect(Kind.ORDER, parse=parsing.order, describe=describing.order)
async def order(request: HttpRequest, operation: Operation | None) -> HttpResponse:
    """Place an order as a program does."""
    if operation is None:
        return JsonResponse({"invalid": str(request.authshield.invalid)})  # type: ignore[attr-defined]
    placed = await sync_to_async(trading.place)(
        int(operation.account),
        Ticket.from_fields(operation.fields),
        session=sid_of(request) or "",
        now=clock.now(),
    )
    return JsonResponse({"id": placed.public_id, "state": placed.state}, status=201)


async def page(request: HttpRequest) -> HttpResponse:
    """Any page."""
    return HttpResponse(f"hello {(await request.auser()).get_username()}")


@exempt
async def unguarded(request: HttpRequest) -> HttpResponse:
    """The same page without the guard."""
    return HttpResponse(f"hello {(await request.auser()).get_username()}")


@watch(Kind.PASSWORD_RESET, username_field="name")
async def reset(request: HttpRequest) -> HttpResponse:
    """A door that anybody may use."""
    return HttpResponse(request.method)


urlpatterns = [
    path("api/async/orders", order),
    path("async/page/", page),
    path("async/unguarded/", unguarded),
    path("async/reset/", reset),
    *own,
]
