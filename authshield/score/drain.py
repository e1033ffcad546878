"""Empties the scoring streams: journal, devices, sessions and late scores, in batches, for as long as it is let.

Each shard has one drain at a time, under a lease; all that belongs to an account is in one shard, in order. An entry
is acknowledged after its effects are committed, and every effect may be repeated, so that a crash at any point costs
time and nothing else. Must not act on a session: what is found goes to ``Work.found`` and ``Work.joined``.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeGuard

from django.db import DataError, IntegrityError, transaction
from django.db.models import Value
from django.db.models.functions import Coalesce, Greatest

from authshield.judge import Ruleset
from authshield.measure import stream
from authshield.measure.profile import mark_session
from authshield.measure.store import Store
from authshield.measure.stream import Entry, Seen, Settled
from authshield.models import Session, SessionScore
from authshield.record import journal
from authshield.record.sightings import Sighting, save_sightings
from authshield.score.scan import Join, Member, Members
from authshield.score.session import MODEL, SCORED, LateScore, notes, score
from authshield.score.shares import Shares

logger = logging.getLogger("authshield.drain")

BATCH = 500
BLOCK_MS = 200
LINGER_SECONDS = 20.0

_UNFIT = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, DataError, IntegrityError)
"""What an entry raises that can never be worked on. Anything else, such as a database that is away or a time
limit, ends the drain, and what was read comes again."""


@dataclass(frozen=True, slots=True)
class Found:
    """A session whose late score after ``event_id`` is high enough for a case.

    ``is_thin``: the event is an order in a symbol that is known to be thinly traded.
    """

    account: str
    sid: str
    event_id: str
    late: LateScore
    at: datetime
    is_thin: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """What the drain is given by the floor above.

    - ``ruleset`` in force; ``members`` of campaigns, for a batch that will note these.
    - ``found`` is called in the batch's transaction, once an event, for a session of no campaign.
    - ``joined`` is called after it, perhaps more than once, with a batch's of campaigns; returns sessions' scores.
    - ``between`` is called after every read, a few times a second.
    """

    clock: Callable[[], datetime]
    ruleset: Callable[[datetime], Ruleset]
    members: Callable[[Sequence[tuple[Join, Member]]], Members]
    found: Callable[[Found, datetime], None]
    joined: Callable[[Sequence[Found], datetime], Mapping[str, float]]
    between: Callable[[datetime], None]


def drain(store: Store, work: Work, *, linger_seconds: float = LINGER_SECONDS) -> int | None:
    """Work for ``linger_seconds``; returns how many entries were done, None where others are at work on all shards.

    Raises ``StoreUnavailable`` or a database error where one of them is away; what was read comes again.
    """
    shares = Shares(store, secrets.token_hex(16))
    done, just_done = None, 1
    until = work.clock() + timedelta(seconds=linger_seconds)
    try:
        while work.clock() < until:
            mine = shares.take()
            if not shares.is_needed:
                break
            if not mine:
                shares.rest()
                continue
            wait_ms = 0 if just_done else BLOCK_MS // len(mine)
            just_done = sum(_turn(store, work, shard, wait_ms) for shard in mine)
            done = (done or 0) + just_done
            work.between(work.clock())
    finally:
        shares.give_back()
    return done


def _turn(store: Store, work: Work, shard: int, wait_ms: int) -> int:
    """One batch of a shard; returns how many entries it had."""
    entries = stream.read(store, count=BATCH, block_ms=wait_ms, shard=shard)
    process(entries, store, work)
    stream.ack(store, entries, shard=shard)
    return len(entries)


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
    if batch.of_campaigns:
        scores |= work.joined(batch.of_campaigns, now)
    for sid, value in scores.items():
        mark_session(store, sid, score=value)


@dataclass(frozen=True, slots=True)
class _Batch:
    """One batch's effects on the database."""

    work: Work
    ruleset: Ruleset
    now: datetime
    of_campaigns: list[Found] = field(default_factory=list)

    def commit(self, entries: Sequence[Entry]) -> dict[str, float]:
        """All of them in one transaction; returns the scores of their sessions so far."""
        orders = [entry for entry in entries if _is_scored(entry)]
        # Before the transaction: what is noted must be seen by others before this batch asks for theirs.
        members = self.work.members(
            [note for entry in orders for note in notes(entry.event, entry.features, self.ruleset)]
        )
        with transaction.atomic():
            _lock(entries)
            journal.write([_line(entry) for entry in entries])
            save_sightings([_sighting(entry) for entry in entries], self.now)
            scores, joined = self._score(orders, members)
        self.of_campaigns.extend(joined)
        return scores

    def commit_each(self, entries: Sequence[Entry]) -> dict[str, float]:
        """Each in a transaction of its own; those that are unfit are left out."""
        scores: dict[str, float] = {}
        for entry in entries:
            try:
                scores |= self.commit([entry])
            except _UNFIT:
                logger.exception("event %s cannot be worked on and is left out", entry.event.id)
        return scores

    def _score(self, orders: Sequence[Seen], members: Members) -> tuple[dict[str, float], list[Found]]:
        """Score what was seen, once an event and model."""
        scored = {entry.event.id: self._found(entry, members) for entry in orders}
        if not scored:
            return {}, []
        known = SessionScore.objects.filter(event_id__in=scored, model=MODEL)
        done = set(known.values_list("event_id", flat=True))
        new = [found for event_id, found in scored.items() if event_id not in done]
        SessionScore.objects.bulk_create([_row(found, self.now) for found in new], ignore_conflicts=True)
        _raise_scores(new)
        for found in new:
            if found.late.opens_case and found.late.campaign is None:
                self.work.found(found, self.now)
        joined = [one for one in scored.values() if one.late.opens_case and one.late.campaign is not None]
        sids = {found.sid for found in scored.values()}
        rows = Session.objects.filter(pk__in=sids, score__isnull=False).values_list("sid", "score")
        return {sid: value for sid, value in rows if value is not None}, joined

    def _found(self, entry: Seen, members: Members) -> Found:
        event, facts = entry.event, entry.features.facts
        late = score(event, entry.features, self.ruleset, members)
        is_thin = bool(facts["order.is_thin"])
        return Found(event.account or "", event.session or "", event.id, late, event.at, is_thin=is_thin)


