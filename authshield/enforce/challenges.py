"""Challenges: a demand for a proof, bound to one account, one session or browser, and one operation.

open → passed → used, or failed, or void: every change is one conditional UPDATE, so that no step is skipped,
repeated or done twice (OWASP Transaction Authorization 2.5, 2.8). Must not be called inside a transaction that
a wrong answer rolls back, except ``open_challenge`` and ``use``.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import F, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from authshield.backends.accounts import account_of, user_of
from authshield.conf import current
from authshield.enforce import signed
from authshield.enforce.public import public_reasons
from authshield.errors import ChallengeError, StepUpRequired
from authshield.factors import email, passkey, passkey_challenges, verify
from authshield.models import Challenge, RulesetVersion
from authshield.vocabulary.actions import FACTOR_STRENGTH, Strength
from authshield.vocabulary.assurance import BOUND
from authshield.vocabulary.decision import Decision
from authshield.vocabulary.event import Event, Order, OrderChange
from authshield.vocabulary.operation import Operation

# WCAG 2.2, 2.2.1: a person can ask for more time at least ten times.
EXTENSIONS = 10
State = Challenge.State
_log = logging.getLogger(__name__)


class Demand(Protocol):
    """What has to be proved: the strength, and the account's factors that are enough, weakest first."""

    @property
    def required(self) -> Strength:
        """The weakest strength that is enough."""

    @property
    def factors(self) -> tuple[str, ...]:
        """Chosen by the server; an answer with any other factor is wrong."""


def open_challenge(  # noqa: PLR0913 - all of it is what a challenge is bound to
    event: Event,
    decision: Decision,
    demand: Demand,
    operation: Operation,
    *,
    binding: str,
    return_to: str,
    login_backend: str,
    now: datetime,
) -> Challenge:
    """Demand a proof for this operation. Of more than ``CHALLENGES_OPEN`` a binding the oldest is void.

    Where e-mail is the only way, the code is sent at once. Cost: 2 queries, 7 with a code by e-mail.
    """
    challenge = Challenge.objects.create(
        account=operation.account,
        binding=binding,
        kind=operation.kind.value,
        operation=operation.canonical(),
        digest=operation.digest,
        required=demand.required,
        factors=list(demand.factors),
        reasons=public_reasons(decision.reasons),
        risk=decision.risk,
        shown=_shown(event, decision),
        ruleset_version=decision.ruleset_version,
        event_id=event.id,
        return_to=return_to,
        login_backend=login_backend,
        nonce=passkey_challenges.new_nonce() if passkey.FACTOR in demand.factors else "",
        created_at=now,
        expires_at=now + timedelta(seconds=current().CHALLENGE_SECONDS),
    )
    same = Challenge.objects.filter(account=challenge.account, binding=binding, state=State.OPEN)
    same.exclude(pk__in=_newest(challenge, now)).update(state=State.VOID)
    if challenge.factors == ["email"]:
        user = user_of(challenge.account)
        if user is not None:
            email.send(user, now)
    return challenge


def get(
    challenge_id: UUID | str, *, account: str | None, bindings: Collection[str], now: datetime
) -> Challenge:
    """The challenge, if it can still be answered from here.

    ``account`` is None before a sign-in; ``bindings`` are those that the request can answer for. Raises
    ``ChallengeError``: 404 for somebody else's, 409 for one that was answered, 410 for one that is over.
    Cost: 1 query.
    """
    challenge = _load(challenge_id, account, bindings)
    _check_open(challenge, now)
    return challenge


def answer(
    challenge: Challenge, user: AbstractBaseUser, *, factor: str, token: str, now: datetime
) -> Challenge:
    """Take an answer; the challenge is passed once it is right.

    The attempt is counted before the token is looked at, here and on the authenticator, where it outlives the
    challenge. What a passkey signs is taken before that: of parallel answers one is looked at, the others are
    409 ``challenge_used``. Raises ``ChallengeError`` with ``attempts_left``. Cost: ≤ 10 queries.
    """
    if account_of(user) != challenge.account:
        raise ChallengeError("challenge_not_found", 404)
    if factor == passkey.FACTOR and factor in challenge.factors:
        signed.take_nonce(challenge)
    reserve_attempt(challenge, now)
    try:
        proved = _verify(challenge, user, factor=factor, token=token, now=now)
    except ChallengeError as error:
        left = count_failure(challenge)
        raise ChallengeError(
            error.code, error.status_code, attempts_left=left, retry_after_seconds=error.retry_after_seconds
        ) from error
    return pass_it(challenge, proved, factor, now)


