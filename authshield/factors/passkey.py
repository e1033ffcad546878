"""Passkeys: enrolment, what a browser is asked for, proving and removal. The tables are django-otp-webauthn's.

The one factor that cannot be relayed: what it signs names the origin of the page that asked. It has no lock: there
is nothing to guess, and whoever fails on purpose must not shut the owner's best way out. Must not decide when it is
asked for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import F, QuerySet
from django_otp_webauthn.models import AbstractWebAuthnCredential, WebAuthnUserHandle
from django_otp_webauthn.utils import get_credential_model
from webauthn import base64url_to_bytes
from webauthn.helpers import bytes_to_base64url, parse_registration_credential_json

from authshield import signals
from authshield.backends.accounts import account_of
from authshield.errors import ChallengeError
from authshield.factors import passkey_answers
from authshield.factors.passkey_answers import Answer
from authshield.factors.passkey_helper import helper, json_of

FACTOR = "webauthn"
MOST = 20
"""Passkeys an account may have; browsers are told of all of them at each proof."""

NAME_LENGTH = 64
MAX_ATTESTATION = 32768


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey as its owner sees it. A synced one lives in a password manager, and on all of its devices."""

    pk: int
    name: str
    is_synced: bool
    is_backed_up: bool
    created_at: datetime | None
    last_used_at: datetime | None


def model() -> Any:
    """The table: django-otp-webauthn's, or the site's own in its place."""
    return get_credential_model()


def rows() -> QuerySet[Any]:
    """All passkeys that count."""
    found: QuerySet[Any] = model().objects.filter(confirmed=True)
    return found


def of(user: AbstractBaseUser) -> list[Passkey]:
    """The account's passkeys, the one that was used last first. Cost: 1 query."""
    own = rows().filter(user_id=user.pk).order_by(F("last_used_at").desc(nulls_last=True), "-pk")
    return [
        Passkey(one.pk, one.name, one.backup_eligible, one.backup_state, one.created_at, one.last_used_at)
        for one in own
    ]


def has_bound(user: AbstractBaseUser) -> bool:
    """Whether one of the account's passkeys stays on its device. Cost: 1 query."""
    return bool(rows().filter(user_id=user.pk, backup_eligible=False).exists())


def creation_options(user: AbstractBaseUser, challenge: bytes) -> dict[str, Any]:
    """``PublicKeyCredentialCreationOptionsJSON`` for a new passkey. Cost: ≤ 3 queries."""
    options, _ = helper().register_begin(user)
    return json_of({**options, "challenge": bytes_to_base64url(challenge)})


def enrol(user: AbstractBaseUser, attestation: str, *, challenge: bytes, name: str) -> Passkey:
    """Take a new passkey, whose person was verified at its making.

    ``attestation`` is what the browser's ``credential.toJSON()`` gives, as text. Raises ``ChallengeError`` (401)
    for anything else. Cost: ≤ 6 queries.
    """
    state = {"challenge": bytes_to_base64url(challenge), "require_user_verification": True}
    try:
        data = _attestation(attestation)
        with transaction.atomic():
            _check_room(user)
            made = helper().register_complete(user, state, data)
            rows().filter(pk=made.pk).update(name=name[:NAME_LENGTH])
    except Exception as error:  # a malformed one, or one that is known, is no new passkey
        raise ChallengeError("challenge_failed", 401) from error
    return Passkey(
        made.pk,
        name[:NAME_LENGTH],
        made.backup_eligible,
        made.backup_state,
        made.created_at,
        made.last_used_at,
    )


def remove(user: AbstractBaseUser, pk: int) -> bool:
    """Forget one of the account's passkeys; False where there is no such. Cost: ≤ 3 statements."""
    return bool(rows().filter(user_id=user.pk, pk=pk).delete()[0])


