"""Orders and whatever else is guarded: judged, proved, and executed as the one stored operation.

What was displayed, proved and executed is the same canonical text. The effect, the use of the proof and the
ledger's line share one transaction.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from asgiref.sync import sync_to_async
from django.db import DatabaseError, transaction
from django.shortcuts import redirect
from django.urls import Resolver404
from django.urls import resolve as resolve_path

from authshield import demands, signedin
from authshield.clock import now as clock_now
from authshield.contain import contacts
from authshield.contain.notices import local_time, notify
from authshield.enforce import challenges, gate, holds, responses
from authshield.errors import ChallengeError, GatewayError, Refused, StepUpRequired, StoreUnavailable
from authshield.judge.demand import Demand
from authshield.measure import profile
from authshield.measure.settle import ISSUED_ORDER
from authshield.measure.store import default_store
from authshield.observe import observe
from authshield.pipeline import UNAVAILABLE, Guarded, aassess, assess, conclude
from authshield.record import ledger
from authshield.signin import CHALLENGE_META, refusal
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.decision import Final, Outcome
from authshield.vocabulary.event import Kind, ProfileChange, Who

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from authshield.models import Challenge, Hold
    from authshield.vocabulary.assessment import Assessment
    from authshield.vocabulary.event import Event, Subject
    from authshield.vocabulary.operation import Operation

FIRST_ERROR_STATUS = 400
_log = logging.getLogger(__name__)


class Execute(Protocol):
    """Carries an operation out and answers; raises ``InvalidInput`` where the broker's books refuse it."""

    def __call__(self, operation: Operation) -> HttpResponseBase:
        """Carry it out."""


@dataclass(slots=True)
class Held(Exception):  # noqa: N818 - an outcome, not an error
    """The operation waits. ``hold`` is its row."""

    hold: Hold


def carry_out(
    request: HttpRequest,
    operation: Operation,
    subject: Subject,
    execute: Execute,
    *,
    challenge: Challenge | None = None,
    floor: demands.Floor | None = None,
) -> HttpResponseBase:
    """Judge an operation and let ``execute`` do it, or raise what stands in its way.

    Raises ``StepUpRequired``, ``Held``, ``Refused``, ``ChallengeError`` or what ``execute`` raises; then nothing
    was done. Cost on an allowed order: 2 Redis round trips, 1 query besides the broker's own.
    """
    now = clock_now()
    challenge = challenge or _named_grant(request, operation, now)
    assessment = assess(_event(request, operation, subject, now), now)
    return _decide(request, assessment, operation, execute, challenge=challenge, floor=floor)


async def acarry_out(
    request: HttpRequest,
    operation: Operation,
    subject: Subject,
    execute: Execute,
    *,
    floor: demands.Floor | None = None,
) -> HttpResponseBase:
    """``carry_out`` for an event loop: measured and judged there, carried out in a transaction's own thread."""
    now, challenge = clock_now(), None
    if CHALLENGE_META in request.META:
        challenge = await sync_to_async(_named_grant)(request, operation, now)
    assessment = await aassess(_event(request, operation, subject, now), now)
    return await sync_to_async(_decide)(
        request, assessment, operation, execute, challenge=challenge, floor=floor
    )


def _event(request: HttpRequest, operation: Operation, subject: Subject, now: datetime) -> Event:
    who = Who(operation.account, signedin.sid_of(request))
    return observe(request, operation.kind, who, now=now, subject=subject)


def _decide(
    request: HttpRequest,
    assessment: Assessment,
    operation: Operation,
    execute: Execute,
    *,
    challenge: Challenge | None,
    floor: demands.Floor | None,
) -> HttpResponseBase:
    told = request.authshield = Guarded(assessment)  # type: ignore[attr-defined]
    now = assessment.event.at
    if demands.is_free(assessment, floor):
        return _execute(assessment, operation, execute, challenge=challenge, told=told)
    proved = Strength(challenge.proved) if challenge else Strength.NONE
    with _StoppedByErrors(assessment):
        demand = demands.of_operation(assessment, signedin.user_of_request(request), floor)
    is_proved = challenge is not None and proved >= demand.required
    if demand.action == Action.ALLOW or (demand.action == Action.CHALLENGE and is_proved):
        response = _execute(assessment, operation, execute, challenge=challenge, told=told)
        if is_proved and assessment.features.facts["device.is_cloned"] and signedin.sid_of(request):
            signedin.become_another_device(request, now)
        return response
    if demand.action == Action.CHALLENGE:
        _challenge(request, assessment, operation, demand=demand, now=now)
    if demand.action == Action.HOLD:
        _hold(assessment, operation, now)
    _deny(assessment, operation, now)
    raise refusal(assessment)


@dataclass(slots=True)
class _StoppedByErrors:
    """Gives back what the event counted where it comes to nothing, whatever the reason.

    A database or a port that fails becomes ``Refused`` (503); everything else goes on as it came.
    """

    assessment: Assessment

    def __enter__(self) -> None:
        """Nothing yet."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Look at what came."""
        if error is None:
            return
        conclude(self.assessment, Outcome(Final.STOPPED))
        if isinstance(error, DatabaseError | GatewayError):
            _log.exception("event %s was rolled back", self.assessment.event.id)
            raise Refused(UNAVAILABLE, status_code=503, retry_after_seconds=5) from error


