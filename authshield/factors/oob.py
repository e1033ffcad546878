"""Confirmations on another device: the asking session shows a number, a trusted device sees the order and enters it.

A device confirms if the account trusts it, it has its key, and the customer has chosen it for that, all before it was
asked; whoever calls has checked that this very request came from it. The number is sealed; nothing here hands it to a
device that confirms.
Must not log it. Each change is one conditional UPDATE; must not be called inside a transaction that a wrong number
rolls back.
"""

from __future__ import annotations

import hmac
import math
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When

from authshield.conf import current
from authshield.errors import ChallengeError
from authshield.factors import attempts, tokens
from authshield.models import Challenge, Device, DeviceKey, OobFactor, OobRequest
from authshield.sealing import is_signed, seal, sign, unseal

FACTOR = "oob"
LEAST, NUMBERS = 10, 90
"""Two digits, none of them a leading zero: one try at one of 90."""

VALID_SECONDS = 300
OPEN = 2
"""Requests of an account that wait at the same time."""

SENDS = 3
SENDS_SECONDS = 600
_PURPOSE = "oob"
State = OobRequest.State


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as the device that confirms is told. ``device`` is the hash of its cookie, empty for none."""

    device: str = ""
    is_strange: bool = True
    label: str = ""
    ip: str | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Confirmer:
    """Who confirms: the device's hash, the thumbprint of the key that signed this request, and the session."""

    device: str
    key: str
    session: str


def devices(account: str, now: datetime, *, before: datetime | None = None) -> QuerySet[Device]:
    """The account's devices that could confirm: chosen for it, trusted and not revoked; ``before``: since then."""
    at = before or now
    keys = DeviceKey.objects.filter(
        account=OuterRef("account"),
        device_hash=OuterRef("device_hash"),
        replaced_at=None,
        confirms_at__lte=at,
    )
    old = Q(first_seen_at__lte=at - timedelta(days=current().TRUST_DAYS))
    trusted = Q(trusted_at__lte=at) | old
    return Device.objects.filter(trusted, Exists(keys), account=account, revoked_at=None)


def choose(account: str, device: str, key: str, now: datetime) -> bool:
    """Let a device confirm from now on; False where that is no key of a trusted device. Cost: 2 queries."""
    old = Q(first_seen_at__lte=now - timedelta(days=current().TRUST_DAYS)) | Q(trusted_at__lte=now)
    if not Device.objects.filter(old, account=account, device_hash=device, revoked_at=None).exists():
        return False
    keys = DeviceKey.objects.filter(account=account, device_hash=device, thumbprint=key, replaced_at=None)
    return bool(keys.update(confirms_at=now))


def unchoose(account: str, device: str) -> bool:
    """Let a device confirm no longer. Cost: 1 query."""
    keys = DeviceKey.objects.filter(account=account, device_hash=device, confirms_at__isnull=False)
    return bool(keys.update(confirms_at=None))


def is_possible(account: str, now: datetime, *, but: str) -> bool:
    """Whether another device than ``but`` could confirm something that is asked for now. Cost: 1 query."""
    return devices(account, now).exclude(device_hash=but).exists()


def ask(user: AbstractBaseUser, challenge: Challenge, asker: Asker, now: datetime) -> OobRequest:
    """Put a challenge to the account's other devices, with a new number; an older request for it is void.

    Three in ten minutes, two at a time. Raises ``ChallengeError``: challenge_failed (401) where no other device could
    confirm, factor_locked (429) beyond that or while too many wrong numbers lock it. Cost: 7 queries.
    """
    if not is_possible(challenge.account, now, but=asker.device):
        raise ChallengeError("challenge_failed", 401)
    factor = limits_of(user, now)
    if not factor.is_open(now):
        raise ChallengeError("factor_locked", 429, retry_after_seconds=attempts.wait_seconds(factor, now))
    with transaction.atomic():
        # The row is taken first: of parallel wishes one after the other counts.
        is_sent = _take_send(factor, now)
        _of(challenge, State.WAITING, State.APPROVED).update(state=State.VOID)
        if not is_sent or _waiting(challenge.account, now).count() >= OPEN:
            factor.refresh_from_db(fields=["sent_at"])
            raise ChallengeError("factor_locked", 429, retry_after_seconds=_wait(factor, now))
        request = OobRequest(
            challenge=challenge,
            account=challenge.account,
            binding=challenge.binding,
            digest=challenge.digest,
            device_hash=asker.device,
            is_strange=asker.is_strange,
            label=asker.label,
            ip=asker.ip,
            place=asker.place,
            asked_at=now,
            expires_at=min(challenge.expires_at, now + timedelta(seconds=VALID_SECONDS)),
        )
        number = str(LEAST + secrets.randbelow(NUMBERS))
        request.sealed_number = seal(number.encode(), _PURPOSE)
        request.save(force_insert=True)
    return request


def newest(challenge: Challenge) -> OobRequest | None:
    """The last request for this challenge. Cost: 1 query."""
    return OobRequest.objects.filter(challenge=challenge).order_by("-asked_at").first()


def number_of(request: OobRequest) -> str:
    """The number that the asking session shows: for that session alone."""
    return unseal(bytes(request.sealed_number), _PURPOSE).decode()


