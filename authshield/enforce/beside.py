"""A challenge that waits for another device: asked for, polled, passed. All of it is on the asking session's side.

The session shows a number and asks again and again; asking costs no try and no trip to Redis. Must not be called
inside a transaction that an error rolls back.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser

from authshield.conf import current
from authshield.enforce import challenges
from authshield.errors import ChallengeError
from authshield.factors import oob
from authshield.models import Challenge, OobRequest
from authshield.vocabulary.actions import FACTOR_STRENGTH

State = OobRequest.State


def ask(challenge: Challenge, user: AbstractBaseUser, asker: oob.Asker, now: datetime) -> OobRequest:
    """Put it to the other devices with a new number; one of the challenge's attempts. Raises as ``oob.ask``.

    Cost: 9 queries.
    """
    try:
        request = oob.ask(user, challenge, asker, now)
    except ChallengeError as error:
        left = attempts_left(challenge)
        raise ChallengeError(
            error.code, error.status_code, attempts_left=left, retry_after_seconds=error.retry_after_seconds
        ) from error
    try:
        challenges.reserve_attempt(challenge, now)
    except ChallengeError:
        OobRequest.objects.filter(pk=request.pk, state=State.WAITING).update(state=State.VOID)
        raise
    challenge.refresh_from_db(fields=["attempts"])
    return request


def look(challenge: Challenge, now: datetime) -> OobRequest | None:
    """The request that counts now: waiting, confirmed or answered wrongly; None where one has to be asked for.

    Cost: 1 query.
    """
    found = oob.newest(challenge)
    if found is None or (found.state == State.WAITING and found.expires_at <= now):
        return None
    is_new = found.state in {State.WAITING, State.APPROVED} or (
        found.state == State.WRONG and found.sealed_number
    )
    return found if is_new else None


def told_wrong(request: OobRequest, challenge: Challenge) -> ChallengeError:
    """What the asking session is told, once, of a wrong number; then it may ask anew. Cost: 1 query."""
    OobRequest.objects.filter(pk=request.pk, state=State.WRONG).update(sealed_number=b"")
    return ChallengeError("challenge_failed", 401, attempts_left=attempts_left(challenge))


def take(challenge: Challenge, request: OobRequest, now: datetime) -> Challenge:
    """Pass the challenge by what the other device has confirmed; of parallel calls one.

    Raises ``ChallengeError``: 409 ``challenge_used`` for the others, 409 ``binding_mismatch`` where something else
    was confirmed than it says now, 410 where it is over. Cost: 3 queries.
    """
    if request.digest != challenge.digest or request.binding != challenge.binding:
        challenges.cancel(challenge)
        raise ChallengeError("binding_mismatch", 409)
    evidence = oob.take(request)
    if evidence is None:
        raise ChallengeError("challenge_used", 409)
    challenge.evidence = evidence
    return challenges.pass_it(challenge, FACTOR_STRENGTH[oob.FACTOR], oob.FACTOR, now)


def attempts_left(challenge: Challenge) -> int:
    """How often it can still be tried."""
    return max(0, current().CHALLENGE_ATTEMPTS - challenge.attempts)
