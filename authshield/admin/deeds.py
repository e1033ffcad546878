"""What the desk's buttons do: one call into the rooms below each, and a line in the case's timeline.

Every function returns the sentence that tells the person what happened.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from authshield.admin.steps import Deed
from authshield.backends.accounts import account_of
from authshield.contain import approvals, campaigns, cases, devices, playbook, steps
from authshield.contain.notices import local_time, notify
from authshield.enforce import bound, holds
from authshield.errors import InvalidInput
from authshield.factors import attempts
from authshield.learn import labels, way_back
from authshield.learn.labels import Target, Word
from authshield.models import Approval, BoundSession, Case, Device, DeviceKey, Hold, Session


def contain_case(case: Case, deed: Deed) -> str:
    """End the case's session and stop the account's open orders."""
    if deed.reason:
        _line(case, deed, "case:noted", deed.reason)
    if case.campaign:
        count = campaigns.contain(case, deed.now, by=deed.actor)
        return ngettext(
            "Contained: %(count)d session of the campaign has ended.",
            "Contained: %(count)d sessions of the campaign have ended.",
            count,
        ) % {"count": count}
    playbook.contain(str(case.pk), deed.now, by=deed.actor)
    return _("Contained: the session has ended, its open orders are stopped.")


def end_all_sessions(case: Case, deed: Deed) -> str:
    """End every session of the case's account."""
    count = steps.end_all_sessions(case.account, deed.reason, by=deed.actor, now=deed.now)
    told = ngettext("%(count)d session has ended.", "%(count)d sessions have ended.", count) % {
        "count": count
    }
    _line(case, deed, "sessions:ended", f"{told} {deed.reason}")
    return told


def freeze_of_case(case: Case, deed: Deed) -> str:
    """Freeze the case's account."""
    told = freeze(case.account, deed)
    _line(case, deed, "account:frozen", f"{told} {deed.reason}")
    return told


def ask_release_of_case(case: Case, deed: Deed) -> str:
    """Ask for the release of the case's account."""
    told = ask_release(case.account, deed)
    _line(case, deed, "account:release", f"{told} {deed.reason}")
    return told


def freeze(account: str, deed: Deed) -> str:
    """Freeze an account."""
    if not steps.freeze(account, deed.reason, by=deed.actor, now=deed.now):
        raise InvalidInput(
            _("Account %(account)s was frozen before.") % {"account": account}, status_code=409
        )
    return _("Account %(account)s is frozen.") % {"account": account}


def ask_release(account: str, deed: Deed) -> str:
    """Ask for the release of a frozen account: a second person decides."""
    approvals.ask(Approval.Kind.UNFREEZE, account, by=deed.actor, reason=deed.reason, now=deed.now)
    return _("The release of account %(account)s waits for a second person.") % {"account": account}


def take_back(session: Session, deed: Deed) -> str:
    """Remove what came to an account since one of its sessions began."""
    word = Word(deed.actor, reason=deed.reason)
    case = way_back.take_back(session.account, session.started_at, word, deed.now)
    return _("Taken back: what was removed is in the case “%(title)s”.") % {"title": case.title}


def take(case: Case, deed: Deed) -> str:
    """Make the person the case's owner; takes it from nobody but whom the page named."""
    with transaction.atomic():
        mine = _open(case, owner=case.owner_id).update(owner=deed.user)
        _refuse_unless(mine)
        _line(case, deed, "case:taken", _("%(name)s takes the case.") % {"name": deed.actor})
    return _("The case is yours.")


def judge(case: Case, verdict: str, deed: Deed) -> str:
    """Say what it turned out to be; the case's session is labelled so, or all those of a campaign."""
    label = Case.Verdict(verdict).label
    sessions = [(case.account, case.sid)] if case.sid else case.members.values_list("account", "sid")
    with transaction.atomic():
        Case.objects.filter(Q(pk=case.pk) | Q(part_of=case)).update(verdict=verdict)
        for account, sid in sessions:
            labels.put(Target(account, sid), verdict, Word(deed.actor, reason=deed.reason), deed.now)
        _line(case, deed, f"case:{verdict}", f"{label}: {deed.reason}")
    return _("Verdict: %(verdict)s.") % {"verdict": label}


