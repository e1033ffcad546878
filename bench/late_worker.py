"""What a process of ``bench.late`` does: prepare the database, fill the streams, or empty them. Must not compare."""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress

import django
import psycopg

from bench.late import SHARDS, VARIANT, EmptyError, visits_of


def prepare(host: str) -> None:
    """Make the database and its tables."""
    from django.core.management import call_command

    with psycopg.connect(f"host={host} user=postgres dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE bench_{VARIANT}")
    call_command("migrate", verbosity=0)


def fill(visits: str, run: str) -> None:
    """Measure and settle the events of so many visits, with all that a worker is told of them."""
    from authshield.clock import now
    from authshield.measure import Settlement, default_store, measure, settle
    from authshield.tune.rulebook import active
    from authshield.vocabulary.actions import Action, Strength
    from authshield.vocabulary.decision import Decision, Final, Outcome

    store, (ruleset, _) = default_store(), active(now())
    for event, is_login in visits_of(int(visits), run, now()):
        features = measure(event, ruleset, store)
        if is_login:
            decision = Decision(event.id, Action.ALLOW, Strength.NONE, 0.0, (), (), ruleset_version=1)
            extra = {"key_hash": event.id, "sealed_key": "", "issued_device": ""}
            settlement = Settlement(
                decision, Outcome(Final.ALLOWED), learn=True, trust=True, login_succeeded=True, extra=extra
            )
            settle(event, features, settlement, store)
    store.flush()


def drain() -> None:
    """Say that it is ready, wait for the word, and empty the streams."""
    from dataclasses import replace
    from datetime import datetime

    from authshield import tasks
    from authshield.measure import default_store, stream
    from authshield.models import Session
    from authshield.score import drain as draining

    store, work = default_store(), tasks._work()  # noqa: SLF001 - the very work of the task

    def until_empty(now: datetime) -> None:
        work.between(now)
        if not stream.lag(store):
            raise EmptyError

    Session.objects.exists()
    work.ruleset(work.clock())
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.process_time()
    with suppress(EmptyError):
        draining.drain(store, replace(work, between=until_empty), linger_seconds=600)
    print(json.dumps({"ended": time.monotonic(), "cpu": time.process_time() - began}), flush=True)


if __name__ == "__main__":
    from django.conf import settings

    django.setup()
    settings.AUTHSHIELD_STREAM_SHARDS = SHARDS
    match sys.argv[1:]:
        case ["prepare", host]:
            prepare(host)
        case ["fill", visits, run]:
            fill(visits, run)
        case _:
            drain()
