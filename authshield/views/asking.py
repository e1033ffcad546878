"""The asking session's side of a confirmation on another device: ask for it, show the number, go on once it is there.

The number leaves by the asking session's own page or answer alone. Must not log it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from authshield import attempts, clock, signedin
from authshield.backends.accounts import user_of
from authshield.contain import confirmations
from authshield.enforce import beside, challenges, responses
from authshield.errors import ChallengeError
from authshield.factors import oob
from authshield.models import OobRequest
from authshield.observe.device import device_or_issued
from authshield.record.rows import device_hash, label_of, place_in_words
from authshield.vocabulary.event import Kind, Who

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from authshield.models import Challenge
    from authshield.vocabulary.assessment import Assessment

PENDING = "challenge_pending"
POLL_SECONDS = 3


class Pending(ChallengeError):  # noqa: N818 - nothing went wrong
    """Nobody has answered yet. ``request`` is what waits."""

    def __init__(self, challenge: Challenge, request: OobRequest) -> None:
        """Ask again in some seconds: that costs no attempt."""
        left = beside.attempts_left(challenge)
        super().__init__(PENDING, 401, attempts_left=left, retry_after_seconds=POLL_SECONDS)
        self.request = request


def take(request: HttpRequest, challenge: Challenge, now: datetime) -> Challenge:
    """The challenge, passed, if another device has confirmed it; otherwise it is put there, or waits.

    Raises ``Pending``, ``ChallengeError`` as ``beside`` does, and ``Refused`` over a limit. Cost: 1 query while it
    waits.
    """
    if oob.FACTOR not in challenge.factors:
        raise ChallengeError("challenge_failed", 401, attempts_left=beside.attempts_left(challenge))
    found = beside.look(challenge, now)
    if found is None:
        raise Pending(challenge, _ask(request, challenge, now))
    if found.state == OobRequest.State.APPROVED:
        return beside.take(challenge, found, now)
    if found.state == OobRequest.State.WRONG:
        raise beside.told_wrong(found, challenge)
    raise Pending(challenge, found)


def members(pending: Pending) -> dict[str, Any]:
    """What a program shows to the person while it waits: the number to be entered, and where."""
    found = pending.request
    return {
        "attempts_left": pending.attempts_left,
        "number": oob.number_of(found),
        "expires_at": found.expires_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "confirm_at": reverse("authshield:confirmations"),
    }


def problem(pending: Pending) -> HttpResponse:
    """401 ``challenge_pending``, for programs: show the number, and send the same again in some seconds."""
    detail = _("Show the number. It is entered on another device of the account; then send the same again.")
    answer = responses.problem(PENDING, 401, detail, **members(pending))
    answer["Retry-After"] = str(pending.retry_after_seconds)
    return answer


def context(challenge: Challenge, now: datetime) -> dict[str, Any]:
    """What the challenge's page shows of it. Cost: 1 query."""
    found = beside.look(challenge, now)
    state = found.state if found is not None else ""
    is_waiting = found is not None and state == OobRequest.State.WAITING
    return {
        "number": oob.number_of(found) if found is not None and is_waiting else "",
        "is_confirmed": state == OobRequest.State.APPROVED,
        "state_url": reverse("authshield:confirmation_state", args=[challenge.pk]),
    }


@require_GET
def state(request: HttpRequest, challenge_id: UUID) -> HttpResponse:
    """202 while it waits, 204 once there is something to go on with. Cost: 2 queries, no trip to Redis."""
    now = clock.now()
    try:
        challenge = challenges.get(
            challenge_id,
            account=signedin.account_of_request(request),
            bindings=signedin.bindings_of(request),
            now=now,
        )
    except ChallengeError as error:
        return responses.challenge_error(request, error)
    found = beside.look(challenge, now)
    is_waiting = found is not None and found.state == OobRequest.State.WAITING
    return HttpResponse(status=202 if is_waiting else 204, headers={"Cache-Control": "no-store"})


def _ask(request: HttpRequest, challenge: Challenge, now: datetime) -> OobRequest:
    user = user_of(challenge.account)
    if user is None or not user.is_active:
        raise ChallengeError("challenge_not_found", 404)
    who = Who(challenge.account, signedin.sid_of(request))
    attempt = attempts.count(request, Kind.FACTOR_ATTEMPT, who, now)
    asked = beside.ask(challenge, user, _asker(request, attempt), now)
    confirmations.tell(asked, now)
    return asked


def _asker(request: HttpRequest, attempt: Assessment) -> oob.Asker:
    event, facts = attempt.event, attempt.features.facts
    return oob.Asker(
        device=device_hash(device_or_issued(request)),
        is_strange=not facts["device.is_trusted"] or bool(facts["device.is_cloned"]),
        label=label_of(event.client),
        ip=event.client.ip or None,
        place=place_in_words(event),
    )


state.authshield_exempt = True  # type: ignore[attr-defined]
