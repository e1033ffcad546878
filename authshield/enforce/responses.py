"""Answers that stop or delay somebody, as a page or as JSON, from the same facts (RFC 9457, RFC 9470).

Must not tell which rule fired, nor whether an account exists.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar

from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _

from authshield.backends.accounts import user_of
from authshield.conf import current
from authshield.enforce.signed import passkey_options
from authshield.enforce.wording import Words, refusal_words
from authshield.errors import ChallengeError, InvalidInput, ProofRequired, Refused
from authshield.factors.passkey import FACTOR
from authshield.models import Challenge, Hold
from authshield.vocabulary.actions import Strength
from authshield.vocabulary.event import Kind
from authshield.vocabulary.operation import PASSWORD_MARK, Operation

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
PROGRAM = "-"
"""In place of a path: who asked makes the call again, so that the challenge's page itself carries nothing out."""

_API = "/api/"
_Response = TypeVar("_Response", bound=HttpResponse)


def wants_json(request: HttpRequest) -> bool:
    """Whether the answer goes to a program: an API path, or JSON without a word of HTML."""
    if _API in request.path_info:
        return True
    accepts = request.META.get("HTTP_ACCEPT", "")
    if "text/html" in accepts:
        return False
    return request.content_type == JSON or JSON in accepts


def way_back(request: HttpRequest, path: str) -> str:
    """Where a challenge's page goes on once it is passed: at ``path``, but for a program, which comes back itself."""
    return PROGRAM if wants_json(request) else path


def problem(code: str, status: int, detail: str, *, title: str = "", **members: Any) -> JsonResponse:
    """One problem (RFC 9457); ``members`` are added to the body. A 401 says by what to sign in (RFC 9110, 11.6.1)."""
    body = {
        "type": f"urn:authshield:problem:{code.replace('_', '-')}",
        "title": title or str(refusal_words(code).title),
        "status": status,
        "detail": detail,
        "code": code,
        **members,
    }
    answer = JsonResponse(body, status=status, content_type=PROBLEM_JSON)
    if status == HTTPStatus.UNAUTHORIZED:
        answer["WWW-Authenticate"] = "Bearer"
    return _private(answer)


def step_up(request: HttpRequest, challenge: Challenge) -> HttpResponse:
    """Ask for the proof: 302 to its page, or 401 with what the client has to do (RFC 9470)."""
    url = reverse("authshield:challenge", args=[challenge.pk])
    if not wants_json(request):
        return _private(HttpResponseRedirect(url))
    strength = Strength(challenge.required)
    answer = problem(
        "step_up_required",
        401,
        _("Pass the challenge, then send the same request again with AuthShield-Challenge."),
        challenge=members_of(challenge),
    )
    answer["WWW-Authenticate"] = (
        'Bearer error="insufficient_user_authentication", '
        f'acr_values="{strength.acr}", max_age={_max_age(challenge)}'
    )
    return answer


def prove(request: HttpRequest, error: ProofRequired) -> HttpResponse:
    """Let the device prove itself: a page that does so by itself and goes on, or 401 for the script."""
    if wants_json(request):
        text = _("Prove the device first, or confirm in another way.")
        answer: HttpResponse = problem("device_proof_required", 401, text)
    else:
        context = {"way_back": error.way_back}
        answer = _private(render(request, "authshield/prove.html", context, status=401))
    answer["AuthShield-Prove"] = reverse("authshield:device")
    return answer


def members_of(challenge: Challenge) -> dict[str, Any]:
    """A challenge as a program reads it. Where a passkey will do, ``publicKey`` is what to ask the browser for.

    Cost: nothing; 2 queries where a passkey will do.
    """
    options: dict[str, Any] = {}
    if FACTOR in challenge.factors and (user := user_of(challenge.account)) is not None:
        options = {"publicKey": passkey_options(challenge, user)}
    return {
        "id": str(challenge.pk),
        "url": reverse("authshield:challenge", args=[challenge.pk]),
        "factors": challenge.factors,
        "required": Strength(challenge.required).word,
        "expires_at": _iso(challenge.expires_at),
        "binding": binding_of(challenge),
        **options,
    }


def refused(request: HttpRequest, error: Refused) -> HttpResponse:
    """It will not be done: 403, 429 with Retry-After, or 503."""
    return _stop(request, error.code, error.status_code, retry_after_seconds=error.retry_after_seconds)


def challenge_error(request: HttpRequest, error: ChallengeError) -> HttpResponse:
    """A challenge that cannot be used or was answered wrongly: 401, 404, 409, 410 or 429."""
    members = {"attempts_left": error.attempts_left} if error.status_code in {401, 429} else {}
    return _stop(
        request, error.code, error.status_code, retry_after_seconds=error.retry_after_seconds, **members
    )


def invalid(request: HttpRequest, error: InvalidInput) -> HttpResponse:
    """Input that makes no sense; nothing was changed."""
    if wants_json(request):
        members = {"field": error.field} if error.field else {}
        return problem(error.code, error.status_code, error.detail, **members)
    words = refusal_words("invalid")
    return _page(request, Words(words.title, error.detail), error.status_code)


def held(request: HttpRequest, hold: Hold, *, url: str = "/orders/") -> HttpResponse:
    """Accepted and waiting: 202 with the broker's reference, or 302 to where its state is shown."""
    if wants_json(request):
        body = {"id": hold.reference or str(hold.pk), "state": "held"}
        return _private(JsonResponse(body, status=202))
    return _private(HttpResponseRedirect(url))


def login_path() -> str:
    """Where a person signs in; ``LOGIN_URL`` may be a path or the name of a view."""
    return resolve_url(current().LOGIN_PATH or django_settings.LOGIN_URL)


def binding_of(challenge: Challenge) -> dict[str, str]:
    """What the proof is for: the stored operation's fields and its kind."""
    operation = Operation.from_canonical(challenge.operation)
    shown = {name: value for name, value in operation.fields.items() if name != PASSWORD_MARK}
    return {**shown, "kind": operation.kind.value}


def _stop(
    request: HttpRequest, code: str, status: int, *, retry_after_seconds: int, **members: Any
) -> HttpResponse:
    words = refusal_words(code)
    if wants_json(request):
        response: HttpResponse = problem(code, status, str(words.text), **members)
    else:
        response = _page(request, words, status)
    if retry_after_seconds > 0:
        response["Retry-After"] = str(retry_after_seconds)
    return response


def _page(request: HttpRequest, words: Words, status: int) -> HttpResponse:
    return _private(render(request, "authshield/refused.html", {"words": words}, status=status))


def _private(response: _Response) -> _Response:
    """Nothing of this may be kept by a browser or a proxy (OWASP Transaction Authorization 2.7)."""
    response["Cache-Control"] = "no-store"
    return response


def _max_age(challenge: Challenge) -> int:
    """Seconds that the proof stays good: for pages and sign-ins a while, for an operation its grant."""
    settings = current()
    is_page = challenge.kind in {Kind.REQUEST, Kind.LOGIN}
    return settings.FRESH_PROOF_SECONDS if is_page else settings.GRANT_SECONDS


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
