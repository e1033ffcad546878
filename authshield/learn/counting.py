"""Counts of signs over labelled events: by the month of the event, its kind, sign, step and verdict.

Only ever changed by differences, in the transaction of the label. A sign's name left empty counts the events.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from django.db.models import F

from authshield.models import SignCount

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime

    from authshield.models import LabelledEvent

Key = tuple["date", str, str, int, str]
"""Month, kind, sign, step, verdict."""


def keys_of(at: datetime, kind: str, steps: Mapping[str, int], verdict: str) -> Iterator[Key]:
    """What an event is counted by."""
    month = at.date().replace(day=1)
    yield month, kind, "", 0, verdict
    for sign, step in steps.items():
        yield month, kind, sign, step, verdict


def of_event(row: LabelledEvent, verdict: str) -> Iterator[Key]:
    """What a counted event is counted by under this verdict."""
    return keys_of(row.at, row.kind, row.steps, verdict)


def change(differences: Counter[Key]) -> None:
    """Add these differences, in the caller's transaction. Cost: some 4 statements, whatever their number."""
    wanted = {key: number for key, number in differences.items() if number}
    if not wanted:
        return
    SignCount.objects.bulk_create([_row(key) for key in sorted(wanted)], ignore_conflicts=True)
    # Locked in one order: two labels that change the same counts wait for each other, and never in a circle.
    months, kinds = {key[0] for key in wanted}, {key[1] for key in wanted}
    rows = SignCount.objects.select_for_update().filter(month__in=months, kind__in=kinds).order_by("pk")
    by_number: dict[int, list[int]] = {}
    for row in rows:
        number = wanted.get((row.month, row.kind, row.sign, row.step, row.verdict))
        if number:
            by_number.setdefault(number, []).append(row.pk)
    for number, pks in by_number.items():
        SignCount.objects.filter(pk__in=pks).update(number=F("number") + number)


def counts() -> Counter[Key]:
    """All counts that are not 0. Cost: 1 query."""
    rows = SignCount.objects.exclude(number=0)
    return Counter({(row.month, row.kind, row.sign, row.step, row.verdict): row.number for row in rows})


def _row(key: Key) -> SignCount:
    month, kind, sign, step, verdict = key
    return SignCount(month=month, kind=kind, sign=sign, step=step, verdict=verdict)
