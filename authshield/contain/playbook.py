"""What happens to a case's session: ended, its open orders suspended, the customer told.

Every step is done once, alone, and written into the case; one that fails is written down too and tried again
by the outbox, without repeating the others. Freezing an account is left to people.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError, transaction

from authshield.contain import notices
from authshield.contain.cases import Entry, is_noted, note
from authshield.contain.orders import suspend_open_orders
from authshield.contain.steps import apply_account_soon, end_session
from authshield.errors import AuthShieldError, GatewayError
from authshield.measure.profile import forget_device_hash
from authshield.measure.store import default_store
from authshield.models import Case, Device, Hold, Session
from authshield.record import outbox

CONTAIN = "contain_case"
LOOK_AGAIN = "look_again_at_case"
LOOK_AGAIN_SECONDS = 20.0
"""Longer than any order takes from its last look at the locks to its commit."""

REASON = "contained"

Step = Callable[[Case, str, datetime], str]


def contain(case_id: str, now: datetime, *, by: str = "") -> Case:
    """Contain a case's session. Twice is once. ``by`` is the member of staff, empty for the scoring.

    Raises:
        GatewayError: at least one step failed; the others are done, and the case says which.
    """
    case = Case.objects.get(pk=case_id)
    if case.state == Case.State.CLOSED:
        return case
    failed = [name for name, step in _STEPS if not _once(case, name, step, by=by, now=now)]
    if failed:
        raise GatewayError(f"Case {case.pk}: not done yet: {', '.join(failed)}; the case says why")
    with transaction.atomic():
        if case.part_of_id is not None:
            # First the campaign's: whoever adds members to it locks in this order too.
            list(Case.objects.select_for_update().filter(pk=case.part_of_id).values_list("pk"))
        Case.objects.filter(pk=case.pk, state=Case.State.OPEN).update(
            state=Case.State.CONTAINED, contained_at=now
        )
        if case.part_of_id is not None:
            _campaign_done(case.part_of_id, now)
        apply_account_soon(case.account, now)
        outbox.enqueue(LOOK_AGAIN, str(case.pk), now, LOOK_AGAIN_SECONDS)
    case.refresh_from_db()
    return case


def _campaign_done(campaign: UUID, now: datetime) -> None:
    """A campaign is contained once every case that is part of it is."""
    if not Case.objects.filter(part_of=campaign, state=Case.State.OPEN).exists():
        Case.objects.filter(pk=campaign, state=Case.State.OPEN).update(
            state=Case.State.CONTAINED, contained_at=now
        )


def look_again(case_id: str, now: datetime) -> None:
    """Suspend what was being placed while the session was contained, and so was not an open order yet.

    Raises ``GatewayError`` where an order cannot be suspended.
    """
    case = Case.objects.get(pk=case_id)
    if case.state == Case.State.CLOSED:
        return
    late = suspend_open_orders(case.account, case.sid, case=case, now=now)
    if late:
        told = f"Suspended, placed in the same moment: {', '.join(late)}."
        note(case, Entry(f"again:{','.join(late)}"[:100], "orders:done", told), now)


def _once(case: Case, name: str, step: Step, *, by: str, now: datetime) -> bool:
    key = f"contain:{name}"
    if is_noted(case, key):
        return True
    try:
        told = step(case, by, now)
    except (AuthShieldError, DatabaseError, OSError) as error:
        note(
            case, Entry(f"{key}:failed", f"{name}:failed", f"Failed, is tried again: {error}", actor=by), now
        )
        return False
    note(case, Entry(key, f"{name}:done", told, actor=by), now)
    return True


def _end_session(case: Case, by: str, now: datetime) -> str:
    if not case.sid:
        return "The case names no session, so none was ended."
    is_new = end_session(case.sid, REASON, by=by or "scoring", now=now, account=case.account)
    return "The session was ended." if is_new else "The session had been ended before."


def _suspend_orders(case: Case, _by: str, now: datetime) -> str:
    references = suspend_open_orders(case.account, case.sid, case=case, now=now)
    Hold.objects.filter(account=case.account, sid=case.sid, case=None).exclude(sid="").update(case=case)
    return f"Suspended: {', '.join(references)}." if references else "There was no open order to suspend."


def _distrust_device(case: Case, _by: str, now: datetime) -> str:
    """A device that came with the contained session must not grow old into a trusted one."""
    session = Session.objects.filter(pk=case.sid).first()
    if session is None or not session.device_hash:
        return "The session's device is not known."
    newcomer = Device.objects.filter(
        account=case.account,
        device_hash=session.device_hash,
        trusted_at=None,
        first_seen_at__gte=session.started_at,
    )
    if not newcomer.exists():
        return "Its device was known before."
    forget_device_hash(default_store(), case.account, session.device_hash)
    newcomer.filter(revoked_at=None).update(revoked_at=now)
    return "Its new device was revoked."


def _tell_customer(case: Case, _by: str, now: datetime) -> str:
    session = Session.objects.filter(pk=case.sid).first()
    context = {
        "at": notices.local_time(session.started_at if session else case.opened_at),
        "place": session.place if session else "",
        "label": session.label if session else "",
    }
    notice = notices.notify(case.account, "session_contained", f"case:{case.pk}", context=context, now=now)
    if notice is None:
        return "The customer was not told: told before, or no address."
    subject, text = notices.rendered(notice, sealed={})
    note(
        case, Entry("shown:notice", "customer:shown", f"{subject}\n\n{text}", data={"notice": notice.pk}), now
    )
    return f"The customer is told by mail: {subject}"


_STEPS: tuple[tuple[str, Step], ...] = (
    ("session", _end_session),
    ("orders", _suspend_orders),
    ("device", _distrust_device),
    ("customer", _tell_customer),
)
