"""An authenticator's answer, read and checked: every check of WebAuthn Level 3 §7.2 that is the site's to make.

The arithmetic is py_webauthn's. Must not look at sessions, challenges' owners or limits.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from typing import Any

from django_otp_webauthn.models import AbstractWebAuthnCredential
from webauthn import verify_authentication_response
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    parse_authentication_credential_json,
    parse_authenticator_data,
)
from webauthn.helpers.structs import AuthenticationCredential

from authshield.errors import ChallengeError
from authshield.factors.passkey_helper import helper

MAX_ANSWER = 8192
"""Characters of an answer: a credential's id may have 1,023 bytes, and comes twice."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came, parsed, and proving nothing yet. ``challenge`` is what it claims to have signed."""

    parsed: AuthenticationCredential
    challenge: bytes

    @property
    def credential_id(self) -> bytes:
        """Which passkey it claims to be."""
        return self.parsed.raw_id

    @property
    def user_handle(self) -> bytes | None:
        """Whose it claims to be; an authenticator that was told may leave it out."""
        return self.parsed.response.user_handle


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer that is right. ``counter`` is the authenticator's own, 0 where it keeps none."""

    counter: int
    is_backed_up: bool


def read(text: str) -> Answer:
    """Parse what a browser's ``credential.toJSON()`` gives, as JSON text. Raises ``ChallengeError`` (401)."""
    if len(text) > MAX_ANSWER:
        raise _failed()
    try:
        parsed = parse_authentication_credential_json(json.loads(text))
        client = _client_data(parsed.response.client_data_json)
        return Answer(parsed, _bytes(client["challenge"]))
    except Exception as error:  # whatever a stranger sent, it proves nothing
        raise _failed() from error


def check(
    answer: Answer,
    credential: AbstractWebAuthnCredential,
    *,
    challenge: bytes,
    owner: bytes,
    is_identified: bool,
) -> Checked:
    """Whether this passkey signed this challenge, here, with its person verified.

    ``owner`` is the handle of whom the passkey belongs to. An answer that names somebody is held to it; where
    nobody else has said who it is (``is_identified``), it has to. Raises ``ChallengeError`` (401). Cost: no
    query; about 1 ms.
    """
    try:
        _check_client_data(_client_data(answer.parsed.response.client_data_json))
        _check_owner(answer.user_handle, owner, is_identified=is_identified)
        _check_kind(answer, credential)
        verified = verify_authentication_response(
            credential=answer.parsed,
            expected_challenge=challenge,
            expected_rp_id=helper().get_relying_party_domain(),
            expected_origin=helper().get_allowed_origins(),
            credential_public_key=bytes(credential.public_key),
            # A counter that does not rise is a sign to look at, not a wrong answer: whoever calls looks.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception as error:  # a malformed answer is a wrong one
        raise _failed() from error
    return Checked(verified.new_sign_count, verified.credential_backed_up)


def evidence(answer: Answer) -> dict[str, str]:
    """The signed bytes, so that anybody with the public key can check them again."""
    response = answer.parsed.response
    return {
        "credential": answer.parsed.id,
        "clientDataJSON": bytes_to_base64url(response.client_data_json),
        "authenticatorData": bytes_to_base64url(response.authenticator_data),
        "signature": bytes_to_base64url(response.signature),
    }


def signed_challenge(kept: dict[str, str]) -> bytes:
    """The challenge inside of kept evidence; nothing where there is none."""
    if not kept.get("clientDataJSON"):
        return b""
    return _bytes(_client_data(_bytes(kept["clientDataJSON"]))["challenge"])


def _check_client_data(client: dict[str, Any]) -> None:
    """No frame of another site: what its page showed around the question, nobody knows."""
    if client.get("crossOrigin", False) is not False or "topOrigin" in client:
        raise _failed()


def _check_owner(handle: bytes | None, owner: bytes, *, is_identified: bool) -> None:
    if handle is None and is_identified:
        return
    if not owner or handle is None or not hmac.compare_digest(handle, owner):
        raise _failed()


def _check_kind(answer: Answer, credential: AbstractWebAuthnCredential) -> None:
    """Whether it can be copied is settled when it is made."""
    flags = parse_authenticator_data(answer.parsed.response.authenticator_data).flags
    if flags.be != credential.backup_eligible:
        raise _failed()


def _client_data(raw: bytes) -> dict[str, Any]:
    found = json.loads(raw)
    if not isinstance(found, dict):
        raise _failed()
    return found


def _bytes(text: str) -> bytes:
    return base64url_to_bytes(text)


def _failed() -> ChallengeError:
    return ChallengeError("challenge_failed", 401)
