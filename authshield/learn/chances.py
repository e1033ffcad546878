"""The calibration in force: counted once a day from what is recorded and labelled, and asked for by the desk.

Only events are counted whose labels have had time to arrive. What nobody labelled counts as ordinary.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Count
from django.db.models.functions import Floor

from authshield.conf import current
from authshield.learn.calibration import SHIPPED, Bin, Scale, calibrate, from_plain
from authshield.learn.recorded import LABELLED_KINDS
from authshield.models import Calibration, JournalEntry, LabelledEvent, LedgerEntry, Verdict
from authshield.record.journal import FAILED
from authshield.vocabulary.event import Kind

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

LOGIN, ORDER = "login", "order"
GROUPS = (LOGIN, ORDER)
"""Sign-ins, and what is done in a session: their risks mean different chances."""

MATURE_DAYS, KEPT_DAYS = 14, 180
"""By 14 days four labels in five have arrived: half within 3 days, nine in ten within 30, lognormal (6.2)."""

BAND = 10.0


def group_of(kind: str) -> str:
    """By which calibration an event of this kind is read."""
    return LOGIN if kind == Kind.LOGIN.value else ORDER


def kept_days(group: str) -> int:
    """How far back ordinary events of a group are still recorded: the journal forgets sign-ins sooner."""
    settings = current()
    return min(KEPT_DAYS, settings.JOURNAL_DAYS if group == LOGIN else settings.LEDGER_DAYS)


def renew(now: datetime) -> dict[str, Scale]:
    """Count anew and keep the result, by group. Cost: 4 queries over half a year; for a worker."""
    found = {}
    for group in GROUPS:
        bins = counted(group, now)
        found[group] = calibrate(bins)
        content = found[group].plain() | {"bins": [[one.risk, one.frauds, one.others] for one in bins]}
        Calibration.objects.update_or_create(at=now, group=group, defaults={"content": content})
        kept = Calibration.objects.filter(group=group).values_list("pk", flat=True)[:KEPT_DAYS]
        Calibration.objects.filter(group=group).exclude(pk__in=list(kept)).delete()
    return found


def counted(group: str, now: datetime) -> list[Bin]:
    """Events whose labels may be expected by now, a bin a point of risk."""
    since = now - timedelta(days=kept_days(group))
    span = {"at__gte": since, "at__lt": now - timedelta(days=MATURE_DAYS)}
    kinds = [kind for kind in sorted(LABELLED_KINDS) if group_of(kind) == group]
    frauds = _by_risk(LabelledEvent.objects.filter(verdict=Verdict.FRAUD, kind__in=kinds, **span))
    every: Counter[int]
    if group == LOGIN:
        every = _by_risk(JournalEntry.objects.filter(kind__in=kinds, **span).exclude(final=FAILED))
    else:
        every = _by_risk(LedgerEntry.objects.filter(kind__in=kinds, **span))
    return [
        Bin(risk + 0.5 if risk else 0.0, frauds[risk], max(0, every[risk] - frauds[risk]))
        for risk in sorted(every | frauds)
    ]


def latest(group: str) -> Calibration | None:
    """The last one that was counted. Cost: 1 query."""
    return Calibration.objects.filter(group=group).order_by("-at").first()


def scale_of(group: str) -> Scale:
    """The scale in force; the shipped one where none was counted yet. Cost: 1 query."""
    row = latest(group)
    if row is None:
        return SHIPPED
    return from_plain({name: value for name, value in row.content.items() if name != "bins"})


def bins_of(row: Calibration) -> list[Bin]:
    """What a calibration was counted from."""
    return [Bin(risk, frauds, others) for risk, frauds, others in row.content.get("bins", [])]


def bands(bins: list[Bin]) -> list[Bin]:
    """The same in bands of ten points, each at the mean of its risks."""
    found: dict[int, list[Bin]] = {}
    for one in bins:
        found.setdefault(int(min(one.risk, 99.9) // BAND), []).append(one)
    return [_merged(mine) for _, mine in sorted(found.items())]


def _merged(bins: list[Bin]) -> Bin:
    frauds, others = sum(one.frauds for one in bins), sum(one.others for one in bins)
    weighted = sum(one.risk * (one.frauds + one.others) for one in bins)
    return Bin(weighted / max(1, frauds + others), frauds, others)


def _by_risk(rows: QuerySet) -> Counter[int]:  # type: ignore[type-arg]
    told = rows.order_by().annotate(bin=Floor("risk")).values_list("bin").annotate(number=Count("pk"))
    return Counter({int(risk): number for risk, number in told})
