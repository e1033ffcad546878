"""JSON doors: answering a challenge, and the fingerprint that the first-party script posts."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_POST

from authshield import clock
from authshield.enforce import responses
from authshield.errors import ChallengeError, InvalidInput
from authshield.factors import oob
from authshield.observe.canonical import Number, json_body
from authshield.observe.fingerprint import MAX_BYTES, clean
from authshield.observe.request import FINGERPRINT_KEY
from authshield.views import asking
from authshield.views.challenge import find, take_answer
from authshield.views.tokens import MAX_TOKEN, text_of

MAX_ANSWER_BYTES = 16384
_OWN_SITE = frozenset({"", "none", "same-origin"})


@csrf_exempt
@transaction.non_atomic_requests
@require_POST
def verify(request: HttpRequest, challenge_id: UUID) -> HttpResponseBase:
    """``{factor, token}`` → 200 ``{passed: true}``; then the client sends its first request again.

    The token of ``webauthn`` is what ``credential.toJSON()`` gives, as an object or as its text. ``oob`` needs none:
    it is asked for by the first call, and 401 ``challenge_pending`` until another device has confirmed.
    A signed-in cookie session needs its CSRF token, like every page. Before a sign-in there is nothing that a
    browser could be tricked into lending; and no other site can send it JSON.
    """
    return (
        _verify_signed_in(request, challenge_id)
        if request.user.is_authenticated
        else _verify(request, challenge_id)
    )


@require_GET
def show(request: HttpRequest, challenge_id: UUID) -> HttpResponseBase:
    """``{challenge}`` as the demand put it, with what a passkey has to sign now: a wrong answer changes that."""
    try:
        challenge = find(request, challenge_id, clock.now())
    except ChallengeError as error:
        return responses.challenge_error(request, error)
    return JsonResponse({"challenge": responses.members_of(challenge)}, headers={"Cache-Control": "no-store"})


@csrf_exempt
@require_POST
def fingerprint(request: HttpRequest) -> HttpResponse:
    """Keep what the browser says of itself with the session; 204. At most 4 kB of short strings."""
    if request.headers.get("Sec-Fetch-Site", "") not in _OWN_SITE:
        return responses.problem("denied", 403, _("Only pages of this site may send this."))
    try:
        kept = clean(json_body(request, limit=MAX_BYTES))
    except InvalidInput as error:
        return responses.invalid(request, error)
    if request.session.get(FINGERPRINT_KEY) != kept:
        request.session[FINGERPRINT_KEY] = kept
    return HttpResponse(status=204, headers={"Cache-Control": "no-store"})


def _verify(request: HttpRequest, challenge_id: UUID) -> HttpResponseBase:
    now = clock.now()
    try:
        factor, token = _read(request)
        take_answer(request, find(request, challenge_id, now), now, factor=factor, token=token)
    except InvalidInput as error:
        return responses.invalid(request, error)
    except asking.Pending as pending:
        return asking.problem(pending)
    except ChallengeError as error:
        return responses.challenge_error(request, error)
    return JsonResponse({"passed": True}, headers={"Cache-Control": "no-store"})


_verify_signed_in = csrf_protect(_verify)


def _read(request: HttpRequest) -> tuple[str, str]:
    body = json_body(request, limit=MAX_ANSWER_BYTES)
    factor = body.get("factor")
    if not isinstance(factor, str) or isinstance(factor, Number) or not 0 < len(factor) <= MAX_TOKEN:
        detail = _("must be a string of 1 to %(most)d characters") % {"most": MAX_TOKEN}
        raise InvalidInput(detail, field="factor", status_code=400)
    # Nothing is typed in the asking session: an empty token asks, and asks again.
    return factor, "" if factor == oob.FACTOR else text_of(body.get("token"), factor)


verify.authshield_exempt = True  # type: ignore[attr-defined]
show.authshield_exempt = True  # type: ignore[attr-defined]
fingerprint.authshield_exempt = True  # type: ignore[attr-defined]
