"""What a passkey is asked to sign: for an operation a hash of that very operation, else a signed number.

Must not believe what comes back: whoever calls compares it with what was issued.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from authshield.errors import ChallengeError
from authshield.models import SpentChallenge
from authshield.sealing import is_signed, sign
from authshield.vocabulary.operation import Operation

SIGN_IN = "sign-in"
ENROLMENT = "enrolment"
VALID_SECONDS = 600
NONCE_BYTES = 32
_RANDOM_BYTES, _TIME_BYTES, _MAC_BYTES = 16, 8, 32
_TRANSACTION = b"authshield/txn/v1\x00"
_PURPOSE = "passkey-challenge"


def new_nonce() -> str:
    """32 random bytes in hex."""
    return secrets.token_hex(NONCE_BYTES)


def of_operation(nonce: str, operation: Operation, binding: str) -> bytes:
    """What has to be signed for this operation, by this account, in this session, this once.

    ``binding`` is the session, or the browser at a sign-in. The recipe, with test vectors, is in docs/passkeys.md.
    """
    bound = {
        "order": operation.digest,
        "session": hashlib.sha256(binding.encode()).hexdigest(),
        "user": operation.account,
    }
    text = json.dumps(bound, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    inner = hashlib.sha256(text.encode()).digest()
    return hashlib.sha256(_TRANSACTION + bytes.fromhex(nonce) + inner).digest()


def issue(purpose: str, binding: str, now: datetime) -> bytes:
    """A challenge for this purpose and this browser or session, for ten minutes. Nothing is written."""
    expires = int(now.timestamp()) + VALID_SECONDS
    body = secrets.token_bytes(_RANDOM_BYTES) + expires.to_bytes(_TIME_BYTES, "big")
    return body + bytes.fromhex(sign(_signed(purpose, binding, body), _PURPOSE))


def spend(challenge: bytes, purpose: str, binding: str, now: datetime) -> None:
    """Use an issued challenge up, before what was signed is looked at: of parallel answers one gets on.

    Raises ``ChallengeError``: challenge_failed (401) for one that was not issued for this purpose and browser,
    challenge_expired (410), challenge_used (409). Cost: 1 query.
    """
    body, mac = challenge[:-_MAC_BYTES], challenge[-_MAC_BYTES:]
    is_ours = len(body) == _RANDOM_BYTES + _TIME_BYTES
    if not is_ours or not is_signed(_signed(purpose, binding, body), mac.hex(), _PURPOSE):
        raise ChallengeError("challenge_failed", 401)
    expires = int.from_bytes(body[_RANDOM_BYTES:], "big")
    if expires <= now.timestamp():
        raise ChallengeError("challenge_expired", 410)
    try:
        with transaction.atomic():
            SpentChallenge.objects.create(
                digest=hashlib.sha256(challenge).hexdigest(),
                # Longer than it is valid, whatever another node's clock says.
                expires_at=now + timedelta(seconds=2 * VALID_SECONDS),
            )
    except IntegrityError as error:
        raise ChallengeError("challenge_used", 409) from error


def _signed(purpose: str, binding: str, body: bytes) -> str:
    return f"{purpose}\x1f{binding}\x1f{body.hex()}"