def pass_it(challenge: Challenge, proved: Strength, factor: str, now: datetime) -> Challenge:
    """Pass an open challenge: its proof was just seen. Raises ``ChallengeError`` (410). Cost: 2 queries."""
    passed = _rows(challenge, State.OPEN).update(
        state=State.PASSED,
        passed_at=now,
        grant_expires_at=now + timedelta(seconds=current().GRANT_SECONDS),
        proved=proved,
        factor_used=factor,
        evidence=challenge.evidence,
    )
    if not passed:
        raise ChallengeError("challenge_expired", 410)
    challenge.refresh_from_db()
    return challenge


def grant(challenge_id: UUID | str, *, operation: Operation, binding: str, now: datetime) -> Challenge:
    """The passed challenge that allows exactly this operation from here; ``use`` spends it.

    Raises ``ChallengeError``: 404 for somebody else's, 409 ``binding_mismatch`` (and the challenge is void)
    where any field differs, 409 ``challenge_used``, 410 where it is too old or the rules changed since; and
    ``StepUpRequired`` where it was not passed yet. Cost: 2 queries.
    """
    challenge = _load(challenge_id, operation.account, (binding,))
    if not hmac.compare_digest(challenge.digest, operation.digest):
        _rows(challenge, State.OPEN, State.PASSED).update(state=State.VOID)
        _log.warning("challenge %s was presented for another operation than it shows", challenge.pk)
        raise ChallengeError("binding_mismatch", 409)
    if challenge.state == State.OPEN and challenge.expires_at > now:
        raise StepUpRequired(challenge)
    obstacle = _obstacle(challenge, now)
    if obstacle is not None:
        raise obstacle
    signed.check(challenge, operation, binding)
    return challenge


def use(
    challenge: Challenge, now: datetime, *, operation: Operation | None = None, session: str | None = None
) -> None:
    """Spend a grant, once: call it in the transaction of the effect. Raises ``ChallengeError`` otherwise.

    What a passkey signed is computed anew from ``operation``, which is about to be carried out in
    ``session``; without them from the stored ones. Cost: 1 query.
    """
    _check_whole(challenge, operation or Operation.from_canonical(challenge.operation))
    signed.check(challenge, operation, f"sid:{session}" if session else "")
    rows = _rows(challenge, State.PASSED).filter(grant_expires_at__gt=now)
    newest = Subquery(RulesetVersion.objects.order_by("-number").values("number")[:1])
    current_rows = rows.filter(ruleset_version=Coalesce(newest, F("ruleset_version")))
    if not current_rows.update(state=State.USED, used_at=now):
        challenge.refresh_from_db()
        raise _obstacle(challenge, now) or ChallengeError("challenge_used", 409)
    challenge.state, challenge.used_at = State.USED, now


def cancel(challenge: Challenge) -> None:
    """The person does not go on with it."""
    _rows(challenge, State.OPEN, State.PASSED).update(state=State.VOID)


def extend(challenge: Challenge, now: datetime) -> bool:
    """Give the person more time to answer, up to ten times; the attempts stay counted."""
    seconds = current().CHALLENGE_SECONDS
    since = now - timedelta(seconds=seconds * EXTENSIONS)
    rows = _rows(challenge, State.OPEN).filter(expires_at__gt=now, created_at__gt=since)
    return bool(rows.update(expires_at=now + timedelta(seconds=seconds)))


def _load(challenge_id: UUID | str, account: str | None, bindings: Collection[str]) -> Challenge:
    """Somebody else's challenge looks like none at all, and nothing happens to it."""
    try:
        challenge = Challenge.objects.filter(pk=UUID(str(challenge_id))).first()
    except ValueError:
        challenge = None
    if challenge is None or (account is not None and challenge.account != account):
        raise ChallengeError("challenge_not_found", 404)
    own = challenge.binding.encode()
    if not any(hmac.compare_digest(own, binding.encode()) for binding in bindings):
        raise ChallengeError("challenge_not_found", 404)
    _check_whole(challenge, Operation.from_canonical(challenge.operation))
    return challenge


