"""The customer's passkeys: see them, add one, remove one. Adding and removing are guarded changes of the account.

A passkey is added in two steps: the guarded one gives this session leave to make one passkey within ten minutes,
the second takes what the browser made. Needs script, as passkeys do.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from authshield import clock, signedin
from authshield.contain import steps
from authshield.contain.notices import local_time, notify
from authshield.decorators import protect
from authshield.errors import ChallengeError, InvalidInput
from authshield.factors import passkey, passkey_challenges
from authshield.factors.passkey_helper import better_address, works_on
from authshield.observe.user_agent import summarise
from authshield.views import floors
from authshield.views.enrolment import describe
from authshield.views.zones import in_readers_zone
from authshield.vocabulary.event import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse

    from authshield.vocabulary.event import ProfileChange
    from authshield.vocabulary.operation import Operation

LEAVE = "authshield_passkey"
LIST = "authshield:passkeys"
SETUP = "authshield:new_passkey"
HELD_URL = "/security/"


@never_cache
@login_required
@require_GET
@in_readers_zone
def index(request: HttpRequest) -> HttpResponse:
    """The account's passkeys. Cost: 1 query."""
    context = {"passkeys": passkey.of(signedin.user_of_request(request)), **_place(request)}
    return render(request, "authshield/passkeys.html", context)


def _parse_new(request: HttpRequest, **_kwargs: Any) -> Mapping[str, str]:
    del request
    return {"field": "mfa", "change": "passkey"}


@never_cache
@protect(
    Kind.PROFILE_CHANGE, parse=_parse_new, describe=describe, held_url=HELD_URL, floor=floors.new_passkey
)
def begin(request: HttpRequest, operation: Operation | None) -> HttpResponse:
    """Give this session leave to make one passkey."""
    if operation is None:
        return redirect(LIST)
    challenge = passkey_challenges.issue(passkey_challenges.ENROLMENT, _binding(request), clock.now())
    request.session[LEAVE] = passkey.challenge_text(challenge)
    return redirect(SETUP)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """Have the browser make a passkey, and take it."""
    leave = request.session.get(LEAVE)
    if not leave:
        return redirect(LIST)
    if request.method == "POST":
        return _take(request, passkey.challenge_bytes(leave))
    user = signedin.user_of_request(request)
    options = passkey.creation_options(user, passkey.challenge_bytes(leave))
    context = {"options": json.dumps(options), "name": _default_name(request), **_place(request)}
    return render(request, "authshield/passkey_new.html", context)


def _take(request: HttpRequest, challenge: bytes) -> HttpResponse:
    """Whatever came, the leave is used up first: it is for one passkey."""
    now, user = clock.now(), signedin.user_of_request(request)
    del request.session[LEAVE]
    name = "".join(c for c in request.POST.get("name", "") if c.isprintable()).strip()
    try:
        passkey_challenges.spend(challenge, passkey_challenges.ENROLMENT, _binding(request), now)
        made = passkey.enrol(
            user,
            request.POST.get("token", ""),
            challenge=challenge,
            name=name[: passkey.NAME_LENGTH] or _default_name(request),
        )
    except ChallengeError as error:
        return render(request, "authshield/passkey_failed.html", {"is_new": True}, status=error.status_code)
    _changed(request, "passkey_added", f"{made.pk}", made.name)
    told = _("The passkey is set up. From now on it signs you in and confirms your orders.")
    messages.success(request, told, fail_silently=True)  # a site may have no messages
    return redirect(LIST)


def _parse_removal(request: HttpRequest, *, passkey_id: int) -> Mapping[str, str]:
    user = signedin.user_of_request(request)
    found = next((one for one in passkey.of(user) if one.pk == passkey_id), None)
    if found is None:
        raise InvalidInput(_("There is no such passkey."), field="passkey", status_code=404)
    return {"field": "mfa", "change": "passkey_removal", "passkey": str(passkey_id), "name": found.name}


def _describe_removal(user: Any, fields: Mapping[str, str]) -> ProfileChange:
    return describe(user, fields)


@never_cache
@protect(
    Kind.PROFILE_CHANGE,
    parse=_parse_removal,
    describe=_describe_removal,
    held_url=HELD_URL,
    floor=floors.strongest,
)
def remove(request: HttpRequest, operation: Operation | None, *, passkey_id: int) -> HttpResponse:
    """Forget one passkey; a browser may go on offering it, and it opens nothing any more."""
    del passkey_id  # as it is in the operation
    user = signedin.user_of_request(request)
    if operation is not None and passkey.remove(user, int(operation.fields["passkey"])):
        _changed(request, "passkey_removed", operation.fields["passkey"], operation.fields["name"])
        messages.success(request, _("The passkey is removed."), fail_silently=True)
    return redirect(LIST)


def _changed(request: HttpRequest, template: str, key: str, name: str) -> None:
    """Another set of passkeys ends whatever else is signed in, and the customer is told."""
    now, account = clock.now(), signedin.account_of_request(request) or ""
    steps.end_all_sessions(
        account, "factor changed", by=account, now=now, keep=signedin.sid_of(request) or ""
    )
    context = {"at": local_time(now), "name": name}
    notify(account, template, f"{template}:{account}:{key}", context=context, now=now)


def _binding(request: HttpRequest) -> str:
    return f"{signedin.account_of_request(request)}\x1f{signedin.sid_of(request)}"


def _place(request: HttpRequest) -> dict[str, Any]:
    """Whether browsers allow this site's passkeys at the address of this page."""
    host = request.get_host()
    works = works_on(request.scheme or "", host)
    return {"works_here": works, "other_address": "" if works else better_address(host)}


def _default_name(request: HttpRequest) -> str:
    meta = request.META
    hints = meta.get("HTTP_SEC_CH_UA", ""), meta.get("HTTP_SEC_CH_UA_PLATFORM", "")
    agent = summarise(meta.get("HTTP_USER_AGENT", ""), *hints)
    return (
        _("Passkey")
        if agent.browser == "Other"
        else f"{agent.browser}, {agent.system}"[: passkey.NAME_LENGTH]
    )
