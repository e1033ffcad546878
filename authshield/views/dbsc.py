"""The two doors of device bound session credentials: the browser itself comes here, no script and no person.

What is answered decides whether the browser keeps its key: 403 with a challenge asks again, 503 means later, any
other 4xx ends the binding, so that is for whoever is not the session's browser.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import DatabaseError
from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from authshield import clock, signedin
from authshield.conf import current
from authshield.enforce import bound
from authshield.errors import StoreUnavailable
from authshield.measure import profile
from authshield.measure.store import default_store
from authshield.observe import dbsc

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from authshield.models import BoundSession

_log = logging.getLogger("authshield.dbsc")
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


@csrf_exempt
@require_POST
def register(request: HttpRequest) -> HttpResponseBase:
    """Bind the session that was just opened: 200 with instructions and the cookie, 403 for anything else."""
    return _answered(request, _register)


@csrf_exempt
@require_POST
def refresh(request: HttpRequest) -> HttpResponseBase:
    """Renew the cookie for a proof of the last challenge: 200, or 403 with another challenge."""
    return _answered(request, _refresh)


def _answered(
    request: HttpRequest, act: Callable[[HttpRequest, datetime], HttpResponseBase]
) -> HttpResponseBase:
    if not current().DBSC or not request.is_secure() or not _is_own(request):
        return HttpResponse(status=404, headers=_HEADERS)
    try:
        return act(request, clock.now())
    except bound.Gone:
        body = {"session_identifier": dbsc.session_id(request), "continue": False}
        return JsonResponse(body, headers=_HEADERS)
    except (bound.Overrun, DatabaseError, StoreUnavailable) as error:
        _log.warning("a bound session waits: %s", error)
        return HttpResponse(status=503, headers={**_HEADERS, "Retry-After": "5"})


def _register(request: HttpRequest, now: datetime) -> HttpResponseBase:
    sid, account = signedin.sid_of(request) or "", signedin.account_of_request(request) or ""
    try:
        row = bound.register(sid, account, dbsc.read_proof(request.META.get(dbsc.PROOF_META, "")), now)
    except (bound.Unbound, dbsc.BadProof) as error:
        _log.warning("no session was bound: %s", error)
        return HttpResponse(status=403, headers=_HEADERS)
    profile.mark_bound(default_store(), sid, now)
    told = dbsc.instructions(row.pk, reverse("authshield:dbsc_refresh"), f"https://{request.get_host()}")
    return _with_cookie(JsonResponse(told, headers=_HEADERS), row, now)


def _refresh(request: HttpRequest, now: datetime) -> HttpResponseBase:
    signed_in = request.user.is_authenticated
    try:
        row = bound.find(dbsc.session_id(request), (signedin.sid_of(request) or "") if signed_in else "")
    except bound.Unbound as error:
        _log.warning("nothing was refreshed: %s", error)
        return HttpResponse(status=404, headers=_HEADERS)
    try:
        following = bound.refresh(row, _proof(request, row, now), now)
    except bound.Challenged as asked:
        _log.info("bound session %s is asked again: %s", row.pk, asked)
        response = HttpResponse(status=403, headers=_HEADERS)
        response[dbsc.CHALLENGE] = dbsc.challenge_header(asked.challenge, row.pk)
        return response
    response = HttpResponse(status=200, headers=_HEADERS)
    response[dbsc.CHALLENGE] = dbsc.challenge_header(following, row.pk)
    return _with_cookie(response, row, now)


def _proof(request: HttpRequest, row: BoundSession, now: datetime) -> dbsc.SessionProof:
    try:
        return dbsc.read_proof(request.META.get(dbsc.PROOF_META, ""))
    except dbsc.BadProof as error:
        raise bound.challenge(row, now, str(error)) from error


def _with_cookie(response: HttpResponse, row: BoundSession, now: datetime) -> HttpResponse:
    dbsc.put_cookie(response, row.pk, row.sid, now)
    return response


def _is_own(request: HttpRequest) -> bool:
    return request.META.get("HTTP_ORIGIN", "null") in {f"https://{request.get_host()}", "null"}


register.authshield_exempt = True  # type: ignore[attr-defined]
refresh.authshield_exempt = True  # type: ignore[attr-defined]
