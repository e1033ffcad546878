"""Campaigns as cases: one case for as long as accounts go on joining it, with its members' sessions and their cases.

A member whose score is high enough gets a case of its own, part of the campaign's, and is contained as any session
is. Everything may come twice and from several workers at once. Must not find campaigns: that is the scoring's part.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest

from authshield import signals
from authshield.contain import playbook
from authshield.contain.cases import Entry, note, open_or_join, renew
from authshield.contain.intake import want_containment
from authshield.models import CampaignMember, Case, Session, SwitchRow
from authshield.record import redact
from authshield.vocabulary.decision import Reason

QUIET = timedelta(days=1)
"""A campaign that nobody joined for so long is over: the next at the same join gets a case of its own."""

NAMED = 20
"""So many members are named in a line of the timeline."""


@dataclass(frozen=True, slots=True)
class Part:
    """A session that belongs to a campaign, after which event, and its late score with the campaign's share."""

    account: str
    sid: str
    event_id: str
    at: datetime
    score: float


@dataclass(frozen=True, slots=True)
class Joined:
    """What the scoring found after ``event_id``: a campaign by name and in words, with all its sessions.

    ``reasons`` are those of the session that the event belongs to.
    """

    name: str
    words: str
    event_id: str
    at: datetime
    score: float
    reasons: tuple[Reason, ...]
    parts: tuple[Part, ...]


def take(joined: Joined, now: datetime, *, contain_from: float | None) -> tuple[Case, dict[str, float]]:
    """Put sessions into their campaign's case; returns it, and the scores of sessions as they stand now.

    Those that score ``contain_from`` or more are contained soon; None contains nobody. In a transaction of its own.
    Cost: 6 statements where nothing is new, 6 more for each session that is to be contained.
    """
    with transaction.atomic():
        case = _case_of(joined, now)
        parts = _uncleared(joined.parts)
        raised = _raise(parts)
        grown = _save(case, parts)
        if grown:
            renew(case, joined.words, max(joined.score, case.score), joined.reasons)
            _tell(case, joined, grown, now)
        sids = [part.sid for part in parts]
        Case.objects.exclude(state=Case.State.CLOSED).filter(sid__in=sids, part_of=None).update(part_of=case)
        high = [part for part in parts if contain_from is not None and part.score >= contain_from]
        _want(case, joined, high, now)
    return case, raised


def cleared(names: Collection[str], now: datetime) -> set[str]:
    """The campaigns among these that the desk found to be none, lately: they are none as long as they go on.

    Cost: 1 query, 1 more where there are any.
    """
    found = Case.objects.filter(
        campaign__in=names,
        state=Case.State.CLOSED,
        verdict=Case.Verdict.LEGIT,
        campaign_seen_at__gt=now - QUIET,
    )
    known = dict(found.values_list("pk", "campaign"))
    if known:
        Case.objects.filter(pk__in=known).update(campaign_seen_at=Greatest(F("campaign_seen_at"), now))
    return set(known.values())


def note_guard(case: Case, row: SwitchRow, now: datetime) -> None:
    """Say in the timeline that the campaign's symbol is under guard, once a guard. Cost: 2 statements."""
    text = f"Buys of {row.target} are guarded ({row.action}, {row.required}), for as long as accounts go on joining"
    note(case, Entry(f"guard:{row.pk}", "symbol:guarded", text, data={"switch": row.pk}), now)


def contain(case: Case, now: datetime, *, by: str) -> int:
    """Contain every session of a campaign now; returns how many. Raises ``GatewayError`` where a step failed."""
    members = list(case.members.all())
    for member in members:
        with transaction.atomic():
            own = _own_case(case, member, now)
        playbook.contain(str(own.pk), now, by=by)
    return len(members)


def _case_of(joined: Joined, now: datetime) -> Case:
    """The case of a campaign that goes on, locked; opened if there is none."""
    going_on = Case.objects.select_for_update().filter(campaign=joined.name, campaign_ended_at=None)
    case = going_on.exclude(state=Case.State.CLOSED).first()
    if case is not None and case.campaign_seen_at and joined.at - case.campaign_seen_at > QUIET:
        Case.objects.filter(pk=case.pk).update(campaign_ended_at=case.campaign_seen_at + QUIET)
        case = None
    if case is None:
        return _opened(joined, now)
    if case.campaign_seen_at is None or joined.at > case.campaign_seen_at:
        Case.objects.filter(pk=case.pk).update(campaign_seen_at=joined.at)
    return case


