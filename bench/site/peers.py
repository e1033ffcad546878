"""The peers' guards around a view, each as its documentation shows it. Must not import one that is not asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse

from bench.site import settings

View = Callable[..., Any]
Name = Callable[[HttpRequest], str]
"""Whose request it is."""

LOOSE = settings.LOOSE
TEN = ("name", "address", "block", "agent", "both")
"""What the guards with ten limits count by, each for ten minutes and for a day."""


def ratelimited(view: View, name: Name, limit: int) -> View:
    """Three decorators of django-ratelimit's."""
    from django_ratelimit.decorators import ratelimit

    keys = ((lambda _, request: name(request), limit), ("ip", LOOSE), ("header:user-agent", LOOSE))
    for key, most in keys:
        view = ratelimit(key=key, rate=f"{most}/10m", method="POST", block=True)(view)
    return view


def ratelimited_ten_times(view: View, name: Name, limit: int) -> View:
    """Ten of them."""
    from django_ratelimit.decorators import ratelimit

    for what in TEN:
        for rate in (f"{limit if what == 'name' else LOOSE}/10m", f"{LOOSE}/d"):
            view = ratelimit(key=_key(name, what), rate=rate, method="POST", block=True)(view)
    return view


def _key(name: Name, what: str) -> Callable[[str, HttpRequest], str]:
    return lambda _, request: _values(request, name)[what]


def _values(request: HttpRequest, name: Name) -> dict[str, str]:
    who, address = name(request), request.META["REMOTE_ADDR"]
    return {
        "name": who,
        "address": address,
        "block": address.rpartition(".")[0],
        "agent": request.headers.get("User-Agent", ""),
        "both": f"{who}@{address}",
    }


def limited(view: View, name: Name, limit: int) -> View:
    """Ten sliding-window counters of limits'."""
    from limits import RateLimitItemPerDay, RateLimitItemPerMinute, storage, strategies

    limiter = strategies.SlidingWindowCounterRateLimiter(storage.RedisStorage(f"redis+{settings.REDIS_URL}"))
    minutes = settings.WINDOW_SECONDS // 60
    items = [
        (what, item)
        for what in TEN
        for item in (
            RateLimitItemPerMinute(limit if what == "name" else LOOSE, minutes),
            RateLimitItemPerDay(LOOSE),
        )
    ]

    def guarded(request: HttpRequest) -> HttpResponse:
        values = _values(request, name)
        if not all(limiter.hit(item, what, values[what]) for what, item in items):
            return JsonResponse({"error": "rate_limited"}, status=429)
        response: HttpResponse = view(request)
        return response

    return guarded


def allauth_login(view: View) -> View:
    """The two limits of django-allauth's own sign-in: before the view, and around the check of the password."""
    from allauth.account.adapter import get_adapter
    from allauth.decorators import rate_limit

    @rate_limit(action="login")  # type: ignore[untyped-decorator]
    def guarded(request: HttpRequest) -> HttpResponse:
        try:
            response: HttpResponse = view(request, check=get_adapter().authenticate)
        except ValidationError:
            return JsonResponse({"error": "too_many_login_attempts"}, status=429)
        return response

    return guarded  # type: ignore[no-any-return]


def allauth_order(view: View) -> View:
    """An action of the site's own, limited as allauth's are."""
    from allauth.decorators import rate_limit

    return rate_limit(action="order")(view)  # type: ignore[no-any-return]


def throttled(view: View, name: Name, limit: int) -> View:
    """A view of Django REST framework's; with three throttles unless the variant is the view alone."""
    from rest_framework.decorators import api_view, authentication_classes, throttle_classes
    from rest_framework.throttling import SimpleRateThrottle

    from bench.site.rest import SignedIn

    def throttle(what: str, most: int) -> type[SimpleRateThrottle]:
        def get_cache_key(self: SimpleRateThrottle, request: Any, view: object) -> str:
            del view
            return str(self.cache_format % {"scope": what, "ident": _values(request._request, name)[what]})  # noqa: SLF001

        return type(what, (SimpleRateThrottle,), {"rate": f"{most}/m", "get_cache_key": get_cache_key})

    def plain(request: Any) -> HttpResponse:
        response: HttpResponse = view(request._request)  # noqa: SLF001 - documented to be Django's own
        return response

    is_alone = settings.VARIANT == "drf-view"
    kinds = () if is_alone else (("name", limit), ("address", LOOSE), ("both", LOOSE))
    guarded = throttle_classes([throttle(*kind) for kind in kinds])(plain)
    return api_view(["POST"])(authentication_classes([SignedIn])(guarded))  # type: ignore[no-any-return]


def otp_login(view: View) -> View:
    """The customer's device counts as verified from here on; its code is not asked for."""
    from django_otp import devices_for_user, login

    def guarded(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = view(request)
        if request.user.is_authenticated:
            login(request, next(iter(devices_for_user(request.user))))
        return response

    return guarded


def otp_verified(view: View) -> View:
    """Only for those who were verified."""

    def guarded(request: HttpRequest) -> HttpResponse:
        if not request.user.is_verified():  # type: ignore[union-attr]
            return JsonResponse({"error": "not_verified"}, status=403)
        response: HttpResponse = view(request)
        return response

    return guarded
