"""The weekly refit, in shadow: weights from the labels, judged beside those in force on what they have not seen.

The result is a proposal; a person promotes it or not. Drawn towards the shipped weights, so that a few labels mend
them and nobody's labels replace them. Needs numpy for the fit alone (``authshield[refit]``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from authshield.errors import ConfigurationError
from authshield.judge.evidence.signs import BY_CODE
from authshield.judge.evidence.weights import base_code, completed, shipped
from authshield.learn.chances import GROUPS, KEPT_DAYS, LOGIN, MATURE_DAYS, group_of, kept_days
from authshield.learn.recorded import LABELLED_KINDS, steps_of
from authshield.models import Case, JournalEntry, Label, LabelledEvent, LedgerEntry, Proposal, Verdict
from authshield.record.journal import FAILED
from authshield.tune import rulebook
from authshield.tune.transfer import default_source
from authshield.vocabulary.event import Kind

EVERY = timedelta(days=6, hours=20)
HELD_OUT = 0.25
"""The latest share of the fraudulent sessions, which the fit does not see."""

LEAST_SEEN, LEAST_HELD_OUT, LEAST_OTHERS = 20, 5, 200
SAMPLE = 8_000
MOST_A_SESSION = 3
RATES = (0.003, 0.01, 0.02)
MADE_BY = "weekly refit"

Weights = dict[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Known:
    """An event of which it is known, or may be presumed by now, what it was. ``counts``: how many it stands for."""

    at: datetime
    kind: str
    sid: str
    steps: dict[str, int]
    is_fraud: bool
    counts: float = 1.0


def is_due(now: datetime) -> bool:
    """Whether the last candidate is a week old. Cost: 1 query."""
    mine = Proposal.objects.filter(kind=Proposal.Kind.WEIGHTS, created_by=MADE_BY, created_at__gt=now - EVERY)
    return not mine.exists()


def refit(now: datetime) -> Proposal | None:
    """Fit and judge; None where labels are too few. An older candidate that nobody decided on gives way.

    Raises ``ConfigurationError`` without numpy. Cost: some seconds; for a worker.
    """
    if LabelledEvent.objects.filter(verdict=Verdict.FRAUD).count() < LEAST_SEEN + LEAST_HELD_OUT:
        return None
    seen, held_out = split(_capped(known(now)))
    if not _is_enough(seen, held_out):
        return None
    candidate = _fitted(seen)
    in_force = completed((rulebook.published() or default_source()).weights)
    evidence = {
        "seen": _numbers(seen),
        "held_out": _numbers(held_out),
        "in_force": judged(held_out, in_force),
        "candidate": judged(held_out, candidate),
    }
    waiting = Proposal.objects.filter(
        kind=Proposal.Kind.WEIGHTS, created_by=MADE_BY, state=Proposal.State.OPEN
    )
    waiting.update(state=Proposal.State.DISMISSED, decided_at=now, reason="a newer one was made")
    return Proposal.objects.create(
        kind=Proposal.Kind.WEIGHTS,
        created_at=now,
        created_by=MADE_BY,
        content={"weights": {code: list(nats) for code, nats in candidate.items()}},
        evidence=evidence,
    )


def known(now: datetime) -> list[Known]:
    """Labelled events, and a sample of old enough ones that nobody labelled. Cost: 5 queries."""
    since = now - timedelta(days=KEPT_DAYS)
    labelled = LabelledEvent.objects.filter(at__gte=since, at__lte=now)
    found = [
        Known(row.at, row.kind, row.sid, _readable(row.steps), row.verdict == Verdict.FRAUD)
        for row in labelled
    ]
    for group in GROUPS:
        found += _presumed(group, now)
    return found


def split(events: Sequence[Known]) -> tuple[list[Known], list[Known]]:
    """What the fit sees, and the latest part that it is judged by. No session is in both."""
    began: dict[str, datetime] = {}
    for one in events:
        name = one.sid or f"{one.at}"
        began[name] = min(one.at, began.get(name, one.at))
    frauds = sorted({(began[one.sid or f"{one.at}"], one.sid) for one in events if one.is_fraud})
    if not frauds:
        return list(events), []
    cut = frauds[min(len(frauds) - 1, round(len(frauds) * (1 - HELD_OUT)))][0]
    seen = [one for one in events if began[one.sid or f"{one.at}"] < cut]
    return seen, [one for one in events if began[one.sid or f"{one.at}"] >= cut]


def judged(events: Sequence[Known], weights: Weights) -> dict[str, Any]:
    """Recall at the same challenge rates, of sign-ins and of all else, and the area under precision and recall."""
    found: dict[str, Any] = {}
    for group in GROUPS:
        mine = [(nats_of(one, weights), one) for one in events if group_of(one.kind) == group]
        if any(one.is_fraud for _, one in mine):
            found[group] = {"recall": [[rate, _recall(mine, rate)] for rate in RATES], "area": _area(mine)}
    return found


def nats_of(one: Known, weights: Weights) -> float:
    """What these weights say of an event."""
    base = weights[base_code(Kind(one.kind))][0]
    return base + sum(weights[sign][step] for sign, step in one.steps.items())


def _recall(scored: Sequence[tuple[float, Known]], rate: float) -> float:
    """The share of frauds over the threshold that this share of the others is over."""
    others = sorted(((nats, one.counts) for nats, one in scored if not one.is_fraud), reverse=True)
    left, threshold = rate * sum(counts for _, counts in others), float("inf")
    for nats, counts in others:
        if counts > left:
            threshold = nats
            break
        left -= counts
    frauds = [nats for nats, one in scored if one.is_fraud]
    over = sum(nats > threshold for nats in frauds) if others and threshold < float("inf") else len(frauds)
    return over / len(frauds)


def _area(scored: Sequence[tuple[float, Known]]) -> float:
    """Average precision; equal scores are taken together."""
    total = sum(one.is_fraud for _, one in scored)
    area = hits = flagged = 0.0
    by_nats: dict[float, list[Known]] = {}
    for nats, one in scored:
        by_nats.setdefault(round(nats, 6), []).append(one)
    for _, ties in sorted(by_nats.items(), reverse=True):
        new = sum(one.is_fraud for one in ties)
        hits += new
        flagged += sum(one.counts for one in ties)
        area += new * hits / flagged
    return area / total if total else 0.0


def _fitted(events: Sequence[Known]) -> Weights:
    try:
        from authshield.score.fitting import Example, fit  # noqa: PLC0415 - needs numpy, which is an extra
    except ImportError as error:
        raise ConfigurationError(
            "The weekly refit of weights needs numpy: install authshield[refit] where Celery's workers run, or leave "
            "the task authshield.refit out of the schedule"
        ) from error
    examples = [Example(one.kind, one.steps, one.is_fraud, one.counts) for one in events]
    return dict(fit(examples, shipped()))


def _presumed(group: str, now: datetime) -> list[Known]:
    """Ordinary events, each standing for as many as there were in the time that frauds are taken from."""
    days = kept_days(group)
    since, until = now - timedelta(days=days), now - timedelta(days=MATURE_DAYS)
    if since >= until:
        return []
    longer = (KEPT_DAYS - MATURE_DAYS) / (days - MATURE_DAYS)
    kinds = [kind for kind in sorted(LABELLED_KINDS) if group_of(kind) == group]
    table = JournalEntry.objects if group == LOGIN else LedgerEntry.objects
    rows = table.filter(kind__in=kinds, at__gte=since, at__lt=until).exclude(final=FAILED).exclude(account="")
    rows = rows.exclude(event_id__in=LabelledEvent.objects.values("event_id"))
    named = Label.objects.filter(taken_back_at=None).exclude(sid="").values("sid")
    rows = rows.exclude(sid__in=named).exclude(sid__in=Case.objects.exclude(sid="").values("sid"))
    number = rows.count()
    # Ids of events are random: so many of the smallest are a fair sample.
    told = rows.order_by("event_id").values_list("at", "kind", "sid", "facts")[:SAMPLE]
    sample = [row for row in told if row[3] and not row[3].get("store.is_missing")]
    each = longer * number / len(sample) if sample else 0.0
    return [
        Known(at, kind, sid, steps_of(kind, facts), is_fraud=False, counts=each)
        for at, kind, sid, facts in sample
    ]


def _readable(steps: dict[str, int]) -> dict[str, int]:
    """The steps that signs still have: a newer release may have cut one otherwise since it was counted."""
    return {sign: step for sign, step in steps.items() if sign in BY_CODE and step < BY_CODE[sign].steps}


def _capped(events: Sequence[Known]) -> list[Known]:
    """All events of a kind of one session count no more than a few: a long session is one thing that happened."""
    often = Counter((one.sid, one.kind) for one in events if one.sid)
    found = []
    for one in events:
        share = min(1.0, MOST_A_SESSION / often[one.sid, one.kind]) if one.sid else 1.0
        found.append(Known(one.at, one.kind, one.sid, one.steps, one.is_fraud, one.counts * share))
    return found


def _is_enough(seen: Sequence[Known], held_out: Sequence[Known]) -> bool:
    frauds, tested = sum(one.is_fraud for one in seen), sum(one.is_fraud for one in held_out)
    others = min(len(seen) - frauds, len(held_out) - tested)
    return frauds >= LEAST_SEEN and tested >= LEAST_HELD_OUT and others >= LEAST_OTHERS


def _numbers(events: Sequence[Known]) -> dict[str, int]:
    frauds = sum(one.is_fraud for one in events)
    return {"frauds": frauds, "others": len(events) - frauds}