def _is_scored(entry: Entry) -> TypeGuard[Seen]:
    event = entry.event
    return isinstance(entry, Seen) and event.kind in SCORED and bool(event.session and event.account)


def _line(entry: Entry) -> journal.Line:
    if isinstance(entry, Settled):
        return journal.Line(entry.event, None, entry.decision, entry.outcome)
    return journal.Line(entry.event, entry.features)


def _sighting(entry: Entry) -> Sighting:
    if isinstance(entry, Settled):
        return Sighting(entry.event, entry.decision, entry.outcome, entry.extra, trust=entry.trust)
    return Sighting(entry.event)


def _lock(entries: Sequence[Entry]) -> None:
    """Sessions in one order, before all else: campaigns lock those of all shards; none may wait in a circle."""
    sids = {entry.event.session for entry in entries if entry.event.session}
    if sids:
        list(Session.objects.select_for_update().filter(pk__in=sids).order_by("pk").values_list("pk"))


def _raise_scores(found: Iterable[Found]) -> None:
    """A session keeps its highest score: what came late or twice never lowers it."""
    highest: dict[str, float] = {}
    for one in found:
        highest[one.sid] = max(one.late.score, highest.get(one.sid, 0.0))
    raised = [
        Session(sid=sid, score=Greatest(Coalesce("score", 0.0), Value(score)))
        for sid, score in highest.items()
    ]
    Session.objects.bulk_update(raised, ["score"])


def _row(found: Found, now: datetime) -> SessionScore:
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
        event_at=found.at,
        scored_at=now,
    )
