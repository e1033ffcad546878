"""The customer's challenge page: what is being confirmed, why, and one field for the proof.

Works without script. Must not run inside a request-wide transaction: a wrong answer has to stay counted.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from authshield import attempts, clock, operations, signedin, signin
from authshield.backends.accounts import user_of
from authshield.conf import current
from authshield.enforce import challenges, responses, signed
from authshield.enforce.wording import refusal_words
from authshield.errors import ChallengeError
from authshield.factors import email, oob, passkey
from authshield.factors.passkey_helper import better_address, works_on
from authshield.models import Challenge
from authshield.observe.proof import was_looked_up
from authshield.observe.user_agent import summarise
from authshield.views import asking, tokens, wording
from authshield.vocabulary.event import Kind, Who


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to tell above the field."""

    text: str
    is_error: bool = True
    status: int = 200
    retry_after_seconds: int = 0


@transaction.non_atomic_requests
@sensitive_post_parameters("token")
@require_http_methods(["GET", "HEAD", "POST"])
@csrf_protect
def challenge_page(request: HttpRequest, challenge_id: UUID) -> HttpResponseBase:
    """Show a challenge (GET), or take an answer, a wish for a code or for more time, or a cancellation."""
    now = clock.now()
    try:
        challenge = find(request, challenge_id, now)
    except ChallengeError as error:
        return responses.challenge_error(request, error)
    if request.method != "POST":
        return _page(request, challenge, now)
    act = _ACTS.get(request.POST.get("action", "answer"), _answer)
    return act(request, challenge, now)


def find(request: HttpRequest, challenge_id: UUID, now: datetime) -> Challenge:
    """The challenge, if this request can answer it. Raises ``ChallengeError``. Cost: 1 query."""
    account = signedin.account_of_request(request)
    return challenges.get(challenge_id, account=account, bindings=signedin.bindings_of(request), now=now)


def take_answer(
    request: HttpRequest, challenge: Challenge, now: datetime, *, factor: str, token: str
) -> Challenge:
    """Check an answer for whoever the challenge was put to; the try is counted by account and source first.

    Raises ``ChallengeError``, and ``Refused`` over a limit.
    """
    if factor == oob.FACTOR:
        return asking.take(request, challenge, now)
    user = user_of(challenge.account)
    if user is None or not user.is_active:
        raise ChallengeError("challenge_not_found", 404)
    who = Who(challenge.account, signedin.sid_of(request))
    attempt = attempts.count(request, Kind.FACTOR_ATTEMPT, who, now)
    was_looked_up(request, str(attempt.features.facts["device.proof"]))
    passed = challenges.answer(challenge, user, factor=factor, token=token, now=now)
    attempts.succeeded(attempt)
    return passed


def _answer(request: HttpRequest, challenge: Challenge, now: datetime) -> HttpResponseBase:
    factor = request.POST.get("factor", "")
    token = request.POST.get("token", "")[: tokens.most(factor)]
    if not token.strip() and factor != oob.FACTOR:
        empty = _("Use your passkey first.") if factor == passkey.FACTOR else _("Enter the code first.")
        return _page(request, challenge, now, Message(empty, status=422))
    try:
        passed = take_answer(request, challenge, now, factor=factor, token=token)
    except asking.Pending:
        challenge.refresh_from_db(fields=["attempts"])
        return _page(request, challenge, now)
    except ChallengeError as error:
        if error.status_code not in {401, 429} or not error.attempts_left:
            return responses.challenge_error(request, error)
        words = refusal_words(wording.FAILURES.get((factor, error.code), error.code))
        told = Message(
            f"{words.title}: {words.text}",
            status=error.status_code,
            retry_after_seconds=error.retry_after_seconds,
        )
        return _page(request, challenge, now, told)
    return _go_on(request, passed)


def _go_on(request: HttpRequest, challenge: Challenge) -> HttpResponseBase:
    """What was asked for goes on by itself: nothing has to be typed again. A program makes its call again."""
    if challenge.return_to == responses.PROGRAM:
        return _over(request, challenge, is_passed=True)
    if challenge.kind == Kind.LOGIN:
        return HttpResponseRedirect(signin.finish(request, challenge))
    return operations.perform_granted(request, challenge)


def _send(request: HttpRequest, challenge: Challenge, now: datetime) -> HttpResponseBase:
    user = user_of(challenge.account)
    if user is None or "email" not in challenge.factors:
        return responses.challenge_error(request, ChallengeError("challenge_not_found", 404))
    wait = email.send(user, now)
    if wait:
        text = _("No more codes can be sent right now. The newest one that you have still counts.")
        return _page(request, challenge, now, Message(text, status=429, retry_after_seconds=wait))
    return _page(request, challenge, now, Message(_("A code is on its way to you."), is_error=False))


