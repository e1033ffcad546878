"""What the desk does with a case: each step, and what it says before it is done."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from authshield.admin import deeds
from authshield.admin.books import open_orders
from authshield.admin.steps import Step
from authshield.models import AccountState, Case, Session

MOST_LINES = 100


def _and_also() -> list[str]:
    return [_("A device that came with that session is revoked."), _("The customer is told by mail.")]


def _sessions_line(count: int) -> str:
    return ngettext("%(count)d open session ends.", "%(count)d open sessions end.", count) % {"count": count}


def _orders_lines(case: Case) -> list[str]:
    orders, problem = open_orders(case.account)
    if problem:
        return [problem]
    theirs = [order for order in orders if not case.sid or order.session in {case.sid, ""}]
    if not theirs:
        return [_("No open orders.")]
    return [
        _("Open order %(reference)s (%(side)s %(symbol)s, %(state)s) is stopped and waits among the holds.")
        % {"reference": order.reference, "side": order.side, "symbol": order.symbol, "state": order.state}
        for order in theirs
    ]


def _whose(case: Case) -> str:
    return _("Account %(account)s.") % {"account": case.account}


def _open_sessions(case: Case) -> int:
    return Session.objects.filter(account=case.account, ended_at=None).count()


def _contain_touches(case: Case) -> Sequence[str]:
    if case.campaign:
        return [
            *_members_lines(case),
            _("Their open orders are stopped and wait among the holds."),
            *_and_also(),
        ]
    if case.sid:
        session = _("Session %(sid)s ends: its next request is refused.") % {"sid": case.sid[:12]}
    else:
        session = _("The case names no session, so none ends.")
    return [_whose(case), session, *_orders_lines(case), *_and_also()]


def _members_lines(case: Case) -> list[str]:
    count = case.members.count()
    told = ngettext("%(count)d session ends:", "%(count)d sessions end:", count) % {"count": count}
    return [
        told,
        *(
            _("Account %(account)s, session %(sid)s.") % {"account": member.account, "sid": member.sid[:12]}
            for member in case.members.all()[:MOST_LINES]
        ),
    ]


def _end_all_touches(case: Case) -> Sequence[str]:
    return [_whose(case), _sessions_line(_open_sessions(case)), _("Open orders stay as they are.")]


def _freeze_touches(case: Case) -> Sequence[str]:
    return [
        _whose(case),
        _("It can neither sign in nor trade until two people release it."),
        _sessions_line(_open_sessions(case)),
    ]


def _only_the_case(case: Case) -> Sequence[str]:
    return [_("The case “%(title)s”, nothing else.") % {"title": case.title}]


def _with_parts(case: Case) -> Sequence[str]:
    if not case.campaign:
        return _only_the_case(case)
    count = case.parts.count()
    parts = ngettext("%(count)d case that is part of it.", "%(count)d cases that are part of it.", count)
    return [_("The case “%(title)s”.") % {"title": case.title}, parts % {"count": count}]


def _has_account(case: Case) -> bool:
    return bool(case.account)


def _is_frozen(case: Case) -> bool:
    return AccountState.objects.filter(account=case.account, frozen_at__isnull=False).exists()


def _is_open(case: Case) -> bool:
    return case.state != Case.State.CLOSED


CASE_STEPS: tuple[Step, ...] = (
    Step(
        name="contain",
        label=gettext_lazy("Contain now"),
        permission="contain_case",
        touches=_contain_touches,
        act=deeds.contain_case,
        is_possible=lambda case: case.state == Case.State.OPEN,
        needs_reason=False,
        is_grave=True,
    ),
    Step(
        name="end-sessions",
        label=gettext_lazy("End all sessions"),
        permission="contain_case",
        touches=_end_all_touches,
        act=deeds.end_all_sessions,
        is_possible=lambda case: _is_open(case) and _has_account(case),
        is_grave=True,
    ),
    Step(
        name="freeze",
        label=gettext_lazy("Freeze the account"),
        permission="freeze_account",
        touches=_freeze_touches,
        act=deeds.freeze_of_case,
        is_possible=lambda case: _has_account(case) and not _is_frozen(case),
        is_grave=True,
    ),
    Step(
        name="unfreeze",
        label=gettext_lazy("Ask for its release"),
        permission="ask_approval",
        touches=lambda case: [_whose(case), _("A second person decides; until then it stays frozen.")],
        act=deeds.ask_release_of_case,
        is_possible=_is_frozen,
        reason_label=gettext_lazy("Why it is safe now"),
    ),
    Step(
        name="take",
        label=gettext_lazy("Take the case"),
        permission="change_case",
        touches=_only_the_case,
        act=deeds.take,
        is_possible=_is_open,
        needs_reason=False,
    ),
    Step(
        name="fraud",
        label=gettext_lazy("Verdict: fraud"),
        permission="change_case",
        touches=_with_parts,
        act=lambda case, deed: deeds.judge(case, Case.Verdict.FRAUD, deed),
        is_possible=lambda case: case.verdict != Case.Verdict.FRAUD,
    ),
    Step(
        name="legit",
        label=gettext_lazy("Verdict: legitimate"),
        permission="change_case",
        touches=_with_parts,
        act=lambda case, deed: deeds.judge(case, Case.Verdict.LEGIT, deed),
        is_possible=lambda case: case.verdict != Case.Verdict.LEGIT,
    ),
    Step(
        name="note",
        label=gettext_lazy("Add a note"),
        permission="change_case",
        touches=_only_the_case,
        act=deeds.note,
        reason_label=gettext_lazy("Note"),
    ),
    Step(
        name="close",
        label=gettext_lazy("Close the case"),
        permission="change_case",
        touches=_with_parts,
        act=deeds.close,
        is_possible=_is_open,
    ),
)