def _check_whole(challenge: Challenge, operation: Operation) -> None:
    """Whether an operation, shown or about to be carried out, is the one that the challenge was opened for."""
    if hmac.compare_digest(challenge.digest, operation.digest):
        return
    _rows(challenge, State.OPEN, State.PASSED).update(state=State.VOID)
    _log.warning("challenge %s holds another operation than it was opened for", challenge.pk)
    raise ChallengeError("binding_mismatch", 409)


def _check_open(challenge: Challenge, now: datetime) -> None:
    if challenge.state in {State.PASSED, State.USED}:
        raise ChallengeError("challenge_used", 409)
    if challenge.state != State.OPEN or challenge.expires_at <= now:
        raise ChallengeError("challenge_expired", 410)


def _obstacle(challenge: Challenge, now: datetime) -> ChallengeError | None:
    """Why a grant cannot be used; None if it can. One that other rules have overtaken is void."""
    if challenge.state == State.USED:
        return ChallengeError("challenge_used", 409)
    is_late = challenge.grant_expires_at is None or challenge.grant_expires_at <= now
    newest = RulesetVersion.objects.order_by("-number").values_list("number", flat=True).first()
    is_overtaken = newest not in {None, challenge.ruleset_version}
    if is_overtaken:
        _rows(challenge, State.PASSED).update(state=State.VOID)
    if challenge.state != State.PASSED or is_late or is_overtaken:
        return ChallengeError("challenge_expired", 410)
    return None


def _verify(
    challenge: Challenge, user: AbstractBaseUser, *, factor: str, token: str, now: datetime
) -> Strength:
    """The server chose the factors: no answer can name a weaker one."""
    if factor not in challenge.factors:
        raise ChallengeError("challenge_failed", 401)
    if factor == passkey.FACTOR:
        challenge.evidence = signed.verify(challenge, user, token, now)
        return FACTOR_STRENGTH[factor]
    return verify(user, factor, token, now)


def reserve_attempt(challenge: Challenge, now: datetime) -> None:
    """Count the attempt if there is one left and the challenge is among the newest that may be open."""
    rows = _rows(challenge, State.OPEN).filter(
        expires_at__gt=now, attempts__lt=current().CHALLENGE_ATTEMPTS, pk__in=_newest(challenge, now)
    )
    if not rows.update(attempts=F("attempts") + 1):
        challenge.refresh_from_db()
        _check_open(challenge, now)
        raise ChallengeError("challenge_expired", 410)


def count_failure(challenge: Challenge) -> int:
    """The attempts that are left; without any it is over. Cost: 2 queries."""
    most = current().CHALLENGE_ATTEMPTS
    _rows(challenge, State.OPEN).filter(attempts__gte=most).update(state=State.FAILED)
    challenge.refresh_from_db(fields=["attempts", "state"])
    return max(0, most - challenge.attempts)


def _newest(challenge: Challenge, now: datetime) -> QuerySet[Challenge, Any]:
    own = Q(account=challenge.account, binding=challenge.binding, state=State.OPEN, expires_at__gt=now)
    return (
        Challenge.objects.filter(own).order_by("-created_at", "-pk").values("pk")[: current().CHALLENGES_OPEN]
    )


def _rows(challenge: Challenge, *states: Challenge.State) -> QuerySet[Challenge]:
    return Challenge.objects.filter(pk=challenge.pk, state__in=states)


def _shown(event: Event, decision: Decision) -> dict[str, str | int]:
    """What the page tells beside the operation: its worth and where it came from."""
    subject = event.subject.order if isinstance(event.subject, OrderChange) else event.subject
    value = getattr(subject, "value_minor", None)
    shown: dict[str, str | int] = {"ip": event.client.ip, "country": event.network.country}
    if isinstance(event.subject, OrderChange) and isinstance(subject, Order):
        shown |= {"side": subject.side, "symbol": subject.symbol}
    if any(reason.code == BOUND for reason in decision.reasons):
        shown[BOUND] = 1
    return shown if value is None else {**shown, "value_minor": value, "currency": current().BASE_CURRENCY}