def _opened(joined: Joined, now: datetime) -> Case:
    words = redact.plain(joined.words, 200)
    try:
        with transaction.atomic():
            case = Case.objects.create(
                campaign=joined.name, campaign_seen_at=joined.at, title=words, opened_at=now
            )
    except IntegrityError:  # somebody else opened it at this very moment
        return _case_of(joined, now)
    note(case, Entry("opened", "case:opened", joined.words, data={"campaign": joined.name}), now)
    transaction.on_commit(lambda: signals.case_opened.send_robust(sender=Case, case=case), robust=True)
    return case


def _uncleared(parts: Iterable[Part]) -> list[Part]:
    """Without sessions that the desk found legitimate."""
    found = {part.sid: part for part in parts if part.sid}
    legit = Case.objects.filter(sid__in=found, state=Case.State.CLOSED, verdict=Case.Verdict.LEGIT)
    legit_sids = set(legit.values_list("sid", flat=True))
    return [part for sid, part in sorted(found.items()) if sid not in legit_sids]


def _raise(parts: Sequence[Part]) -> dict[str, float]:
    """Sessions keep their highest score. Locked in one order, so that no two workers wait in a circle."""
    rows = {row.sid: row for row in _locked(parts)}
    higher = []
    for part in parts:
        row = rows.get(part.sid)
        if row is not None and (row.score is None or row.score < part.score):
            row.score = part.score
            higher.append(row)
    Session.objects.bulk_update(higher, ["score"])
    return {sid: row.score for sid, row in rows.items() if row.score is not None}


def _locked(parts: Iterable[Part]) -> Iterable[Session]:
    sids = [part.sid for part in parts]
    return Session.objects.select_for_update().filter(pk__in=sids).order_by("pk").only("sid", "score")


def _save(case: Case, parts: Sequence[Part]) -> list[Part]:
    """Bring the list of members up to date; returns those that are new."""
    known = dict(case.members.filter(sid__in=[part.sid for part in parts]).values_list("sid", "score"))
    grown = [part for part in parts if part.score > known.get(part.sid, -1.0)]
    CampaignMember.objects.bulk_create(
        [
            CampaignMember(
                case=case,
                account=redact.line(part.account, 64),
                sid=part.sid,
                event_id=part.event_id,
                at=part.at,
                score=part.score,
            )
            for part in grown
        ],
        update_conflicts=True,
        unique_fields=["case", "sid"],
        update_fields=["event_id", "at", "score"],
    )
    return [part for part in grown if part.sid not in known]


def _tell(case: Case, joined: Joined, new: Sequence[Part], now: datetime) -> None:
    names = ", ".join(part.account for part in new[:NAMED]) + (" …" if len(new) > NAMED else "")
    text = f"{joined.words}. After event {joined.event_id} joined by: {names}"
    data = {
        "campaign": joined.name,
        "event": joined.event_id,
        "members": [[part.account, part.sid, part.score] for part in new],
    }
    note(case, Entry(f"joined:{joined.event_id}", "campaign:joined", text, data=data), now)


def _want(case: Case, joined: Joined, high: Sequence[Part], now: datetime) -> None:
    """Have these contained; those that were already are left alone."""
    sids = [part.sid for part in high]
    done = Case.objects.filter(Q(state=Case.State.CONTAINED) | Q(part_of=case), sid__in=sids)
    done = done.exclude(state=Case.State.OPEN)
    handled = set(done.values_list("sid", flat=True))
    for part in high:
        if part.sid not in handled:
            want_containment(_own_case(case, part, now, joined.words), now)


def _own_case(case: Case, member: Part | CampaignMember, now: datetime, words: str = "") -> Case:
    reason = Reason("campaign", member.score, words or case.title)
    own = open_or_join(
        member.account, member.sid, title=reason.text, score=member.score, reasons=[reason], now=now
    )
    if own.part_of_id is None:
        own.part_of = case
        own.save(update_fields=["part_of"])
    return own
