"""A customer's word that it was somebody else, signed in or by a link. Nothing happens by GET.

A link may be opened by whoever reads the mail, and by machines; so it can only stop, and only what it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from authshield import clock, signedin
from authshield.contain import freezing, links
from authshield.errors import InvalidInput
from authshield.learn import reports
from authshield.models import Session
from authshield.views.zones import in_readers_zone

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

PAGE = "authshield/not_me.html"


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@in_readers_zone
def not_me(request: HttpRequest, sid: str) -> HttpResponse:
    """Of one of the person's own sessions, but not the one in which it is said."""
    account = signedin.account_of_request(request) or ""
    if not reports.is_known(account, sid):
        raise Http404
    own = signedin.sid_of(request) or ""
    if sid == own:
        return render(request, PAGE, {"is_own": True}, status=409 if request.method == "POST" else 200)
    return _answer(request, account, sid, from_sid=own)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """By a signed link, for who cannot sign in any more."""
    found = reports.from_token(token, clock.now())
    if found is None:
        return render(request, PAGE, {"is_over": True}, status=404)
    return _answer(request, *found, from_sid="")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def freeze_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Freeze an account by a signed link: one way, without a sign-in, and by POST alone."""
    account = links.account_of_token(token, clock.now())
    if account is None:
        return render(request, PAGE, {"is_over": True}, status=404)
    if request.method != "POST":
        return render(request, "authshield/freeze.html", {"is_by_link": True})
    freezing.stop_everything(account, clock.now())
    return render(request, "authshield/frozen.html")


def _answer(request: HttpRequest, account: str, sid: str, *, from_sid: str) -> HttpResponse:
    context = {"row": Session.objects.filter(pk=sid).first(), "is_signed_in": bool(from_sid)}
    if request.method != "POST":
        return render(request, PAGE, context)
    try:
        reports.not_me(account, sid, by=f"customer {account}", from_sid=from_sid, now=clock.now())
    except InvalidInput:
        return render(request, PAGE, context | {"is_too_much": True}, status=409)
    return render(request, PAGE, context | {"is_done": True})


freeze_by_link.authshield_exempt = True  # type: ignore[attr-defined]
by_link.authshield_exempt = True  # type: ignore[attr-defined]
