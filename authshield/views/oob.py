"""The other device's side of a confirmation: see exactly what is to be confirmed, enter the number, or say no.

A device that the account trusts answers, by its key, in a sound session that did not ask itself; any other one is
shown nothing. There is no button that approves. Must not show the number, nor log what was typed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from authshield import attempts, clock, pages, signedin
from authshield.contain import confirmations as told
from authshield.contain import steps
from authshield.contain.notices import local_time, notify
from authshield.decorators import protect
from authshield.enforce import challenges, gate, responses
from authshield.errors import ChallengeError, InvalidInput
from authshield.factors import oob
from authshield.learn import reports
from authshield.models import Case, OobRequest
from authshield.observe.device import read_token
from authshield.observe.proof import VALID, seen_proof, session_key
from authshield.record.rows import device_hash
from authshield.tune.rulebook import active
from authshield.views import floors, wording
from authshield.views.enrolment import describe
from authshield.views.zones import in_readers_zone
from authshield.vocabulary.assurance import Act
from authshield.vocabulary.event import Kind, Who
from authshield.vocabulary.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from authshield.vocabulary.assessment import Assessment

PAGE = "authshield/oob.html"
LIST = "authshield:confirmations"
DOUBTS = (
    "device.is_cloned",
    "session.is_unusual",
    "session.is_ended",
    "session.device_changed",
    "session.browser_changed",
    "session.key_missing",
    "account.is_frozen",
    "account.must_prove",
)
"""What a session must not be for its word to count."""


@dataclass(frozen=True, slots=True)
class _Here:
    """Who answers, from where, and now."""

    account: str
    confirmer: oob.Confirmer
    now: datetime


@never_cache
@login_required
@require_GET
@in_readers_zone
def confirmations(request: HttpRequest) -> HttpResponse:
    """What waits for this device, if it is chosen to confirm; a single one is shown at once. Cost: 6 queries."""
    seen: Assessment | None = request.authshield.assessment  # type: ignore[attr-defined]
    here = _here(request, session_key(request) or _key_of_device(request), clock.now())
    is_sound = seen is not None and _is_sound(seen, here.now)
    mine = oob.devices(here.account, here.now).filter(device_hash=here.confirmer.device)
    is_chosen = is_sound and mine.exists()
    waiting = [
        one
        for one in oob.waiting(here.account, here.confirmer.session, here.confirmer.device, here.now)
        if is_chosen and oob.may_confirm(one, here.confirmer, here.now)
    ]
    if len(waiting) == 1:
        return redirect("authshield:confirmation", waiting[0].pk)
    rows = [(one, wording.TITLES.get(one.challenge.kind, wording.TITLES[Kind.REQUEST])) for one in waiting]
    can_be = is_sound and bool(here.confirmer.key)
    context = {"waiting": rows, "is_chosen": is_chosen, "can_be": can_be}
    return render(request, "authshield/oob_list.html", context)


def _parse(request: HttpRequest) -> Mapping[str, str]:
    here = _here(request, session_key(request) or _key_of_device(request), clock.now())
    return {"field": "mfa", "change": "oob", "device": here.confirmer.device, "key": here.confirmer.key}


@never_cache
@protect(
    Kind.PROFILE_CHANGE,
    parse=_parse,
    describe=describe,
    held_url="/security/",
    floor=floors.confirming_device,
)
def choose(request: HttpRequest, operation: Operation | None) -> HttpResponse:
    """Let this device confirm what others ask for, from now on; whatever else is signed in ends, and it is told."""
    if operation is None:
        return redirect(LIST)
    now, account = clock.now(), operation.account
    if not oob.choose(account, operation.fields["device"], operation.fields["key"], now):
        raise InvalidInput(_("This device cannot confirm anything."), field="device", status_code=409)
    steps.end_all_sessions(
        account, "factor changed", by=account, now=now, keep=signedin.sid_of(request) or ""
    )
    key = f"oob_added:{account}:{now:%Y%m%d%H%M%S}"
    notify(account, "oob_added", key, context={"at": local_time(now)}, now=now)
    messages.success(request, _("From now on this device confirms what others ask for."), fail_silently=True)
    return redirect(LIST)


@login_required
@require_POST
def unchoose(request: HttpRequest) -> HttpResponse:
    """Let this device confirm no longer."""
    pages.ask_for(request, Act.SECURITY, return_to=reverse(LIST))
    here = _here(request, "", clock.now())
    if oob.unchoose(here.account, here.confirmer.device):
        messages.success(request, _("This device confirms nothing any more."), fail_silently=True)
    return redirect(LIST)


@transaction.non_atomic_requests
@never_cache
@sensitive_post_parameters("number")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@in_readers_zone
def confirmation(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """One of them: shown (GET), confirmed by its number, or refused. Raises ``ChallengeError`` and ``Refused``."""
    now = clock.now()
    if request.method != "POST":
        pages.guard(request)
        assessment: Assessment = request.authshield.assessment  # type: ignore[attr-defined]
        here = _here(request, session_key(request) or _key_of_device(request), now)
        found = _find(request_id, here)
        is_able = _is_sound(assessment, now) and oob.may_confirm(found, here.confirmer, now)
        return _page(request, found) if is_able else _refused(request)
    account, sid = signedin.account_of_request(request) or "", signedin.sid_of(request)
    gate.final_gate(account, sid or "")
    attempt = attempts.count(request, Kind.FACTOR_ATTEMPT, Who(account, sid), now)
    here = _here(request, seen_proof(request).key, now)
    found = _find(request_id, here)
    is_signed = attempt.features.facts["device.proof"] == VALID
    if not is_signed or not _is_sound(attempt, now) or not oob.may_confirm(found, here.confirmer, now):
        return _refused(request)
    if request.POST.get("action") == "refuse":
        return _refuse(request, found, here, attempt)
    return _approve(request, found, here, attempt)


def _approve(request: HttpRequest, found: OobRequest, here: _Here, attempt: Assessment) -> HttpResponse:
    typed = request.POST.get("number", "")[:16]
    if not typed.strip():
        attempts.succeeded(attempt)
        return _page(request, found, _("Enter the number first."), status=422)
    challenge = found.challenge
    if Operation.from_canonical(challenge.operation).digest != found.digest:
        challenges.cancel(challenge)
        raise ChallengeError("binding_mismatch", 409)
    user = signedin.user_of_request(request)
    if oob.approve(found, user, typed, confirmer=here.confirmer, now=here.now):
        attempts.succeeded(attempt)
        return render(request, PAGE, {"is_done": True})
    challenges.reserve_attempt(challenge, here.now)
    challenges.count_failure(challenge)
    return render(request, PAGE, {"is_wrong": True}, status=401)


def _refuse(request: HttpRequest, found: OobRequest, here: _Here, attempt: Assessment) -> HttpResponse:
    """End what asked for it, and tell the desk: as if the customer had said so of the session."""
    if not oob.refuse(found, here.confirmer, here.now):
        raise ChallengeError("challenge_expired", 410)
    attempts.succeeded(attempt)
    challenges.cancel(found.challenge)
    who, by = found.binding.removeprefix("sid:"), f"customer {here.account}"
    if who == found.binding:
        told.refused_sign_in(here.account, by, here.now)
        return render(request, PAGE, {"is_refused": True})
    try:
        reports.not_me(here.account, who, by=by, from_sid=here.confirmer.session, now=here.now)
    except InvalidInput:  # so many reports in a day that the desk wants to talk to the customer
        steps.end_session(who, "refused on another device", by=by, now=here.now, account=here.account)
        told.refused_sign_in(here.account, by, here.now)
    return render(request, PAGE, {"is_refused": True})


def _here(request: HttpRequest, key: str, now: datetime) -> _Here:
    token = read_token(request)
    device = device_hash(token.id) if token else ""
    confirmer = oob.Confirmer(device, key, signedin.sid_of(request) or "")
    return _Here(signedin.account_of_request(request) or "", confirmer, now)


def _key_of_device(request: HttpRequest) -> str:
    token = read_token(request)
    return token.key if token else ""


def _find(request_id: UUID, here: _Here) -> OobRequest:
    """One that waits in this account; somebody else's looks like none at all."""
    found = OobRequest.objects.filter(pk=request_id, account=here.account).select_related("challenge").first()
    if found is None:
        raise ChallengeError("challenge_not_found", 404)
    is_open = found.challenge.state == found.challenge.State.OPEN and found.challenge.expires_at > here.now
    if found.state != OobRequest.State.WAITING or found.expires_at <= here.now or not is_open:
        raise ChallengeError("challenge_expired", 410)
    return found


