"""Celery entry points, and nothing else: which work is done when. The only home of ``celery``.

Arguments are ids, payloads JSON; every task may run twice, late, or beside itself.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from celery import current_app, shared_task
from celery.signals import worker_ready
from kombu.exceptions import OperationalError

from authshield import clock
from authshield.conf import current
from authshield.contain import campaigns, intake, passwords, steps
from authshield.enforce import holds
from authshield.errors import ConfigurationError, GatewayError, StoreUnavailable
from authshield.judge import Ruleset
from authshield.learn import chances, weeks
from authshield.learn import refit as refitting
from authshield.learn.work import HANDLERS, SLOW
from authshield.measure.store import default_store
from authshield.models import Case
from authshield.record import outbox, retention
from authshield.schedule import beat_schedule
from authshield.score import drain as draining
from authshield.score.guard import guard_of
from authshield.score.members import Note, ready, stored
from authshield.score.scan import Join, Members
from authshield.score.session import in_words, of_member
from authshield.tune import switches
from authshield.tune.rulebook import active
from authshield.vocabulary.ruleset import SwitchKind

logger = logging.getLogger("authshield.tasks")

TIME_LIMIT = 30
VISIBILITY_SECONDS = 4 * TIME_LIMIT
"""A longer task would be handed to a second worker while the first still has it."""

_OPTIONS: dict[str, Any] = {
    "acks_late": True,
    "reject_on_worker_lost": True,
    "ignore_result": True,
    "serializer": "json",
    "soft_time_limit": TIME_LIMIT - 3,
    "time_limit": TIME_LIMIT,
}


@shared_task(name="authshield.drain", **_OPTIONS)
def drain() -> None:
    """Empty the scoring stream for a while, then ask for another turn; at once over where one is at work."""
    store = default_store()
    try:
        done = draining.drain(store, _work())
    except StoreUnavailable as error:
        logger.warning("the stream waits: %s", error)
        return
    if done is not None:
        _send(drain)


@shared_task(name="authshield.run_outbox", **_OPTIONS)
def run_outbox() -> None:
    """Do what waits in the outbox, mails too."""
    for _ in range(10):
        if not outbox.run_due(clock.now(), HANDLERS, limit=20):
            return


@shared_task(name="authshield.expire", **_OPTIONS)
def expire() -> None:
    """End what nobody decided in time. Challenges and switches end by their own dates; some are news."""
    now = clock.now()
    holds.expire_due(now)
    passwords.tell_of_known_passwords(now)


@shared_task(name="authshield.sync_flags", **_OPTIONS)
def sync_flags() -> None:
    """Tell Redis which accounts are frozen and which sessions have ended, should it have lost its memory."""
    with suppress(StoreUnavailable):
        steps.sync_flags(clock.now())


@shared_task(name="authshield.purge", **_OPTIONS)
def purge() -> None:
    """Delete what is past its retention."""
    deleted = {table: rows for table, rows in retention.purge(clock.now()).items() if rows}
    if deleted:
        logger.info("purged: %s", deleted)


@shared_task(name="authshield.learn", **_OPTIONS)
def learn() -> None:
    """Calibrate by the labels so far, and compare the latest week with those before."""
    now = clock.now()
    chances.renew(now)
    report = weeks.report(now)
    if report.is_alarming:
        logger.warning("drifted: %s", ", ".join(row["name"] for row in weeks.drifted(report)))


@shared_task(name="authshield.refit", **_OPTIONS)
def refit() -> None:
    """Once a week propose new weights, where labels are enough; a person promotes them."""
    now = clock.now()
    if not refitting.is_due(now):
        return
    try:
        proposal = refitting.refit(now)
    except ConfigurationError as error:
        logger.error("%s", error)  # noqa: TRY400 - it says what to do, and a traceback would hide it
        return
    logger.info("refit: %s", f"proposal {proposal.pk}" if proposal else "too few labels yet")


def celery_settings() -> dict[str, Any]:
    """What these tasks need of an app of their own, for ``app.conf.update(celery_settings())``.

    On a host's own app merge the schedule and the route alone, and keep its visibility timeout at 120 s or
    more. Source: trials with Celery 5.7 and kombu 5.7, whose defaults leave a dead worker's task for 100 s.
    """
    return {
        "accept_content": ["json"],
        "beat_schedule": beat_schedule(),
        "broker_connection_max_retries": None,
        "broker_connection_retry_on_startup": True,
        "broker_transport_options": {
            "visibility_timeout": VISIBILITY_SECONDS,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_timeout": 2,
            "socket_connect_timeout": 1,
        },
        "enable_utc": True,
        "result_backend": None,
        "task_acks_late": True,
        "task_default_queue": current().QUEUE,
        "task_ignore_result": True,
        "task_reject_on_worker_lost": True,
        "task_routes": {"authshield.*": {"queue": current().QUEUE}},
        "task_serializer": "json",
        "task_soft_time_limit": TIME_LIMIT - 3,
        "task_time_limit": TIME_LIMIT,
        "worker_max_tasks_per_child": 1000,
        "worker_prefetch_multiplier": 1,
        "worker_soft_shutdown_timeout": 20.0,
    }


def ping_workers(timeout_seconds: float) -> list[str]:
    """Names of the workers that answer in time; it waits that long. ``GatewayError`` where the broker is away."""
    try:
        with current_app.connection_for_write(connect_timeout=timeout_seconds) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=math.ceil(timeout_seconds))
            replies = current_app.control.ping(timeout=timeout_seconds, connection=connection)
    except (OperationalError, OSError) as error:
        raise GatewayError(f"Celery's broker does not answer: {error}") from error
    return sorted(name for reply in replies or () for name in reply)


def celery_value(name: str) -> Any:
    """What the app in use has for a setting of Celery, by its lower-case name."""
    return current_app.conf.get(name)


@worker_ready.connect(weak=False, dispatch_uid="authshield.tasks.start")
def start(**_: object) -> None:
    """Begin as soon as a worker is up, rather than at beat's first turn."""
    for _shard in range(current().STREAM_SHARDS):
        _send(drain)
    _send(sync_flags)