def _extend(request: HttpRequest, challenge: Challenge, now: datetime) -> HttpResponseBase:
    if not challenges.extend(challenge, now):
        return responses.challenge_error(request, ChallengeError("challenge_expired", 410))
    challenge.refresh_from_db()
    return _page(request, challenge, now, Message(_("You have more time now."), is_error=False))


def _cancel(request: HttpRequest, challenge: Challenge, now: datetime) -> HttpResponseBase:
    del now
    challenges.cancel(challenge)
    if challenge.return_to == responses.PROGRAM:
        return _over(request, challenge, is_passed=False)
    if challenge.kind == Kind.LOGIN:
        return HttpResponseRedirect(responses.login_path())
    # The address of a change may take posts alone.
    back = "/" if challenge.kind in {Kind.ORDER_CHANGE, Kind.REQUEST} else challenge.return_to
    return HttpResponseRedirect(signin.safe_path(back) or "/")


def _over(request: HttpRequest, challenge: Challenge, *, is_passed: bool) -> HttpResponse:
    """Tell the page that waits for it, and the person; the window closes where it may."""
    context = {"challenge": challenge, "is_passed": is_passed}
    response = render(request, "authshield/challenge_over.html", context)
    response["Cache-Control"] = "no-store"
    response["X-Frame-Options"] = "DENY"
    return response


def _page(
    request: HttpRequest, challenge: Challenge, now: datetime, message: Message | None = None
) -> HttpResponse:
    offered = wording.offered(challenge)
    wished = request.POST.get("factor") or request.GET.get("factor")
    chosen = wished if wished in offered else next(iter(offered), "")
    context = {
        "challenge": challenge,
        "title": wording.TITLES.get(challenge.kind, wording.TITLES[Kind.REQUEST]),
        "button": wording.BUTTONS.get(challenge.kind, wording.BUTTONS[Kind.REQUEST]),
        "facts": wording.facts(challenge),
        "reasons": wording.reasons(challenge),
        "device": _device(request),
        "place": wording.place(challenge),
        "factor": chosen,
        "factor_words": wording.FACTORS.get(chosen),
        "others": [(name, wording.FACTORS[name]) for name in offered if name != chosen],
        "attempts_left": current().CHALLENGE_ATTEMPTS - challenge.attempts,
        "minutes_left": max(1, round((challenge.expires_at - now).total_seconds() / 60)),
        "message": message,
        **_passkey(request, challenge, chosen),
        **(asking.context(challenge, now) if chosen == oob.FACTOR else {}),
    }
    status = message.status if message else 200
    response = render(request, "authshield/challenge.html", context, status=status)
    response["Cache-Control"] = "no-store"
    response["X-Frame-Options"] = "DENY"
    if message and message.retry_after_seconds:
        response["Retry-After"] = str(message.retry_after_seconds)
    return response


def _passkey(request: HttpRequest, challenge: Challenge, chosen: str) -> dict[str, Any]:
    """What the page's script hands to the browser. Cost: 2 queries where a passkey is chosen, else none."""
    if chosen != passkey.FACTOR:
        return {}
    challenge.refresh_from_db(fields=["nonce"])
    user, host = user_of(challenge.account), request.get_host()
    works = works_on(request.scheme or "", host)
    options = signed.passkey_options(challenge, user) if user is not None and works else {}
    return {
        "options": json.dumps(options) if options else "",
        "other_address": "" if works else better_address(host),
    }


def _device(request: HttpRequest) -> str:
    """The browser that is asking: a challenge is answered in the browser that it was put to."""
    meta = request.META
    hints = meta.get("HTTP_SEC_CH_UA", ""), meta.get("HTTP_SEC_CH_UA_PLATFORM", "")
    agent = summarise(meta.get("HTTP_USER_AGENT", ""), *hints)
    return _("a browser that does not say which it is") if agent.browser == "Other" else agent.label


_ACTS: dict[str, Callable[[HttpRequest, Challenge, datetime], HttpResponseBase]] = {
    "answer": _answer,
    "send": _send,
    "extend": _extend,
    "cancel": _cancel,
}

# A session in doubt has to reach the page on which the doubt is cleared up.
challenge_page.authshield_exempt = True  # type: ignore[attr-defined]