def close(case: Case, deed: Deed) -> str:
    """End the work on a case, and on those that are part of it."""
    with transaction.atomic():
        _refuse_unless(_open(case).update(state=Case.State.CLOSED, closed_at=deed.now))
        parts = list(case.parts.exclude(state=Case.State.CLOSED))
        case.parts.exclude(state=Case.State.CLOSED).update(state=Case.State.CLOSED, closed_at=deed.now)
        for one in [case, *parts]:
            _line(one, deed, "case:closed", deed.reason)
            if one.account:
                steps.apply_account_soon(one.account, deed.now)
    return _("The case is closed.")


def note(case: Case, deed: Deed) -> str:
    """Add a note."""
    _line(case, deed, "case:noted", deed.reason)
    return _("The note is in the timeline.")


def end_session(session: Session, deed: Deed) -> str:
    """End one session."""
    if not steps.end_session(session.sid, deed.reason, by=deed.actor, now=deed.now, account=session.account):
        raise InvalidInput(_("The session had ended before."), status_code=409)
    return _("The session has ended.")


def trust(device: Device, deed: Deed) -> str:
    """Trust a device from now on."""
    devices.trust(device, deed.now)
    return _("The device is trusted.")


def revoke(device: Device, deed: Deed) -> str:
    """Make a device a strange one again."""
    devices.forget(device, deed.now)
    return _("The device is strange to this account again.")


def withdraw_key(key: DeviceKey, deed: Deed) -> str:
    """Let a browser's key count no longer, and end what its device has open."""
    with transaction.atomic():
        mine = DeviceKey.objects.filter(pk=key.pk, replaced_at=None)
        if not mine.update(replaced_at=deed.now, confirms_at=None):
            raise InvalidInput(_("It had been replaced or withdrawn before."), status_code=409)
        opened = Session.objects.filter(account=key.account, device_hash=key.device_hash, ended_at=None)
        for sid in list(opened.values_list("pk", flat=True)):
            steps.end_session(sid, deed.reason, by=deed.actor, now=deed.now, account=key.account)
    return _("The key is withdrawn; the sessions of its device have ended.")


def end_bound_session(row: BoundSession, deed: Deed) -> str:
    """End a session that its browser bound, and the binding with it."""
    with transaction.atomic():
        steps.end_session(row.sid, deed.reason, by=deed.actor, now=deed.now, account=row.account)
        bound.end(row.sid, deed.now)
    return _("The session has ended.")


def unlock_factor(factor: Any, deed: Deed) -> str:
    """Let an authenticator be tried again; the customer is told."""
    if not attempts.restore(factor):
        raise InvalidInput(_("It was neither locked nor disabled any more."), status_code=409)
    account = account_of(factor.user)
    key = f"factor_unlocked:{factor.persistent_id}:{deed.now.isoformat()}"
    notify(account, "factor_unlocked", key, context={"at": local_time(deed.now)}, now=deed.now)
    return _("Unlocked: it can be tried again.")


def release(hold: Hold, deed: Deed) -> str:
    """Let a held operation take effect."""
    holds.release(hold, by=deed.actor, reason=deed.reason, now=deed.now)
    _line_of_hold(hold, deed, "hold:released")
    return _("Released: it takes effect now.")


def cancel(hold: Hold, deed: Deed) -> str:
    """End a held operation without effect."""
    holds.cancel(hold, by=deed.actor, reason=deed.reason, now=deed.now)
    _line_of_hold(hold, deed, "hold:cancelled")
    return _("Cancelled: it never takes effect.")


def _open(case: Case, **more: Any) -> QuerySet[Case]:
    return Case.objects.filter(pk=case.pk, **more).exclude(state=Case.State.CLOSED)


def _refuse_unless(changed: int) -> None:
    if not changed:
        raise InvalidInput(_("Somebody else changed the case meanwhile: look at it again."), status_code=409)


def _line(case: Case, deed: Deed, kind: str, text: str) -> None:
    # A person may do the same twice, on purpose: each is a line of its own.
    cases.note(case, cases.Entry(f"{kind}:{uuid.uuid4()}", kind, text, actor=deed.actor), deed.now)


def _line_of_hold(hold: Hold, deed: Deed, kind: str) -> None:
    if hold.case is not None:
        _line(hold.case, deed, kind, deed.reason)
