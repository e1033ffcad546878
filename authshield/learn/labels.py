"""Labels: put, put otherwise, taken back; and the counts that follow, always as if counted afresh.

Each event is counted by one label in force: one on the event itself before one on its session, the desk's before a
customer's, the later before the earlier. What a customer said in a session that the desk calls fraud counts for
nothing: a thief may have said it. Must not act on a session; that is ``reports`` and containment.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from authshield.errors import InvalidInput
from authshield.learn import counting
from authshield.learn.recorded import Row, rows_of, steps_of
from authshield.models import AccountState, Label, LabelledEvent
from authshield.record import outbox, redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

TEACH = "teach_account"
"""The outbox's task that brings the account's profile in line with its labels."""

FOLLOW = "follow_labels"
"""The outbox's task that counts, and unlearns, what was recorded after the label."""

FOLLOW_SECONDS = 120.0
"""By then the events that were under way are in the journal."""

MOST_A_DAY = {Label.Source.DESK: 300, Label.Source.CUSTOMER: 20}
"""Labels that one person puts in 24 hours: whoever is tricked or bribed must not turn the counts over."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a label is about: a session, or one event (then its session may be told as well)."""

    account: str
    sid: str = ""
    event_id: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """Whose word it is, and why. ``from_sid`` is the session in which a customer said it."""

    by: str
    source: Label.Source = Label.Source.DESK
    reason: str = ""
    from_sid: str = ""


def put(target: Target, verdict: str, word: Word, now: datetime) -> Label:
    """Put a label; saying the same twice is saying it once, saying otherwise takes the earlier word back.

    Raises ``InvalidInput`` for a target that names nothing, and beyond ``MOST_A_DAY``. Cost: some 15 statements.
    """
    if not target.account or not (target.sid or target.event_id):
        raise InvalidInput(_("A label needs a session or an event."), field="target")
    with transaction.atomic():
        _lock(target.account)
        mine = Label.objects.filter(
            account=target.account,
            sid=target.sid,
            event_id=target.event_id,
            source=word.source,
            taken_back_at=None,
        )
        standing = mine.first()
        if standing is not None and standing.verdict == verdict:
            return standing
        _refuse_floods(word, now)
        mine.update(
            taken_back_at=now, taken_back_by=word.by[:150], taken_back_reason=redact.plain(word.reason, 200)
        )
        label = Label.objects.create(
            account=target.account,
            sid=target.sid,
            event_id=target.event_id,
            verdict=verdict,
            source=word.source,
            by=redact.line(word.by, 150),
            from_sid=word.from_sid,
            reason=redact.plain(word.reason, 200),
            at=now,
        )
        _follow(target.account, now)
    return label


def take_back(label: Label, *, by: str, reason: str, now: datetime) -> bool:
    """Take a label back; whether this call did it. Cost: some 12 statements."""
    with transaction.atomic():
        _lock(label.account)
        done = Label.objects.filter(pk=label.pk, taken_back_at=None).update(
            taken_back_at=now,
            taken_back_by=redact.line(by, 150),
            taken_back_reason=redact.plain(reason, 200),
        )
        if done:
            _follow(label.account, now)
    return bool(done)


def standing(account: str) -> list[Label]:
    """The labels of an account that are in force. Cost: 1 query."""
    return list(Label.objects.filter(account=account, taken_back_at=None))


def of_target(target: Target) -> Label | None:
    """The label in force on just this, the desk's first. Cost: 1 query."""
    found = Label.objects.filter(
        account=target.account, sid=target.sid, event_id=target.event_id, taken_back_at=None
    )
    return max(found, key=_weight, default=None)


def in_force(event_id: str, sid: str, labels: Iterable[Label]) -> Label | None:
    """The one of an account's labels by which an event counts."""
    labels = list(labels)
    thieves = {
        one.sid
        for one in labels
        if one.source == Label.Source.DESK and one.verdict == "fraud" and not one.event_id
    }
    found = [
        one
        for one in labels
        if (one.event_id == event_id if one.event_id else bool(sid) and one.sid == sid)
        and not (one.source == Label.Source.CUSTOMER and one.from_sid and one.from_sid in thieves)
    ]
    return max(found, key=_weight, default=None)


def count_account(account: str) -> None:
    """Bring an account's counts in line with its labels and with what is recorded by now. Harmless twice."""
    if not Label.objects.filter(account=account).exists():
        return
    with transaction.atomic():
        _lock(account)
        _settle(account)


def _follow(account: str, now: datetime) -> None:
    _settle(account)
    outbox.enqueue(TEACH, account, now)
    outbox.enqueue(FOLLOW, account, now, FOLLOW_SECONDS)


def _settle(account: str) -> None:
    labels = standing(account)
    known = {row.event_id: row for row in LabelledEvent.objects.filter(account=account)}
    rows = rows_of(
        account,
        sids={label.sid for label in labels if not label.event_id},
        event_ids={label.event_id for label in labels if label.event_id},
    )
    differences: Counter[counting.Key] = Counter()
    for row in known.values():
        _recount(row, in_force(row.event_id, row.sid, labels), differences)
    fresh = [_counted(row, labels) for event_id, row in rows.items() if event_id not in known and row.counts]
    new = [row for row in fresh if row is not None]
    for row in new:
        differences.update(counting.of_event(row, row.verdict))
    LabelledEvent.objects.bulk_create(new)
    counting.change(differences)


def _recount(row: LabelledEvent, label: Label | None, differences: Counter[counting.Key]) -> None:
    if label is not None and label.pk == row.label_id:
        return
    differences.subtract(counting.of_event(row, row.verdict))
    if label is None:
        row.delete()
        return
    differences.update(counting.of_event(row, label.verdict))
    row.label, row.verdict = label, label.verdict
    row.save(update_fields=["label", "verdict"])


def _counted(row: Row, labels: Sequence[Label]) -> LabelledEvent | None:
    label = in_force(row.event_id, row.sid, labels)
    if label is None:
        return None
    return LabelledEvent(
        event_id=row.event_id,
        at=row.at,
        kind=row.kind,
        account=row.account,
        sid=row.sid,
        risk=row.risk,
        verdict=label.verdict,
        label=label,
        steps=steps_of(row.kind, row.facts),
    )


def _weight(label: Label) -> tuple[bool, bool, datetime, int]:
    return bool(label.event_id), label.source == Label.Source.DESK, label.at, label.pk


def _lock(account: str) -> None:
    """One at a time for an account."""
    AccountState.objects.get_or_create(account=account)
    AccountState.objects.select_for_update().get(account=account)


def _refuse_floods(word: Word, now: datetime) -> None:
    most = MOST_A_DAY[word.source]
    lately = Label.objects.filter(by=word.by, source=word.source, at__gt=now - timedelta(days=1))
    if lately.count() >= most:
        raise InvalidInput(
            _("%(count)d labels in a day are the most that one person can put: ask a colleague.")
            % {"count": most},
            status_code=409,
        )


def verdicts(rows: Mapping[str, Row], labels: Sequence[Label]) -> dict[str, str]:
    """The verdict on each recorded event that has one."""
    found = {event_id: in_force(event_id, row.sid, labels) for event_id, row in rows.items()}
    return {event_id: label.verdict for event_id, label in found.items() if label is not None}
