"""Empties the scoring stream: journal, devices, sessions and late scores, in batches, for as long as it is let.

One drain works at a time, under a lease. An entry is acknowledged after its effects are committed, and every
effect may be repeated, so that a crash at any point costs time and nothing else. Must not act on a session:
what is found goes to ``Work.found``.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DataError, IntegrityError, transaction
from django.db.models import Q

from authshield.errors import StoreUnavailable
from authshield.judge import Ruleset
from authshield.measure import stream
from authshield.measure.profile import mark_session
from authshield.measure.store import Store
from authshield.measure.stream import Entry, Seen, Settled
from authshield.models import Session, SessionScore
from authshield.record import journal
from authshield.record.sightings import Sighting, save_sightings
from authshield.score.scan import Members
from authshield.score.session import MODEL, SCORED, LateScore, score

logger = logging.getLogger("authshield.drain")

BATCH = 500
BLOCK_MS = 200
LEASE = "drain"
LEASE_SECONDS = 10.0
LINGER_SECONDS = 20.0

_UNFIT = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, DataError, IntegrityError)
"""What an entry raises that can never be worked on. Anything else, such as a database that is away or a time
limit, ends the drain, and what was read comes again."""


@dataclass(frozen=True, slots=True)
class Found:
    """A session whose late score after ``event_id`` is high enough for a case."""

    account: str
    sid: str
    event_id: str
    late: LateScore


@dataclass(frozen=True, slots=True)
class Work:
    """What the drain is given by the floor above.

    ``ruleset`` in force; ``members`` of campaigns; ``found`` is called in the batch's transaction, once an event;
    ``between`` after every read, a few times a second.
    """

    clock: Callable[[], datetime]
    ruleset: Callable[[datetime], Ruleset]
    members: Members
    found: Callable[[Found, datetime], None]
    between: Callable[[datetime], None]


def drain(store: Store, work: Work, *, linger_seconds: float = LINGER_SECONDS) -> int | None:
    """Work for ``linger_seconds``; returns how many entries were done, None where another drain is at work.

    Raises ``StoreUnavailable`` or a database error where one of them is away; what was read comes again.
    """
    token = secrets.token_hex(16)
    if not stream.take_lease(store, LEASE, token, LEASE_SECONDS):
        return None
    done = 0
    until = work.clock() + timedelta(seconds=linger_seconds)
    try:
        while work.clock() < until and stream.renew_lease(store, LEASE, token, LEASE_SECONDS):
            entries = stream.read(store, count=BATCH, block_ms=BLOCK_MS)
            process(entries, store, work)
            stream.ack(store, entries)
            done += len(entries)
            work.between(work.clock())
    finally:
        with suppress(StoreUnavailable):
            stream.drop_lease(store, LEASE, token)
    return done


def process(entries: Sequence[Entry], store: Store, work: Work) -> None:
    """Commit the effects of a batch, then tell the store the scores. Harmless twice.

    An entry that can never be worked on is logged and left out, so that it does not stop the others.
    """
    if not entries:
        return
    now = work.clock()
    batch = _Batch(work, work.ruleset(now), now)
    try:
        scores = batch.commit(entries)
    except _UNFIT:
        logger.exception("a batch of %d entries failed, they are taken one by one", len(entries))
        scores = batch.commit_each(entries)
    for sid, value in scores.items():
        mark_session(store, sid, score=value)


@dataclass(frozen=True, slots=True)
class _Batch:
    """One batch's effects on the database."""

    work: Work
    ruleset: Ruleset
    now: datetime

    def commit(self, entries: Sequence[Entry]) -> dict[str, float]:
        """All of them in one transaction; returns the scores of their sessions so far."""
        with transaction.atomic():
            journal.write([_line(entry) for entry in entries])
            save_sightings([_sighting(entry) for entry in entries], self.now)
            return self._score(entries)

    def commit_each(self, entries: Sequence[Entry]) -> dict[str, float]:
        """Each in a transaction of its own; those that are unfit are left out."""
        scores: dict[str, float] = {}
        for entry in entries:
            try:
                scores |= self.commit([entry])
            except _UNFIT:
                logger.exception("event %s cannot be worked on and is left out", entry.event.id)
        return scores

    def _score(self, entries: Sequence[Entry]) -> dict[str, float]:
        """Score what was seen, once an event and model."""
        scored: dict[str, tuple[Found, datetime]] = {}
        for entry in entries:
            event = entry.event
            if isinstance(entry, Seen) and event.kind in SCORED and event.session and event.account:
                late = score(event, entry.features, self.ruleset, self.work.members)
                scored[event.id] = Found(event.account, event.session, event.id, late), event.at
        if not scored:
            return {}
        known = SessionScore.objects.filter(event_id__in=scored, model=MODEL)
        done = set(known.values_list("event_id", flat=True))
        new = [(found, at) for event_id, (found, at) in scored.items() if event_id not in done]
        SessionScore.objects.bulk_create(
            [_row(found, at, self.now) for found, at in new], ignore_conflicts=True
        )
        for found, _ in new:
            _raise_score(found)
            if found.late.opens_case:
                self.work.found(found, self.now)
        sids = {found.sid for found, _ in scored.values()}
        rows = Session.objects.filter(pk__in=sids, score__isnull=False).values_list("sid", "score")
        return {sid: value for sid, value in rows if value is not None}


def _line(entry: Entry) -> journal.Line:
    if isinstance(entry, Settled):
        return journal.Line(entry.event, None, entry.decision, entry.outcome)
    return journal.Line(entry.event, entry.features)


def _sighting(entry: Entry) -> Sighting:
    if isinstance(entry, Settled):
        return Sighting(entry.event, entry.decision, entry.outcome, entry.extra, trust=entry.trust)
    return Sighting(entry.event)


def _raise_score(found: Found) -> None:
    """A session keeps its highest score: what came late or twice never lowers it."""
    lower = Q(score=None) | Q(score__lt=found.late.score)
    Session.objects.filter(lower, pk=found.sid).update(score=found.late.score)


def _row(found: Found, at: datetime, now: datetime) -> SessionScore:
    reasons = [
        {"code": reason.code, "points": reason.points, "text": reason.text} for reason in found.late.reasons
    ]
    return SessionScore(
        event_id=found.event_id,
        model=MODEL,
        sid=found.sid,
        account=found.account,
        score=found.late.score,
        reasons=reasons,
        event_at=at,
        scored_at=now,
    )
