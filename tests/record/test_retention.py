"""Every class of data is deleted after its time, and what is still open is not."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import Model
from pytest_django.fixtures import Settings

from authshield.models import (
    BoundSession,
    Case,
    Challenge,
    Device,
    DeviceKey,
    FallbackWindow,
    Hold,
    JournalEntry,
    Label,
    LedgerEntry,
    Notice,
    OutboxTask,
    Proposal,
    Session,
    SessionScore,
    StoreReport,
    Unlearnt,
)
from authshield.record import outbox
from authshield.record.retention import purge
from tests.recorded import NOW

pytestmark = pytest.mark.django_db


def fill(at: datetime) -> None:
    """One row of each class whose date is this."""
    name = uuid.uuid4().hex
    recorded: dict[str, Any] = {
        "event_id": name,
        "at": at,
        "kind": "login",
        "action": "allow",
        "final": "allowed",
    }
    JournalEntry.objects.create(**recorded)
    LedgerEntry.objects.create(**recorded)
    Device.objects.create(account=name, device_hash="d", first_seen_at=at, last_seen_at=at)
    DeviceKey.objects.create(account=name, device_hash="d", thumbprint="t", registered_at=at)
    BoundSession.objects.create(
        id=name, sid=name, account="42", algorithm="ES256", key=b"", registered_at=at, refreshed_at=at
    )
    Session.objects.create(sid=name, account="42", started_at=at, last_seen_at=at, ended_at=at)
    operation: dict[str, Any] = {
        "account": "42",
        "kind": "order",
        "operation": "{}",
        "digest": "",
        "event_id": name,
    }
    Challenge.objects.create(
        binding="", required=2, ruleset_version=1, created_at=at, expires_at=at, **operation
    )
    Hold.objects.create(
        ruleset_version=1, created_at=at, expires_at=at, state=Hold.State.EXPIRED, **operation
    )
    SessionScore.objects.create(
        event_id=name, model="m", sid="s", account="42", score=1, event_at=at, scored_at=at
    )
    Notice.objects.create(
        account="42", address="a@x.example", template="t", key=name, created_at=at, sent_at=at
    )
    OutboxTask.objects.create(task="t", argument=name, created_at=at, due_at=at, done_at=at)
    FallbackWindow.objects.create(key=name, updated_at=at)
    StoreReport.objects.create(node=name, changed_at=at, reported_at=at)
    Label.objects.create(account="42", sid=name, verdict="fraud", source="desk", by="aoi", at=at)
    Unlearnt.objects.create(event_id=name, account="42", at=at)
    Proposal.objects.create(kind="weights", state=Proposal.State.DISMISSED, created_at=at)
    Case.objects.create(account="42", title="t", opened_at=at, closed_at=at, state=Case.State.CLOSED)


TABLES: dict[type[Model], int] = {
    JournalEntry: 30,
    LedgerEntry: 2557,
    Device: 180,
    Session: 181,
    Challenge: 30,
    SessionScore: 30,
    Notice: 30,
    OutboxTask: 30,
    FallbackWindow: 31,
    StoreReport: 30,
    Hold: 2557,
    Case: 2557,
    Label: 2557,
    Unlearnt: 2557,
    Proposal: 2557,
}


@pytest.mark.parametrize("model", TABLES)
def test_a_class_of_data_goes_after_its_days_and_not_before(model: type[Model]) -> None:
    """The day before it is there, the day after it is gone."""
    days = TABLES[model]
    fill(NOW - timedelta(days=days - 1))
    purge(NOW)
    assert model._default_manager.count() == 1
    purge(NOW + timedelta(days=2))
    assert model._default_manager.count() == 0


def test_what_is_open_stays_however_old() -> None:
    """A waiting hold, an open case, an unsent notice and a task that is not done."""
    fill(NOW - timedelta(days=9999))
    Hold.objects.update(state=Hold.State.WAITING)
    Case.objects.update(state=Case.State.CONTAINED)
    Notice.objects.update(sent_at=None)
    OutboxTask.objects.update(done_at=None)
    Proposal.objects.update(state=Proposal.State.OPEN)
    deleted = purge(NOW)
    assert (deleted["Hold"], deleted["Case"], deleted["Notice"], deleted["OutboxTask"]) == (0, 0, 0, 0)
    assert (deleted["Proposal"], deleted["JournalEntry"]) == (0, 1)


def test_the_days_are_settings(settings: Settings) -> None:
    """A broker whose law asks for more keeps more."""
    settings.AUTHSHIELD_JOURNAL_DAYS = 400
    fill(NOW - timedelta(days=399))
    assert purge(NOW)["JournalEntry"] == 0


def test_it_deletes_in_batches_and_goes_on_next_time() -> None:
    """No run takes a table for long."""
    for _ in range(5):
        fill(NOW - timedelta(days=31))
    assert [purge(NOW, batch=2, max_batches=2)["JournalEntry"] for _ in range(3)] == [4, 1, 0]


def test_a_task_that_is_wanted_anew_is_not_deleted() -> None:
    """Armed again it counts as new."""
    fill(NOW - timedelta(days=31))
    row = OutboxTask.objects.get()
    outbox.enqueue(row.task, row.argument, NOW)
    assert purge(NOW)["OutboxTask"] == 0
