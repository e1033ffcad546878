"""The site's views behind the guard of the variant. Axes and AuthShield's sign-in stand in the settings instead."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from os import urandom
from typing import TYPE_CHECKING

from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from redis import Redis

from bench.site import peers, settings, views
from bench.site.peers import LOOSE, View

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from authshield.vocabulary import event
    from authshield.vocabulary.operation import Operation

COUNTING: dict[str, Callable[[View, peers.Name, int], View]] = {
    "ratelimit": peers.ratelimited,
    "ratelimit10": peers.ratelimited_ten_times,
    "limits": peers.limited,
    "drf": peers.throttled,
}
"""Guards that are the same around a sign-in and an order, by the first word of the variant."""


def login(view: View) -> View:
    """The sign-in behind the guard."""
    if settings.FAMILY == "defender":
        from defender.decorators import watch_login

        view = watch_login(status_code=401)(view)
        return csrf_exempt(view)
    if settings.FAMILY == "allauth":
        return csrf_exempt(peers.allauth_login(view))
    if settings.FAMILY == "otp":
        return csrf_exempt(peers.otp_login(view))
    return csrf_exempt(_counted(view, lambda request: request.POST["username"], settings.LIMIT))


def order() -> View:
    """The order behind the guard."""
    if settings.FAMILY == "authshield":
        return csrf_exempt(_protected())
    if settings.FAMILY == "row":
        return csrf_exempt(partial(views.order, beside=_ledger_row()))
    if settings.FAMILY == "allauth":
        return csrf_exempt(peers.allauth_order(views.order))
    if settings.FAMILY == "otp":
        return csrf_exempt(peers.otp_verified(views.order))
    return csrf_exempt(_counted(views.order, lambda request: str(request.user.pk), LOOSE))


def page(view: View) -> View:
    """The page: of the peers only django-otp looks at it."""
    if settings.FAMILY == "otp":
        return peers.otp_verified(view)
    return _pinging(view) if settings.FAMILY == "ping" else view


def _counted(view: View, name: peers.Name, limit: int) -> View:
    if settings.FAMILY == "ping":
        return _pinging(view)
    guard = COUNTING.get(settings.FAMILY)
    return view if guard is None else guard(view, name, limit)


def _pinging(view: View) -> View:
    client = Redis.from_url(settings.REDIS_URL)

    def pinging(request: HttpRequest) -> HttpResponse:
        client.ping()
        response: HttpResponse = view(request)
        return response

    return pinging


def _ledger_row() -> Callable[[], object]:
    """Writes one row of AuthShield's ledger, all of whose values are ready; nothing else of it is in the way."""
    from authshield.models import LedgerEntry
    from authshield.models.prepared import Prepared

    user_logged_in.disconnect(dispatch_uid="authshield.enforce_sign_in")
    names = [field.attname for field in LedgerEntry._meta.local_concrete_fields if not field.primary_key]
    places = ", ".join(["%s"] * len(names))
    table, columns = LedgerEntry._meta.db_table, ", ".join(names)
    insert = Prepared("default", f"INSERT INTO {table} ({columns}) VALUES ({places})")  # noqa: S608 - its own names

    def write() -> int:
        row = _ROW | {"event_id": urandom(16).hex()}
        return insert.changed([row[name] for name in names])

    return write


_FACTS = ", ".join(f'"fact.number_{number:02}": {number}' for number in range(40))
_ROW: dict[str, object] = {
    "at": "2026-01-05 09:00:00.123456",
    "kind": "order",
    "account": "17",
    "sid": "s" * 32,
    "ip": "127.0.0.1",
    "device_hash": "d" * 32,
    "label": "Chrome, Windows",
    "place": "",
    "action": "allow",
    "required": "",
    "final": "allowed",
    "risk": 0.0,
    "reasons": "[]",
    "rules": "[]",
    "ruleset_version": 1,
    "is_observed": False,
    "facts": f"{{{_FACTS}}}",
    "operation": '{"account":"17","fields":{"order_type":"market","quantity":"1","side":"buy","symbol":"7203"}}',
    "reference": "",
    "challenge_id": "",
    "hold_id": "",
    "case_id": "",
}


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
