"""The latest week beside the four before it: each sign's steps, and how often each rule and limit answers.

Samples what is recorded, so that a large site costs no more than a small one. Cost: 4 queries, some seconds at most.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from authshield import signals
from authshield.learn.chances import GROUPS, LOGIN, group_of
from authshield.learn.drift import DRIFTED, STEADY, drift
from authshield.learn.recorded import LABELLED_KINDS, steps_of
from authshield.models import DriftReport, JournalEntry, LedgerEntry
from authshield.record.journal import FAILED

WEEK = timedelta(days=7)
BEFORE = 4 * WEEK
SAMPLE = 4_000
LEAST = 200
"""Fewer decisions on either side say nothing."""

KEPT = 90


@dataclass(slots=True)
class Week:
    """What a sample shows: how many decisions, on which steps, and what answered."""

    number: int = 0
    steps: dict[str, Counter[int]] = field(default_factory=dict)
    rules: Counter[str] = field(default_factory=Counter)


def report(now: datetime) -> DriftReport:
    """Compare, keep the result, and tell whoever listens."""
    rows: list[dict[str, Any]] = []
    numbers = {}
    for group in GROUPS:
        before, latest = read(group, now - WEEK - BEFORE, now - WEEK), read(group, now - WEEK, now)
        numbers[group] = [before.number, latest.number]
        if min(before.number, latest.number) >= LEAST:
            rows += compared(group, before, latest)
    rows.sort(key=lambda row: (-row["psi"], row["name"]))
    is_alarming = any(row["level"] == DRIFTED for row in rows)
    content = {"rows": rows, "numbers": numbers}
    made, _ = DriftReport.objects.update_or_create(
        at=now, defaults={"content": content, "is_alarming": is_alarming}
    )
    kept = list(DriftReport.objects.values_list("pk", flat=True)[:KEPT])
    DriftReport.objects.exclude(pk__in=kept).delete()
    signals.drift_measured.send_robust(sender=DriftReport, report=made)
    return made


def read(group: str, since: datetime, until: datetime) -> Week:
    """A sample of a group's decisions in a time."""
    kinds = [kind for kind in sorted(LABELLED_KINDS) if group_of(kind) == group]
    table = JournalEntry.objects if group == LOGIN else LedgerEntry.objects
    rows = table.filter(kind__in=kinds, at__gte=since, at__lt=until).exclude(final=FAILED).exclude(account="")
    # Ids of events are random: so many of the smallest are a fair sample.
    told = rows.order_by("event_id").values_list("kind", "facts", "rules")[:SAMPLE]
    week = Week()
    for kind, facts, rules in told:
        if not facts or facts.get("store.is_missing"):
            continue
        week.number += 1
        for sign, step in steps_of(kind, facts).items():
            week.steps.setdefault(sign, Counter())[step] += 1
        week.rules.update(set(rules))
    return week


def compared(group: str, before: Week, latest: Week) -> list[dict[str, Any]]:
    """One row a sign and a rule."""
    found = []
    for sign in sorted(before.steps.keys() | latest.steps.keys()):
        old, new = before.steps.get(sign, Counter()), latest.steps.get(sign, Counter())
        found.append(_row(group, "sign", sign, before=old, latest=new))
    for rule in sorted(before.rules.keys() | latest.rules.keys()):
        old, new = _hits(before, rule), _hits(latest, rule)
        found.append(_row(group, "rule", rule, before=old, latest=new))
    return found


def latest() -> DriftReport | None:
    """The last report. Cost: 1 query."""
    return DriftReport.objects.order_by("-at").first()


def drifted(found: DriftReport) -> list[dict[str, Any]]:
    """The rows of a report that are not steady, the furthest first."""
    return [row for row in found.content["rows"] if row["level"] != STEADY]


def _hits(week: Week, rule: str) -> Counter[int]:
    return Counter({1: week.rules[rule], 0: week.number - week.rules[rule]})


def _row(group: str, what: str, name: str, *, before: Counter[int], latest: Counter[int]) -> dict[str, Any]:
    found = drift(before, latest)
    return {
        "group": group,
        "what": what,
        "name": name,
        "psi": round(found.psi, 4),
        "chance": round(found.chance, 4),
        "level": found.level,
        "before": _shares(before, latest),
        "now": _shares(latest, before),
    }


def _shares(counts: Counter[int], other: Counter[int]) -> list[float]:
    most = max([*counts, *other])
    total = sum(counts.values())
    return [round(counts[step] / total, 5) if total else 0.0 for step in range(most + 1)]
