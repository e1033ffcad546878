"""Each variant's guard around the site's views, as its documentation shows it. Must not import another's."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from redis import Redis

from bench.site import settings, views

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from authshield.vocabulary import event
    from authshield.vocabulary.operation import Operation

    View = Callable[..., Any]

LOOSE = 1_000_000
"""A limit that nobody reaches."""


def login(view: View) -> View:
    """The sign-in behind the guard; axes and AuthShield stand in AUTHENTICATION_BACKENDS instead."""
    if settings.VARIANT.startswith("defender"):
        from defender.decorators import watch_login

        view = watch_login(status_code=401)(view)
    else:
        view = _counted(view, name=lambda request: request.POST["username"], limit=settings.LIMIT)
    return csrf_exempt(view)


def order() -> View:
    """The order behind the guard."""
    if settings.VARIANT == "authshield":
        return csrf_exempt(_protected())
    return csrf_exempt(_counted(views.order, name=_user, limit=LOOSE))


def page(view: View) -> View:
    """The page: only AuthShield's middleware looks at it."""
    return _pinging(view) if settings.VARIANT == "ping" else view


def _user(request: HttpRequest) -> str:
    return str(request.user.pk)


def _counted(view: View, *, name: Callable[[HttpRequest], str], limit: int) -> View:
    if settings.VARIANT == "ping":
        return _pinging(view)
    if settings.VARIANT == "ratelimit":
        return _ratelimited(view, name, limit)
    if settings.VARIANT == "limits":
        return _limited(view, name, limit)
    return view


def _pinging(view: View) -> View:
    client = Redis.from_url(settings.REDIS_URL)

    def pinging(request: HttpRequest) -> HttpResponse:
        client.ping()
        response: HttpResponse = view(request)
        return response

    return pinging


def _ratelimited(view: View, name: Callable[[HttpRequest], str], limit: int) -> View:
    from django_ratelimit.decorators import ratelimit

    keys = ((lambda _, request: name(request), limit), ("ip", LOOSE), ("header:user-agent", LOOSE))
    for key, most in keys:
        view = ratelimit(key=key, rate=f"{most}/10m", method="POST", block=True)(view)
    return view


def _limited(view: View, name: Callable[[HttpRequest], str], limit: int) -> View:
    from limits import RateLimitItemPerDay, RateLimitItemPerMinute, storage, strategies

    limiter = strategies.SlidingWindowCounterRateLimiter(storage.RedisStorage(f"redis+{settings.REDIS_URL}"))
    minutes = settings.WINDOW_SECONDS // 60
    items = [
        (key, kind)
        for key in ("name", "address", "block", "agent", "both")
        for kind in (
            RateLimitItemPerMinute(limit if key == "name" else LOOSE, minutes),
            RateLimitItemPerDay(LOOSE),
        )
    ]

    def limited(request: HttpRequest) -> HttpResponse:
        who, address = name(request), request.META["REMOTE_ADDR"]
        values = {
            "name": who,
            "address": address,
            "block": address.rpartition(".")[0],
            "agent": request.headers.get("User-Agent", ""),
            "both": f"{who}@{address}",
        }
        if not all(limiter.hit(item, key, values[key]) for key, item in items):
            return JsonResponse({"error": "rate_limited"}, status=429)
        response: HttpResponse = view(request)
        return response

    return limited


def _protected() -> View:
    from authshield.decorators import protect
    from authshield.vocabulary.event import Kind

    def place(request: HttpRequest, operation: Operation | None) -> HttpResponse:
        del request
        return JsonResponse({}) if operation is None else views.placed(operation.account, operation.fields)

    return protect(Kind.ORDER, parse=_parse, describe=_describe)(place)


def _parse(request: HttpRequest) -> Mapping[str, str]:
    return {name: request.POST[name] for name in views.FIELDS}


def _describe(user: object, fields: Mapping[str, str]) -> event.Order:
    """What the broker knows without looking: its own queries are not the guard's."""
    del user
    from authshield.vocabulary import event

    quantity, price = Decimal(fields["quantity"]), Decimal(1000)
    return event.Order(
        symbol=fields["symbol"],
        side=fields["side"],
        quantity=quantity,
        price=price,
        value_minor=int(quantity * price),
        market="XTKS",
        type=fields["order_type"],
        instrument=event.Instrument(adv_minor=5_000_000_000, market_cap_minor=800_000_000_000),
        portfolio=event.Portfolio(
            cash_minor=2_000_000,
            positions_value_minor=8_000_000,
            position_quantity=Decimal(200),
            positions=12,
        ),
    )
