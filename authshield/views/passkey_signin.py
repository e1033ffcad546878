"""Signing in by passkey, from the name field or by a button: judged and counted like every other sign-in.

Before its signature is looked at it passes the guard that stands before passwords. Must not tell whether a passkey,
its owner or the account's state was what failed.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, cast

from django.conf import settings as django_settings
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render, resolve_url
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from authshield import clock, signedin, signin
from authshield.enforce import responses
from authshield.errors import ChallengeError, InvalidInput, Refused
from authshield.factors import passkey, passkey_answers, passkey_challenges
from authshield.factors.passkey_helper import works_on
from authshield.installation import GUARD
from authshield.observe.canonical import json_body
from authshield.views.tokens import text_of
from authshield.vocabulary.actions import Strength

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

MAX_BYTES = 2 * passkey_answers.MAX_ANSWER


@require_GET
def options(request: HttpRequest) -> HttpResponse:
    """What to ask any passkey of this site for, on a page where nobody is signed in; 204 where none would work.

    The same for everybody: it tells nothing about anybody. Cost: no query.
    """
    if not works_on(request.scheme or "", request.get_host()):
        return HttpResponse(status=204, headers={"Cache-Control": "no-store"})
    challenge = passkey_challenges.issue(
        passkey_challenges.SIGN_IN, signedin.binding_of(request), clock.now()
    )
    body = {"publicKey": passkey.request_options(challenge)}
    return JsonResponse(body, headers={"Cache-Control": "no-store"})


@transaction.non_atomic_requests
@sensitive_post_parameters("token")
@require_POST
@csrf_protect
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Take what the browser's passkey answered, as a form's ``token`` and ``next`` or as JSON of the same names."""
    try:
        token, target = _read(request)
        _enter(request, token, clock.now())
    except InvalidInput as error:
        return responses.invalid(request, error)
    except ChallengeError as error:
        return _failed(request, error)
    except Refused as error:
        if error.code != signin.CONCEALED:
            raise
        return _failed(request, ChallengeError("challenge_failed", 401))
    to = signin.safe_path(target) or resolve_url(django_settings.LOGIN_REDIRECT_URL)
    if responses.wants_json(request):
        return JsonResponse({"passed": True, "next": to}, headers={"Cache-Control": "no-store"})
    return HttpResponseRedirect(to)


def _enter(request: HttpRequest, token: str, now: datetime) -> None:
    """Raises ``ChallengeError``, ``Refused``, ``StepUpRequired``. Cost: 8 queries, 2 Redis round trips."""
    answer = passkey_answers.read(token)
    found = passkey.find(answer)
    known = found if found is not None and found.user.is_active else None
    name = known.user.get_username() if known else _nobody(answer.credential_id)
    attempt = signin.begin(request, name, method=signin.PASSKEY)
    passkey_challenges.spend(answer.challenge, passkey_challenges.SIGN_IN, signedin.binding_of(request), now)
    passkey.prove(answer, known, challenge=answer.challenge, now=now)
    attempt.proved = Strength.PHISHING_RESISTANT
    attempt.is_bound = known is not None and not known.backup_eligible
    login(request, cast("User", known.user if known else None), backend=GUARD)


def _nobody(credential_id: bytes) -> str:
    """A name to count under that nobody has."""
    return f"passkey {hashlib.sha256(credential_id).hexdigest()[:16]}"


def _read(request: HttpRequest) -> tuple[str, str]:
    if request.content_type != responses.JSON:
        return request.POST.get("token", ""), request.POST.get("next", "")
    body = json_body(request, limit=MAX_BYTES)
    target = body.get("next", "")
    return text_of(body.get("token")), target if isinstance(target, str) else ""


def _failed(request: HttpRequest, error: ChallengeError) -> HttpResponseBase:
    if responses.wants_json(request):
        return responses.challenge_error(request, error)
    context = {"login_path": responses.login_path()}
    response = render(request, "authshield/passkey_failed.html", context, status=error.status_code)
    response["Cache-Control"] = "no-store"
    return response


for view in (options, sign_in):
    view.authshield_exempt = True  # type: ignore[attr-defined]