def _is_sound(assessment: Assessment, now: datetime) -> bool:
    """Whether the session is the customer's own as far as anybody can tell. Cost: 1 query."""
    facts, sid = assessment.features.facts, assessment.event.session or ""
    if assessment.features.is_missing or not facts["device.is_trusted"] or any(facts[one] for one in DOUBTS):
        return False
    score, least = facts["session.score"], active(now)[0].source.parameters["score_case"]
    if isinstance(score, (int, float)) and score >= least:
        return False
    account = assessment.event.account or ""
    return not Case.objects.filter(account=account, sid=sid).exclude(state=Case.State.CLOSED).exists()


def _page(request: HttpRequest, found: OobRequest, message: str = "", *, status: int = 200) -> HttpResponse:
    challenge = found.challenge
    context: dict[str, Any] = {
        "found": found,
        "title": wording.TITLES.get(challenge.kind, wording.TITLES[Kind.REQUEST]),
        "facts": wording.facts(challenge),
        "reasons": wording.reasons(challenge),
        "message": message,
    }
    answer = render(request, PAGE, context, status=status)
    answer["X-Frame-Options"] = "DENY"
    return answer


def _refused(request: HttpRequest) -> HttpResponse:
    """Nothing of what waits is shown to a device that could not confirm it."""
    if responses.wants_json(request):
        return responses.problem("denied", 403, _("This device cannot confirm anything."))
    return render(request, PAGE, {"is_unable": True}, status=403)


# What is sent here is counted as a try and needs the device's own signature; a look is guarded as any page.
confirmation.authshield_exempt = True  # type: ignore[attr-defined]