def _work() -> draining.Work:
    return draining.Work(
        clock=clock.now, ruleset=_ruleset, members=_members, found=_found, joined=_joined, between=_between
    )


def _ruleset(now: datetime) -> Ruleset:
    ruleset, _ = active(now)
    return ruleset


def _found(found: draining.Found, now: datetime) -> None:
    late = found.late
    case = intake.take(
        found.account, found.sid, event_id=found.event_id, score=late.score, reasons=late.reasons, now=now
    )
    if case is not None and late.contains and _is_enforcing(now):
        intake.want_containment(case, now)


def _members(notes: Sequence[Note]) -> Members:
    return ready(notes, cleared=lambda names: campaigns.cleared(names, clock.now()))


def _joined(founds: Sequence[draining.Found], now: datetime) -> Mapping[str, float]:
    """Sessions of campaigns, and what that says against all the others; each campaign once."""
    ruleset, _ = active(now)
    contain_from = ruleset.source.parameters["score_contain"] if _is_enforcing(now) else None
    by_join: dict[Join, list[draining.Found]] = {}
    for found in founds:
        if found.late.campaign is not None:
            by_join.setdefault(found.late.campaign.join, []).append(found)
    scores: dict[str, float] = {}
    for join, mine in sorted(by_join.items()):
        joined = campaigns.Joined(
            name=stored(join),
            words="; ".join(in_words(one.late.campaign) for one in mine[-1:] if one.late.campaign),
            event_id=mine[-1].event_id,
            at=max(one.at for one in mine),
            score=max(one.late.score for one in mine),
            reasons=mine[-1].late.reasons,
            parts=_parts(mine),
        )
        case, raised = campaigns.take(joined, now, contain_from=contain_from)
        scores |= raised
        if contain_from is not None:
            _guard_symbol(case, mine[-1], ruleset.source.parameters, now)
    return scores


def _parts(founds: Sequence[draining.Found]) -> tuple[campaigns.Part, ...]:
    """All sessions of a campaign as its events found them, each with its highest score."""
    parts: dict[str, campaigns.Part] = {}
    for found in founds:
        own = campaigns.Part(found.account, found.sid, found.event_id, found.at, found.late.score)
        others = found.late.campaign.members if found.late.campaign is not None else ()
        told = [
            campaigns.Part(one.account, one.sid, one.event_id, one.at, of_member(one, found.late.campaign))
            for one in others
            if one.sid != found.sid and found.late.campaign is not None
        ]
        for part in (own, *told):
            if part.sid not in parts or part.score > parts[part.sid].score:
                parts[part.sid] = part
    return tuple(parts.values())


def _guard_symbol(case: Case, found: draining.Found, parameters: Mapping[str, float], now: datetime) -> None:
    """Put the campaign's symbol under guard, if the desk lets it."""
    campaign = found.late.campaign
    wanted = guard_of(campaign, parameters, now, is_thin=found.is_thin) if campaign is not None else None
    if wanted is None:
        return
    row = switches.guard(wanted.switch, most=wanted.most, reason=f"campaign: {case.title}"[:200], now=now)
    if row is not None:
        campaigns.note_guard(case, row, now)


def _is_enforcing(now: datetime) -> bool:
    _, on = active(now)
    observes = any(switch.kind == SwitchKind.OBSERVE_ALL and switch.expires_at > now for switch in on)
    return current().MODE == "enforce" and not observes


def _between(now: datetime) -> None:
    """Containment first; one slow task a turn, the rest is for the task of the outbox itself."""
    outbox.run_due(now, HANDLERS, skip=SLOW)
    outbox.run_due(now, HANDLERS, limit=1)


def _send(task: Any) -> None:
    """Ask for a task; a broker that is away is made up for by beat."""
    with suppress(OperationalError, OSError):
        task.apply_async(queue=current().QUEUE, retry=False)
