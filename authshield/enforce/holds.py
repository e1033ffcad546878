"""Holds: an operation waits in the broker's books until somebody decides, once.

The row's change and the gateway's call share a transaction; the gateway is idempotent by key, so that a call
whose transaction failed may be repeated. Must not release what belongs to a frozen account.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from authshield.backends.loader import order_gateway
from authshield.conf import current
from authshield.enforce import challenges
from authshield.enforce.gate import final_gate
from authshield.errors import ChallengeError, GatewayError, InvalidInput
from authshield.models import Challenge, Hold
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.decision import Decision
from authshield.vocabulary.event import Event
from authshield.vocabulary.operation import Operation

CUSTOMER = "customer"
_log = logging.getLogger(__name__)


def hold(event: Event, decision: Decision, operation: Operation, now: datetime) -> Hold:
    """Enter the operation as waiting, without effect. Raises ``GatewayError`` where the books don't take it.

    Cost: 1 query and the gateway's call.
    """
    row = Hold(
        id=uuid.uuid4(),
        account=operation.account,
        sid=event.session or "",
        kind=operation.kind.value,
        operation=operation.canonical(),
        digest=operation.digest,
        required=_required(decision),
        risk=decision.risk,
        reasons=[{"code": r.code, "points": r.points, "text": r.text} for r in decision.reasons],
        event_id=event.id,
        ruleset_version=decision.ruleset_version,
        created_at=now,
        expires_at=now + timedelta(seconds=current().HOLD_SECONDS),
    )
    with transaction.atomic():
        row.reference = order_gateway().hold(operation, session=row.sid, key=str(row.pk))
        row.save(force_insert=True)
    return row


def release(hold: Hold, *, by: str, reason: str, now: datetime) -> Hold:
    """Let it take effect, exactly as it was held.

    Raises ``InvalidInput`` (409) where it was decided before or is over, ``Refused`` for a frozen account,
    ``GatewayError`` where the books don't take it; then it still waits.
    """
    with transaction.atomic():
        _decide(hold, Hold.State.RELEASED, by=by, reason=reason, now=now)
        final_gate(hold.account, "")
        order_gateway().release(hold.account, hold.reference, key=f"{hold.pk}:release")
    hold.refresh_from_db()
    return hold


def release_by_proof(hold: Hold, challenge: Challenge, *, sid: str, now: datetime) -> Hold:
    """The customer's own stronger factor lets it take effect; it spends the passed challenge.

    Raises as ``release``, and ``ChallengeError`` where the challenge is for something else or too weak.
    """
    is_same = challenge.digest == hold.digest and challenge.account == hold.account
    if not is_same or challenge.proved < hold.required:
        raise ChallengeError("binding_mismatch", 409)
    with transaction.atomic():
        challenges.use(challenge, now)
        final_gate(hold.account, sid)
        return release(hold, by=CUSTOMER, reason=challenge.factor_used, now=now)


def cancel(hold: Hold, *, by: str, reason: str, now: datetime) -> Hold:
    """It never takes effect. Raises as ``release``."""
    _end(hold, Hold.State.CANCELLED, by=by, reason=reason, now=now)
    return hold


def expire_due(now: datetime, *, most: int = 100) -> int:
    """End what nobody decided in time; returns how many. One that the books refuse is tried again next time."""
    due = Hold.objects.filter(state=Hold.State.WAITING, expires_at__lte=now).order_by("expires_at")[:most]
    ended = 0
    for row in due:
        try:
            _end(row, Hold.State.EXPIRED, by="", reason="expired", now=now)
        except (GatewayError, InvalidInput) as error:
            _log.warning("hold %s has not expired: %s", row.pk, error)
        else:
            ended += 1
    return ended


def _end(hold: Hold, state: Hold.State, *, by: str, reason: str, now: datetime) -> None:
    with transaction.atomic():
        _decide(hold, state, by=by, reason=reason, now=now)
        order_gateway().cancel(hold.account, hold.reference, reason=reason, key=f"{hold.pk}:cancel")
    hold.refresh_from_db()


def _decide(hold: Hold, state: Hold.State, *, by: str, reason: str, now: datetime) -> None:
    waiting = Hold.objects.filter(pk=hold.pk, state=Hold.State.WAITING)
    if state == Hold.State.RELEASED:
        waiting = waiting.filter(expires_at__gt=now)
    if not waiting.update(state=state, decided_at=now, decided_by=by[:150], decision_reason=reason[:200]):
        raise InvalidInput(
            _("This was decided before, or its time is over."), code="hold_decided", status_code=409
        )


def _required(decision: Decision) -> Strength:
    """What the customer could release it with: what was asked, but where it was a hold at least a passkey."""
    least = Strength.OTP if decision.action == Action.CHALLENGE else Strength.PHISHING_RESISTANT
    return max(decision.required, least)