def request_options(
    challenge: bytes, user: AbstractBaseUser | None = None, *, only_bound: bool = False
) -> dict[str, Any]:
    """``PublicKeyCredentialRequestOptionsJSON``: of this user's passkeys, or of whichever the browser offers.

    ``only_bound`` leaves out synced ones. Cost: 1 query where a user is named, 1 more with ``only_bound``.
    """
    options, _ = helper().authenticate_begin(user=user, require_user_verification=True)
    if only_bound and user is not None:
        own = rows().filter(user_id=user.pk, backup_eligible=False)
        ids = {bytes_to_base64url(one) for one in own.values_list("credential_id", flat=True)}
        allowed = [one for one in json_of(options)["allowCredentials"] if one["id"] in ids]
        options = {**options, "allowCredentials": allowed}
    return json_of({**options, "challenge": bytes_to_base64url(challenge)})


def find(answer: Answer) -> AbstractWebAuthnCredential | None:
    """The passkey that an answer names, with its owner. Cost: 1 query."""
    hashed = model().get_credential_id_sha256(answer.credential_id)
    found: AbstractWebAuthnCredential | None = (
        rows().filter(credential_id_sha256=hashed).select_related("user").first()
    )
    return found


def prove(
    answer: Answer,
    credential: AbstractWebAuthnCredential | None,
    *,
    challenge: bytes,
    now: datetime,
    user: AbstractBaseUser | None = None,
) -> None:
    """Whether an answer proves this passkey; ``user`` is who has to own it, where that is known before.

    Raises ``ChallengeError`` (401). A counter that did not rise is told by ``passkey_suspect``. Cost: 3 queries.
    """
    if credential is None or (user is not None and credential.user_id != user.pk):
        raise ChallengeError("challenge_failed", 401)
    handles = WebAuthnUserHandle.objects.filter(user_id=credential.user_id).values_list(
        "handle_hex", flat=True
    )
    checked = passkey_answers.check(
        answer,
        credential,
        challenge=challenge,
        owner=bytes.fromhex(handles.first() or ""),
        is_identified=user is not None,
    )
    if not _note_use(credential, checked.counter, is_backed_up=checked.is_backed_up, now=now):
        signals.passkey_suspect.send_robust(
            sender=None, account=account_of(credential.user), name=credential.name, passkey=credential.pk
        )


def verify(
    user: AbstractBaseUser, token: str, challenge: bytes, now: datetime, *, only_bound: bool = False
) -> dict[str, str]:
    """Check the answer of somebody who is known; returns the evidence of it. Raises ``ChallengeError`` (401).

    ``only_bound``: a synced passkey is none.
    """
    answer = passkey_answers.read(token)
    found = find(answer)
    if only_bound and found is not None and found.backup_eligible:
        raise ChallengeError("challenge_failed", 401)
    prove(answer, found, challenge=challenge, now=now, user=user)
    return passkey_answers.evidence(answer)


def _note_use(
    credential: AbstractWebAuthnCredential, counter: int, *, is_backed_up: bool, now: datetime
) -> bool:
    """Remember a use; False where the authenticator's counter did not rise, as that of a copy would not."""
    row = rows().filter(pk=credential.pk)
    always = {"last_used_at": now, "backup_state": is_backed_up}
    if not counter and not credential.sign_count:
        row.update(**always)
        return True
    if row.filter(sign_count__lt=counter).update(sign_count=counter, **always):
        return True
    row.update(**always)
    return False


def _check_room(user: AbstractBaseUser) -> None:
    if rows().filter(user_id=user.pk).count() >= MOST:
        raise ChallengeError("challenge_failed", 401)


def _attestation(text: str) -> dict[str, Any]:
    if len(text) > MAX_ATTESTATION:
        raise ChallengeError("challenge_failed", 401)
    data: dict[str, Any] = json.loads(text)
    client = json.loads(parse_registration_credential_json(data).response.client_data_json)
    if client.get("crossOrigin", False) is not False or "topOrigin" in client:
        raise ChallengeError("challenge_failed", 401)
    return data


def challenge_bytes(text: str) -> bytes:
    """A challenge as it was kept in a session."""
    return base64url_to_bytes(text)


def challenge_text(challenge: bytes) -> str:
    """A challenge as it can be kept in a session."""
    return bytes_to_base64url(challenge)
