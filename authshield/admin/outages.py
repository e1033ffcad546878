"""The desk's banner while any web process works without Redis. Must not ask Redis: this process may reach it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import ngettext

from authshield import clock
from authshield.record import reports


def warn(request: HttpRequest) -> None:
    """Say it on top of the page that is being shown. Cost: 1 query."""
    if request.method != "GET":
        return
    away = reports.away(clock.now())
    if not away:
        return
    told = ngettext(
        "%(count)d web process works without Redis, since %(at)s. Pages stay open; sign-ins from strange devices, "
        "orders and changes need a code or wait for you.",
        "%(count)d web processes work without Redis, since %(at)s. Pages stay open; sign-ins from strange devices, "
        "orders and changes need a code or wait for you.",
        len(away),
    )
    since = date_format(timezone.localtime(away[0].changed_at), "DATETIME_FORMAT")
    messages.warning(request, told % {"count": len(away), "at": since}, fail_silently=True)
