"""What a passkey signs for a challenge, and that what was proved is what is carried out in the end.

The signed number is a hash of the operation, the account, the session and a nonce, computed anew each time: a stored
copy of it is never compared. Must not decide who may answer; that is for ``challenges``.
"""

from __future__ import annotations

import hmac
import logging
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from authshield.errors import ChallengeError
from authshield.factors import oob, passkey, passkey_answers, passkey_challenges
from authshield.models import Challenge
from authshield.vocabulary.assurance import BOUND
from authshield.vocabulary.operation import Operation

State = Challenge.State
_log = logging.getLogger(__name__)


def passkey_options(challenge: Challenge, user: AbstractBaseUser) -> dict[str, Any]:
    """What the browser is asked for: ``PublicKeyCredentialRequestOptionsJSON``; empty where no passkey will do.

    Cost: 1 query.
    """
    if passkey.FACTOR not in challenge.factors or not challenge.nonce:
        return {}
    return passkey.request_options(_to_be_signed(challenge), user, only_bound=_wants_bound(challenge))


def take_nonce(challenge: Challenge) -> None:
    """Let one answer be looked at. Others of the same moment, and all later ones, find no nonce: 409. 1 query."""
    open_with_it = Challenge.objects.filter(pk=challenge.pk, state=State.OPEN, nonce=challenge.nonce)
    if not challenge.nonce or not open_with_it.update(nonce=""):
        raise ChallengeError("challenge_used", 409)


def verify(challenge: Challenge, user: AbstractBaseUser, token: str, now: datetime) -> dict[str, str]:
    """Check an answer, with the nonce that was just taken; returns the evidence to keep.

    After a wrong one there is a new nonce to sign, so that the wrong one is worth nothing. Raises
    ``ChallengeError`` (401). Cost: 3 queries, 1 more for a wrong one.
    """
    try:
        signed = _to_be_signed(challenge)
        kept = passkey.verify(user, token, signed, now, only_bound=_wants_bound(challenge))
    except ChallengeError:
        challenge.nonce = passkey_challenges.new_nonce()
        Challenge.objects.filter(pk=challenge.pk, state=State.OPEN, nonce="").update(nonce=challenge.nonce)
        raise
    return {**kept, "nonce": challenge.nonce}


def check(challenge: Challenge, operation: Operation | None, binding: str) -> None:
    """Whether what a passkey signed, or another device confirmed, is this operation in this session.

    Codes say nothing of it.

    Without an operation or a binding the stored one is taken: a sign-in or a page has no other. Raises
    ``ChallengeError`` (409 ``binding_mismatch``), and then the challenge is void.
    """
    if challenge.factor_used not in {passkey.FACTOR, oob.FACTOR}:
        return
    at_hand = operation or Operation.from_canonical(challenge.operation)
    if not _is_of(challenge, at_hand, binding or challenge.binding):
        Challenge.objects.filter(pk=challenge.pk, state__in=[State.OPEN, State.PASSED]).update(
            state=State.VOID
        )
        _log.warning("challenge %s was proved for another operation than the one at hand", challenge.pk)
        raise ChallengeError("binding_mismatch", 409)


def _is_of(challenge: Challenge, operation: Operation, binding: str) -> bool:
    """Whether the evidence is of this very operation in this session."""
    kept = challenge.evidence
    if challenge.factor_used == oob.FACTOR:
        return oob.is_evidence(kept, operation.digest, binding)
    wanted = passkey_challenges.of_operation(kept.get("nonce", ""), operation, binding)
    return hmac.compare_digest(passkey_answers.signed_challenge(kept), wanted)


def _wants_bound(challenge: Challenge) -> bool:
    return bool(challenge.shown.get(BOUND))


def _to_be_signed(challenge: Challenge) -> bytes:
    operation = Operation.from_canonical(challenge.operation)
    return passkey_challenges.of_operation(challenge.nonce, operation, challenge.binding)
