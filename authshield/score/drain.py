"""Empties the scoring stream: journal, devices, sessions and late scores, in batches, for as long as it is let.

One drain works at a time, under a lease. An entry is acknowledged after its effects are committed, and every
effect may be repeated, so that a crash at any point costs time and nothing else. Must not act on a session:
what is found goes to ``Work.found``.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q

from authshield.errors import StoreUnavailable
from authshield.measure import stream
from authshield.measure.profile import mark_session
from authshield.measure.store import Store
from authshield.measure.stream import Entry, Seen, Settled
from authshield.models import Session, SessionScore
from authshield.record import journal
from authshield.record.sightings import Sighting, save_sightings
from authshield.score.session import MODEL, SCORED, LateScore, score

logger = logging.getLogger("authshield.drain")

BATCH = 500
BLOCK_MS = 200
LEASE = "drain"
LEASE_SECONDS = 10.0
LINGER_SECONDS = 20.0

_DATABASE_IS_AWAY = (OperationalError, InterfaceError)


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

    ``parameters`` of the ruleset in force; ``found`` is called in the batch's transaction, once an event;
    ``between`` after every read, a few times a second.
    """

    clock: Callable[[], datetime]
    parameters: Callable[[datetime], Mapping[str, float]]
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
    try:
        scores = _commit(entries, work)
    except _DATABASE_IS_AWAY:
        raise
    except Exception:  # whatever it is, it must not stop the entries beside it
        logger.exception("a batch of %d entries failed, they are taken one by one", len(entries))
        scores = _one_by_one(entries, work)
    for sid, value in scores.items():
        mark_session(store, sid, score=value)


def _one_by_one(entries: Sequence[Entry], work: Work) -> dict[str, float]:
    scores: dict[str, float] = {}
    for entry in entries:
        try:
            scores |= _commit([entry], work)
        except _DATABASE_IS_AWAY:
            raise
        except Exception:  # see process
            logger.exception("event %s cannot be worked on and is left out", entry.event.id)
    return scores


def _commit(entries: Sequence[Entry], work: Work) -> dict[str, float]:
    now = work.clock()
    with transaction.atomic():
        journal.write([_line(entry) for entry in entries])
        save_sightings([_sighting(entry) for entry in entries], now)
        return _score(entries, work, now)


def _line(entry: Entry) -> journal.Line:
    if isinstance(entry, Settled):
        return journal.Line(entry.event, None, entry.decision, entry.outcome)
    return journal.Line(entry.event, entry.features)


def _sighting(entry: Entry) -> Sighting:
    if isinstance(entry, Settled):
        return Sighting(entry.event, entry.decision, entry.outcome, entry.extra, trust=entry.trust)
    return Sighting(entry.event)


def _score(entries: Sequence[Entry], work: Work, now: datetime) -> dict[str, float]:
    """Score what was seen, once an event and model; returns the sessions' scores so far."""
    parameters = work.parameters(now)
    scored: dict[str, tuple[Found, datetime]] = {}
    for entry in entries:
        event = entry.event
        if isinstance(entry, Seen) and event.kind in SCORED and event.session and event.account:
            late = score(event, entry.features, parameters)
            scored[event.id] = Found(event.account, event.session, event.id, late), event.at
    if not scored:
        return {}
    known = set(
        SessionScore.objects.filter(event_id__in=scored, model=MODEL).values_list("event_id", flat=True)
    )
    new = [(found, at) for event_id, (found, at) in scored.items() if event_id not in known]
    SessionScore.objects.bulk_create([_row(found, at, now) for found, at in new], ignore_conflicts=True)
    for found, _ in new:
        _raise_score(found)
        if found.late.opens_case:
            work.found(found, now)
    sids = {found.sid for found, _ in scored.values()}
    rows = Session.objects.filter(pk__in=sids, score__isnull=False).values_list("sid", "score")
    return {sid: value for sid, value in rows if value is not None}


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