def waiting(account: str, confirmer_session: str, device: str, now: datetime) -> QuerySet[OobRequest]:
    """What waits for this device, newest first: nothing that the device or the session has asked for itself."""
    others = _waiting(account, now).exclude(binding=f"sid:{confirmer_session}")
    return others.exclude(device_hash=device).select_related("challenge").order_by("-asked_at")


def may_confirm(request: OobRequest, confirmer: Confirmer, now: datetime) -> bool:
    """Whether this device may answer: the account trusts it, and its key is known, since before it was asked.

    Cost: 2 queries.
    """
    if not confirmer.device or not confirmer.key or confirmer.device == request.device_hash:
        return False
    if request.binding == f"sid:{confirmer.session}":
        return False
    known = DeviceKey.objects.filter(
        account=request.account, device_hash=confirmer.device, thumbprint=confirmer.key, replaced_at=None
    )
    mine = devices(request.account, now, before=request.asked_at).filter(device_hash=confirmer.device)
    return known.filter(confirms_at__lte=request.asked_at).exists() and mine.exists()


def approve(
    request: OobRequest, user: AbstractBaseUser, typed: str, *, confirmer: Confirmer, now: datetime
) -> bool:
    """Take the number as typed on the device that confirms: one try. False for a wrong one, and then it is void.

    Whoever calls has asked ``may_confirm``. Raises ``ChallengeError``: challenge_expired (410) where it does not wait
    any more, factor_locked (429) after too many wrong ones. Cost: 4 queries.
    """
    factor = limits_of(user, now)
    if not attempts.charge(factor, now):
        factor.refresh_from_db(fields=["locked_until", "disabled_at"])
        raise ChallengeError("factor_locked", 429, retry_after_seconds=attempts.wait_seconds(factor, now))
    is_right = hmac.compare_digest(tokens.digits(typed).encode(), number_of(request).encode())
    if not _answer(request, State.APPROVED if is_right else State.WRONG, confirmer, now):
        raise ChallengeError("challenge_expired", 410)
    if is_right:
        attempts.use(factor, now, condition=Q())
    return is_right


def refuse(request: OobRequest, confirmer: Confirmer, now: datetime) -> bool:
    """The person did not ask for it; whether this call said so first. Cost: 1 query."""
    return _answer(request, State.REFUSED, confirmer, now)


def take(request: OobRequest) -> dict[str, str] | None:
    """Use an approval up; the evidence to keep, None where it is not there any more. Cost: 1 query."""
    if not OobRequest.objects.filter(pk=request.pk, state=State.APPROVED).update(
        state=State.USED, sealed_number=b""
    ):
        return None
    text = _confirmed_text(str(request.pk), request.digest, request.binding)
    return {"confirmation": str(request.pk), "device": request.answered_by, "mac": sign(text, _PURPOSE)}


def is_evidence(evidence: dict[str, Any], digest: str, binding: str) -> bool:
    """Whether the evidence is of this operation in this session."""
    text = _confirmed_text(str(evidence.get("confirmation", "")), digest, binding)
    return is_signed(text, str(evidence.get("mac", "")), _PURPOSE)


def limits_of(user: AbstractBaseUser, now: datetime) -> OobFactor:
    """What keeps the customer's requests few. Cost: 1 query, 3 the first time."""
    factor: OobFactor = OobFactor.objects.get_or_create(user=user, defaults={"created_at": now})[0]
    return factor


def _confirmed_text(request: str, digest: str, binding: str) -> str:
    return f"{request}\n{digest}\n{binding}"


def _answer(request: OobRequest, state: OobRequest.State, confirmer: Confirmer, now: datetime) -> bool:
    """Of parallel answers one counts, and none for a challenge that is not open any more."""
    open_ones = Challenge.objects.filter(
        state=Challenge.State.OPEN, expires_at__gt=now, digest=request.digest
    )
    rows = OobRequest.objects.filter(
        pk=request.pk, state=State.WAITING, expires_at__gt=now, challenge_id__in=open_ones.values("pk")
    )
    return bool(
        rows.update(
            state=state, answered_at=now, answered_by=confirmer.device, answered_in=confirmer.session[:64]
        )
    )


def _of(challenge: Challenge, *states: OobRequest.State) -> QuerySet[OobRequest]:
    return OobRequest.objects.filter(challenge=challenge, state__in=states)


def _waiting(account: str, now: datetime) -> QuerySet[OobRequest]:
    return OobRequest.objects.filter(
        account=account, state=State.WAITING, expires_at__gt=now, challenge__state=Challenge.State.OPEN
    )


def _take_send(factor: OobFactor, now: datetime) -> bool:
    is_calm = Q(sent_at=None) | Q(sent_at__lte=now - timedelta(seconds=SENDS_SECONDS))
    rows = OobFactor.objects.filter(is_calm | Q(sends__lt=SENDS), pk=factor.pk, disabled_at=None)
    sends = Case(When(is_calm, then=Value(1)), default=F("sends") + 1)
    return bool(rows.update(sends=sends, sent_at=now))


def _wait(factor: OobFactor, now: datetime) -> int:
    since = (now - factor.sent_at).total_seconds() if factor.sent_at else 0
    return max(1, math.ceil(SENDS_SECONDS - since))
