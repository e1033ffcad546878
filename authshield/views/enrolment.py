"""Enrolling an authenticator app and making recovery codes. Each is a guarded change of the account.

Who has a strong factor proves it first; the very first one is taken from a device that the account trusts,
never from a session that a password alone has opened somewhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from authshield import clock
from authshield.conf import current
from authshield.contain import contacts
from authshield.decorators import protect
from authshield.factors import enrolled, recovery, totp
from authshield.signedin import account_of_request, sid_of, user_of_request
from authshield.views.floors import strongest
from authshield.vocabulary.actions import FACTOR_STRENGTH, Strength
from authshield.vocabulary.event import Kind, ProfileChange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse

    from authshield.vocabulary.operation import Operation

ENROLMENT = "authshield_enrolment"
SETUP = "authshield:totp"


def _parse(change: str) -> Any:
    def parse(request: HttpRequest, **_kwargs: Any) -> Mapping[str, str]:
        del request
        return {"field": "mfa", "change": change}

    return parse


def describe(user: Any, fields: Mapping[str, str]) -> ProfileChange:
    """A change of factors; the first strong one is told apart."""
    has_strong = any(FACTOR_STRENGTH[name] >= Strength.OTP for name in enrolled(user))
    return ProfileChange(fields["field"], is_first=not has_strong)


@never_cache
@protect(Kind.PROFILE_CHANGE, parse=_parse("totp"), describe=describe, held_url="/security/", floor=strongest)
def begin_totp(request: HttpRequest, operation: Operation | None) -> HttpResponse:
    """Make a new secret for this session to confirm."""
    if operation is not None:
        enrolment = totp.enrol(user_of_request(request), issuer=current().ISSUER, now=clock.now())
        request.session[ENROLMENT] = enrolment.factor.pk
    return redirect(SETUP)


@never_cache
@sensitive_post_parameters("token")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def set_up_totp(request: HttpRequest) -> HttpResponse:
    """Show the secret that this session made, and take its first code."""
    now = clock.now()
    user = user_of_request(request)
    enrolment = totp.pending(user, issuer=current().ISSUER, now=now)
    if enrolment is None or request.session.get(ENROLMENT) != enrolment.factor.pk:
        return render(request, "authshield/totp_start.html", {"is_enrolled": "totp" in enrolled(user)})
    wrong = False
    if request.method == "POST":
        if totp.confirm(user, request.POST.get("token", "")[:40], now):
            return _enrolled(request)
        wrong = True
    context = {"enrolment": enrolment, "is_wrong": wrong}
    return render(request, "authshield/totp.html", context, status=422 if wrong else 200)


def _enrolled(request: HttpRequest) -> HttpResponse:
    """A new factor ends whatever else is signed in, and the customer is told."""
    now = clock.now()
    account = account_of_request(request) or ""
    del request.session[ENROLMENT]
    contacts.factor_changed(account, now, keep=sid_of(request) or "")
    told = _("Your authenticator app is set up. Make recovery codes next, and keep them safe.")
    messages.success(request, told, fail_silently=True)  # a site may have no messages
    return redirect("authshield:security")


@never_cache
@protect(
    Kind.PROFILE_CHANGE, parse=_parse("recovery"), describe=describe, held_url="/security/", floor=strongest
)
def make_codes(request: HttpRequest, operation: Operation | None) -> HttpResponse:
    """Make ten new recovery codes and show them, once."""
    user = user_of_request(request)
    if operation is None:
        return render(request, "authshield/recovery_start.html", {"left": recovery.left(user)})
    now = clock.now()
    codes = recovery.generate(user, now)
    contacts.factor_changed(account_of_request(request) or "", now, keep=sid_of(request) or "")
    return render(request, "authshield/recovery_codes.html", {"codes": codes})
