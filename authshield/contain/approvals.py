"""What one member of staff asks for and another decides: releases of a freeze, exemptions, removed authenticators.

Once decided it stays so. Must not carry anything out: whoever decides does that in the same transaction.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from authshield.errors import InvalidInput
from authshield.models import Approval
from authshield.record import redact

State = Approval.State


def ask(  # noqa: PLR0913 - what, of whom, for how long, by whom and why
    kind: Approval.Kind,
    account: str,
    *,
    by: str,
    reason: str,
    now: datetime,
    target: str = "",
    until: datetime | None = None,
) -> Approval:
    """Ask for something; raises ``InvalidInput`` (409) where the same is asked for already."""
    try:
        with transaction.atomic():
            return Approval.objects.create(
                kind=kind,
                account=account,
                target=target,
                until=until,
                reason=redact.plain(reason, 200),
                asked_by=by[:150],
                asked_at=now,
            )
    except IntegrityError as error:
        raise InvalidInput(
            _("The same was asked for already: it waits for a second person."), status_code=409
        ) from error


def decide(approval: Approval, *, approve: bool, by: str, reason: str, now: datetime) -> None:
    """Approve or refuse, once. Raises ``InvalidInput``: 403 for whoever asked for it, 409 where it was decided."""
    if by == approval.asked_by:
        raise InvalidInput(
            _("You have asked for this yourself: another person has to decide it."), status_code=403
        )
    state = State.APPROVED if approve else State.REFUSED
    _change(approval, State.ASKED, state, by=by, reason=reason, now=now)


def end(approval: Approval, *, by: str, reason: str, now: datetime) -> None:
    """End what was approved before its time; one person is enough to be stricter."""
    _change(approval, State.APPROVED, State.ENDED, by=by, reason=reason, now=now)


def _change(approval: Approval, before: State, after: State, *, by: str, reason: str, now: datetime) -> None:
    waiting = Approval.objects.filter(pk=approval.pk, state=before)
    words = {"decided_by": by[:150], "decided_at": now, "decision_reason": redact.plain(reason, 200)}
    if after == State.ENDED:  # whoever approved it stays named
        words = {"decision_reason": redact.plain(f"{approval.decision_reason}; ended by {by}: {reason}", 200)}
    if not waiting.update(state=after, **words):
        raise InvalidInput(_("This was decided before."), status_code=409)
    approval.refresh_from_db()
