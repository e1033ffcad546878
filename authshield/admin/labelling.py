"""Labelling a session or an event at the desk: as fraud, as legitimate, and taking that back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from authshield.admin.steps import Deed, Step
from authshield.errors import InvalidInput
from authshield.learn import labels
from authshield.learn.labels import Target, Word
from authshield.learn.recorded import LABELLED_KINDS, rows_of
from authshield.models import Label, Session, Verdict

PERMISSION = "label_event"


def target_of(thing: Any) -> Target:
    """What a page is about: a session, or one event of ledger or journal."""
    if isinstance(thing, Session):
        return Target(thing.account, thing.sid)
    return Target(thing.account, thing.sid, thing.event_id)


def _mine(thing: Any) -> Label | None:
    found = labels.of_target(target_of(thing))
    return found if found is not None and found.source == Label.Source.DESK else None


def _is_possible(verdict: str) -> Callable[[Any], bool]:
    def is_possible(thing: Any) -> bool:
        if not isinstance(thing, Session) and (thing.kind not in LABELLED_KINDS or not thing.account):
            return False
        mine = _mine(thing)
        return mine is None or mine.verdict != verdict

    return is_possible


def _counted(thing: Any) -> int:
    target = target_of(thing)
    sids = {target.sid} if not target.event_id else set()
    rows = rows_of(target.account, sids=sids, event_ids={target.event_id} - {""})
    return sum(row.counts for row in rows.values())


def _touches(verdict: str) -> Callable[[Any], Sequence[str]]:
    def touches(thing: Any) -> list[str]:
        number = _counted(thing)
        told = [
            ngettext(
                "%(count)d event counts as “%(verdict)s” from now on.",
                "%(count)d events count as “%(verdict)s” from now on.",
                number,
            )
            % {"count": number, "verdict": Verdict(verdict).label},
        ]
        if verdict == Verdict.FRAUD:
            told.append(_("What they taught the account's profile is unlearnt."))
        return [*told, _("Nobody is stopped by it: contain a case for that. It can be taken back.")]

    return touches


def _put(verdict: str) -> Callable[[Any, Deed], str]:
    def act(thing: Any, deed: Deed) -> str:
        labels.put(target_of(thing), verdict, Word(deed.actor, reason=deed.reason), deed.now)
        return _("Labelled: %(verdict)s.") % {"verdict": Verdict(verdict).label}

    return act


def take_back(label: Label | None, deed: Deed) -> str:
    """Take a label back."""
    if label is None or not labels.take_back(label, by=deed.actor, reason=deed.reason, now=deed.now):
        raise InvalidInput(_("Somebody else has taken it back meanwhile."), status_code=409)
    return _("The label is taken back; counts and profile are as if it had never been.")


def _step(verdict: str, label: Any) -> Step:
    return Step(
        name=f"label-{verdict}",
        label=label,
        permission=PERMISSION,
        touches=_touches(verdict),
        act=_put(verdict),
        is_possible=_is_possible(verdict),
    )


STEPS = (
    _step("fraud", gettext_lazy("Label as fraud")),
    _step("legit", gettext_lazy("Label as legitimate")),
    Step(
        name="label-back",
        label=gettext_lazy("Take the label back"),
        permission=PERMISSION,
        touches=lambda _thing: [_("Counts and profile become what they would be without it.")],
        act=lambda thing, deed: take_back(_mine(thing), deed),
        is_possible=lambda thing: _mine(thing) is not None,
    ),
)
