"""The customer's way back after a takeover: since when, what came since, and all of it removed by one confirmation.

Only a factor that was there before that moment opens it: what the thief has set up tells nobody apart. Who has none
calls the desk, which has the same way back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from authshield import clock, pages, signedin
from authshield.conf import current
from authshield.errors import GatewayError, InvalidInput
from authshield.factors import enrolled
from authshield.learn import way_back as ways
from authshield.models import Session
from authshield.views.zones import in_readers_zone
from authshield.vocabulary.assurance import Act

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

PAGE = "authshield/way_back.html"
LONGEST = timedelta(days=90)
SHOWN = 10


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@in_readers_zone
def way_back(request: HttpRequest) -> HttpResponse:
    """Ask since when; show what came since (GET), and remove it (POST). Cost: 15 queries and the ports' calls."""
    account, sid, now = (
        signedin.account_of_request(request) or "",
        signedin.sid_of(request) or "",
        clock.now(),
    )
    since = _since(request.POST.get("since") or request.GET.get("since") or "", now)
    if since is None:
        sessions = Session.objects.filter(account=account, started_at__gt=now - LONGEST).exclude(pk=sid)
        context = {"sessions": sessions.order_by("-started_at")[:SHOWN], "is_wrong": "since" in request.GET}
        return render(request, PAGE, context, status=422 if context["is_wrong"] else 200)
    session = _Here(account, sid, since, now)
    if not _is_proved(request, session):
        return render(request, PAGE, {"is_desks": True}, status=403)
    try:
        return _answer(request, session)
    except (GatewayError, InvalidInput):
        return render(request, PAGE, {"is_desks": True, "is_begun": request.method == "POST"}, status=409)


@dataclass(frozen=True, slots=True)
class _Here:
    """Whose way back, in which session, since when, and now."""

    account: str
    sid: str
    since: datetime
    now: datetime


def _answer(request: HttpRequest, here: _Here) -> HttpResponse:
    if request.method == "POST":
        word = ways.by_customer(here.account, here.sid)
        ways.take_back(here.account, here.since, word, here.now, spare=here.sid)
        return render(request, PAGE, {"is_done": True})
    found = ways.added(here.account, here.since, spare=here.sid)
    return render(request, PAGE, {"found": found, "since": _written(here.since)})


def _is_proved(request: HttpRequest, here: _Here) -> bool:
    """Whether an older factor was shown in this session; raises ``StepUpRequired`` where it can be."""
    user = signedin.user_of_request(request)
    names = ways.older_factors(user, here.since, enrolled(user))
    if not names:
        return False
    if ways.proved_by_older(here.sid, names, here.now):
        return True
    back = f"{reverse('authshield:way_back')}?{urlencode({'since': _written(here.since)})}"
    pages.ask_for(request, Act.WAY_BACK, return_to=back, known=names)
    return current().MODE != "enforce"


def _since(text: str, now: datetime) -> datetime | None:
    """The moment that was marked, to the minute; on the site's clock where it names none."""
    try:
        at = datetime.fromisoformat(text[:32])
    except ValueError:
        return None
    at = at if at.tzinfo else timezone.make_aware(at)
    return at if now - LONGEST < at <= now else None


def _written(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M}+00:00"
