"""The customer's security centre: what signs in to the account, what was done, and how to stop it.

Shows the signed-in person's own rows and nobody else's. Works without script.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from authshield import clock, pages, signedin
from authshield.contain import freezing, steps
from authshield.contain.devices import forget
from authshield.factors import enrolled, oob, recovery, shut
from authshield.learn.reports import reported
from authshield.models import Device, Session
from authshield.observe.device import device_or_issued
from authshield.record.rows import device_hash
from authshield.tune.rulebook import active
from authshield.views import history
from authshield.views.zones import in_readers_zone
from authshield.vocabulary.actions import FACTOR_STRENGTH, Strength
from authshield.vocabulary.assurance import Act

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

SHOWN = 20
NEWEST = 6
CENTRE = "authshield:security"


@dataclass(frozen=True, slots=True)
class Confirmations:
    """How many devices could confirm something, and how much waits for this one."""

    devices: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Factors:
    """How the account can prove itself."""

    has_passkey: bool
    has_app: bool
    has_email: bool
    shut: Mapping[str, datetime | None]
    codes_left: int
    is_strong: bool


@never_cache
@login_required
@require_GET
@in_readers_zone
def centre(request: HttpRequest) -> HttpResponse:
    """Everything on one page, of the activity the newest. Cost: 14 queries."""
    account = signedin.account_of_request(request) or ""
    sid = signedin.sid_of(request)
    own = device_hash(device_or_issued(request))
    page = history.page(account, most=NEWEST)
    context: dict[str, Any] = {
        "factors": factors_of(request),
        "devices": Device.objects.filter(account=account, revoked_at=None).order_by("-last_seen_at")[:SHOWN],
        "own_device": own,
        "sessions": Session.objects.filter(account=account, ended_at=None).order_by("-last_seen_at")[:SHOWN],
        "own_session": sid,
        "activity": page,
        "reported": reported(account, {line.sid for line in page.lines}),
        "confirmations": confirmations_of(account, sid or "", own),
        "passkeys_from": _passkeys_from(clock.now()),
    }
    return render(request, "authshield/security.html", context)


@never_cache
@login_required
@require_GET
@in_readers_zone
def activity(request: HttpRequest) -> HttpResponse:
    """All that is recorded of the account, a page at a time. Cost: 3 queries."""
    account = signedin.account_of_request(request) or ""
    page = history.page(account, most=SHOWN, after=history.Mark.read(request.GET.get("before", "")))
    context: dict[str, Any] = {
        "activity": page,
        "is_newest": "before" not in request.GET,
        "own_device": device_hash(device_or_issued(request)),
        "own_session": signedin.sid_of(request),
        "reported": reported(account, {line.sid for line in page.lines}),
    }
    return render(request, "authshield/activity.html", context)


def _passkeys_from(now: datetime) -> datetime | None:
    """When the policy's interim ends, while it lasts: customers are told the date. Cost: as ``rulebook.active``."""
    assurance = active(now)[0].source.assurance
    until, login = assurance.interim_until, assurance.of(Act.LOGIN)
    is_ahead = until is not None and login.required_at(now, until) < login.required
    return until if is_ahead and login.required >= Strength.PHISHING_RESISTANT else None


@login_required
@require_POST
def end_session(request: HttpRequest, sid: str) -> HttpResponse:
    """End one of the person's own sessions; this one is signed out."""
    account = signedin.account_of_request(request) or ""
    row = get_object_or_404(Session, pk=sid, account=account, ended_at=None)
    if row.sid != signedin.sid_of(request):
        pages.ask_for(request, Act.SECURITY, return_to=reverse(CENTRE))
    steps.end_session(row.sid, "customer", by=account, now=clock.now(), account=account)
    if row.sid == signedin.sid_of(request):
        logout(request)
        return redirect("/")
    messages.success(request, _("The session has ended."), fail_silently=True)
    return redirect(CENTRE)


@login_required
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """End all sessions but this one."""
    pages.ask_for(request, Act.SECURITY, return_to=reverse(CENTRE))
    account = signedin.account_of_request(request) or ""
    keep = signedin.sid_of(request) or ""
    steps.end_all_sessions(account, "customer", by=account, now=clock.now(), keep=keep)
    messages.success(request, _("You are signed out everywhere else."), fail_silently=True)
    return redirect(CENTRE)


@login_required
@require_POST
def remove_device(request: HttpRequest, device_id: int) -> HttpResponse:
    """Forget a device: it is a stranger's from now on, and its sessions end."""
    account = signedin.account_of_request(request) or ""
    device = get_object_or_404(Device, pk=device_id, account=account, revoked_at=None)
    pages.ask_for(request, Act.SECURITY, return_to=reverse(CENTRE))
    now = clock.now()
    forget(device, now)
    for row in Session.objects.filter(account=account, device_hash=device.device_hash, ended_at=None):
        steps.end_session(row.sid, "device removed", by=account, now=now, account=account)
    messages.success(request, _("The device is forgotten."), fail_silently=True)
    return redirect(CENTRE)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def freeze(request: HttpRequest) -> HttpResponse:
    """Stop everything at once: no sign-in and no order until the desk lifts it."""
    if request.method != "POST":
        return render(request, "authshield/freeze.html")
    account = signedin.account_of_request(request) or ""
    freezing.stop_everything(account, clock.now())
    logout(request)
    return render(request, "authshield/frozen.html")


def factors_of(request: HttpRequest) -> Factors:
    """What the signed-in person has enrolled, and what of it cannot be used now. Cost: 5 queries."""
    user = signedin.user_of_request(request)
    names = enrolled(user)
    return Factors(
        has_passkey="webauthn" in names,
        has_app="totp" in names,
        has_email="email" in names,
        shut=shut(user, clock.now()),
        codes_left=recovery.left(user),
        is_strong=any(FACTOR_STRENGTH[name] >= Strength.OTP for name in names),
    )


def confirmations_of(account: str, sid: str, device: str) -> Confirmations:
    """Of one device of an account. Cost: 2 queries."""
    now = clock.now()
    return Confirmations(oob.devices(account, now).count(), oob.waiting(account, sid, device, now).count())