def perform_granted(request: HttpRequest, challenge: Challenge) -> HttpResponseBase:
    """Carry out the very operation that a passed challenge shows, through the view that it came from.

    A challenge of a page proves the session and leads back to the page. Raises what ``carry_out`` raises, and
    ``ChallengeError`` where that view is gone.
    """
    if challenge.kind == Kind.REQUEST:
        prove_session(request, challenge, clock_now())
        return redirect(challenge.return_to or "/")
    try:
        match = resolve_path(challenge.return_to)
    except Resolver404 as error:
        raise ChallengeError("challenge_not_found", 404) from error
    perform: Callable[..., HttpResponseBase] | None = getattr(match.func, "authshield_perform", None)
    if perform is None:
        raise ChallengeError("challenge_not_found", 404)
    response = perform(request, challenge, *match.args, **match.kwargs)
    _rotate_key(request)
    return response


def _named_grant(request: HttpRequest, operation: Operation, now: datetime) -> Challenge | None:
    challenge_id = request.META.get(CHALLENGE_META, "")
    if not challenge_id:
        return None
    return challenges.grant(challenge_id, operation=operation, binding=signedin.binding_of(request), now=now)


def _execute(
    assessment: Assessment,
    operation: Operation,
    execute: Execute,
    *,
    challenge: Challenge | None,
    told: Guarded,
) -> HttpResponseBase:
    decision, now = assessment.decision, assessment.event.at
    proved = Strength(challenge.proved) if challenge else Strength.NONE
    outcome = Outcome(
        Final.PASSED if decision.action == Action.CHALLENGE and challenge else Final.ALLOWED,
        proved=proved,
        challenge_id=str(challenge.pk) if challenge else "",
    )
    with _StoppedByErrors(assessment), transaction.atomic():
        _record(assessment, outcome, operation, now)
        if challenge is not None:
            challenges.use(challenge, now, operation=operation, session=assessment.event.session)
        response = execute(operation)
        done = response.status_code < FIRST_ERROR_STATUS
        if not done:
            transaction.set_rollback(True)
        elif isinstance(assessment.event.subject, ProfileChange):
            contacts.changed_by_customer(operation.account, assessment.event.subject.field, now)
    conclude(assessment, outcome if done else Outcome(Final.STOPPED), told.extra)
    return response


def _record(assessment: Assessment, outcome: Outcome, operation: Operation, now: datetime) -> None:
    """Write the ledger's line before the effect, by the same statement that looks a last time at the locks.

    Raises ``Refused`` where the account or the session was stopped. Cost: 1 query, 1 more on a refusal.
    """
    account, sid = operation.account, assessment.event.session or ""
    unless = None if assessment.decision.observe_only else ledger.Unless(gate.stopped(), (account, sid))
    if not ledger.write(assessment, outcome, operation, now, unless=unless):
        gate.final_gate(account, sid)
        # Whatever it was has just been lifted.
        ledger.write(assessment, outcome, operation, now)


def _challenge(
    request: HttpRequest, assessment: Assessment, operation: Operation, *, demand: Demand, now: datetime
) -> None:
    event, decision = assessment.event, assessment.decision
    with _StoppedByErrors(assessment), transaction.atomic():
        challenge = challenges.open_challenge(
            event,
            decision,
            demand,
            operation,
            binding=signedin.binding_of(request),
            return_to=responses.way_back(request, request.path),
            login_backend="",
            now=now,
        )
        outcome = Outcome(Final.STOPPED, challenge_id=str(challenge.pk))
        ledger.write(assessment, outcome, operation, now)
    conclude(assessment, outcome)
    raise StepUpRequired(challenge)


def _hold(assessment: Assessment, operation: Operation, now: datetime) -> None:
    event, decision = assessment.event, assessment.decision
    with _StoppedByErrors(assessment), transaction.atomic():
        hold = holds.hold(event, decision, operation, now)
        outcome = Outcome(Final.HELD, hold_id=str(hold.pk))
        ledger.write(assessment, outcome, operation, now)
        context = {"at": local_time(now), "what": operation.kind.value}
        notify(operation.account, "operation_held", f"held:{hold.pk}", context=context, now=now)
    conclude(assessment, outcome, {ISSUED_ORDER: hold.reference})
    raise Held(hold)


def _deny(assessment: Assessment, operation: Operation, now: datetime) -> None:
    outcome = Outcome(Final.STOPPED)
    with _StoppedByErrors(assessment):
        ledger.write(assessment, outcome, operation, now)
    conclude(assessment, outcome)


def prove_session(request: HttpRequest, challenge: Challenge, now: datetime) -> None:
    """Spend a passed challenge of a page: the session has a fresh proof and, in a browser, a new key.

    Cost: 4 queries and 1 Redis round trip.
    """
    challenges.use(challenge, now)
    signedin.confirmed(request, now)
    if not responses.wants_json(request):
        _rotate_key(request)
    with suppress(StoreUnavailable):
        strength, sid = Strength(challenge.proved), signedin.sid_of(request) or ""
        profile.mark_session(default_store(), sid, strength=strength, proof_at=now)


def _rotate_key(request: HttpRequest) -> None:
    """Give the session a new key at each step-up, so that one that was planted before is worth nothing.

    A session that the operation itself ended has none. A program's token hangs on its key: it keeps it.
    """
    if signedin.sid_of(request) is not None:
        request.session.cycle_key()
