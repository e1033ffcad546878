"""A real Celery worker: what it learns daily and weekly, and what a label leaves to it."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from pytest_django.fixtures import Settings

from authshield import clock, tasks
from authshield.learn import labels
from authshield.learn.labels import Target, Word
from authshield.models import (
    Calibration,
    DriftReport,
    JournalEntry,
    LabelledEvent,
    LedgerEntry,
    Proposal,
    Unlearnt,
)
from tests.learn.making import recorded
from tests.servers import Valkey
from tests.workers import app_for, wait_for, worker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _patient(settings: Settings) -> None:
    settings.AUTHSHIELD_STORE_TIMEOUT_SECONDS = 5.0


def months() -> None:
    """Three months of orders up to now; sixty of them by thieves, who are quick."""
    random, now = Random(2), clock.now()
    rows = []
    for number in range(2730):
        is_fraud = number % 42 == 0
        facts = {"event.kind": "order", "order.side": "buy", "order.count_10m": 10 if is_fraud else 1}
        rows.append(
            LedgerEntry(
                event_id=f"e-{random.getrandbits(64):016x}",
                at=now - timedelta(days=90 * (1 - number / 2730), seconds=60),
                kind="order",
                account=f"a-{number}",
                sid=f"s-{number}",
                action="allow",
                final="allowed",
                facts=facts,
            )
        )
    LedgerEntry.objects.bulk_create(rows)
    for row in rows[::42]:
        labels.put(Target(row.account, row.sid), "fraud", Word("aoi"), now)


def test_a_worker_calibrates_looks_for_drift_and_proposes_weights(valkey: Valkey) -> None:
    """By the very messages that beat sends; a second look in the same week proposes nothing."""
    months()
    app = app_for(valkey.url)
    with worker(valkey.url, "--pool=solo"):
        for name in (tasks.learn.name, tasks.refit.name, tasks.refit.name):
            app.send_task(name)
        wait_for(Proposal.objects.exists, "a candidate")
        wait_for(lambda: Calibration.objects.count() == 2, "the calibrations")
        wait_for(DriftReport.objects.exists, "the report on drift")
        app.send_task(tasks.refit.name)
        app.send_task(tasks.learn.name)
        wait_for(lambda: DriftReport.objects.count() == 2, "what was sent after it")
    proposal = Proposal.objects.get()
    assert proposal.state == Proposal.State.OPEN
    assert proposal.evidence["candidate"]["order"]["area"] >= proposal.evidence["in_force"]["order"]["area"]


def test_a_worker_unlearns_and_counts_what_comes_after_the_label(valkey: Valkey) -> None:
    """From the outbox, both of them; a redelivery changes nothing."""
    recorded(1, kind="login", account="42", label="Firefox, Windows")
    now = clock.now() - timedelta(seconds=labels.FOLLOW_SECONDS + 1)
    labels.put(Target("42", "sid-1"), "fraud", Word("aoi"), now)
    recorded(2, account="42")
    app = app_for(valkey.url)
    with worker(valkey.url, "--pool=solo"):
        for _ in range(2):
            app.send_task(tasks.run_outbox.name)
        wait_for(lambda: LabelledEvent.objects.count() == 2, "the later event to be counted")
        wait_for(lambda: Unlearnt.objects.count() == 2, "both lessons to be unlearnt")
    assert JournalEntry.objects.get().account == "42"
