"""The entry points: which work is done when, and what happens while something is away."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from celery._state import get_current_app
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from pytest_django.fixtures import Settings

from authshield import clock, tasks
from authshield.conf import current
from authshield.contain.notices import notify
from authshield.measure import default_store, measure
from authshield.measure.stream import lag
from authshield.models import AccountState, Case, Hold, JournalEntry, OutboxTask, Session, SwitchRow
from authshield.record import outbox
from authshield.schedule import beat_schedule
from authshield.score import drain as draining
from authshield.score import shares
from authshield.tune import rulebook
from authshield.vocabulary.event import Kind
from tests.hijack import hijack, publish, ruleset
from tests.recorded import NOW, event, person
from tests.servers import Valkey
from tests.workers import app_for, wait_for

pytestmark = pytest.mark.django_db(transaction=True)

TASKS = (tasks.drain, tasks.run_outbox, tasks.expire, tasks.sync_flags, tasks.purge, tasks.learn, tasks.refit)


@pytest.fixture(autouse=True)
def _patient(settings: Settings) -> Iterator[None]:
    settings.AUTHSHIELD_STORE_TIMEOUT_SECONDS = 5.0
    publish()
    rulebook.forget()
    yield
    rulebook.forget()


@pytest.fixture
def victim() -> User:
    """Whose account is hijacked."""
    return person()


@pytest.fixture
def drain_once(valkey: Valkey) -> Callable[[], None]:
    """One short turn of the drain, with the very work of the task."""
    del valkey

    def once() -> None:
        draining.drain(default_store(), tasks._work(), linger_seconds=0.3)

    return once


def attack(user: User) -> None:
    """The golden scenario, just now."""
    hijack(default_store(), at=clock.now() - timedelta(seconds=121), account=str(user.pk))


def test_a_strange_session_gets_a_case_and_is_contained(
    victim: User, drain_once: Callable[[], None], mailoutbox: list[EmailMessage]
) -> None:
    """From the stream to the mail in one turn."""
    attack(victim)
    drain_once()
    drain_once()
    case = Case.objects.get()
    assert (case.state, case.account, case.sid) == (Case.State.CONTAINED, str(victim.pk), "sid-1")
    assert Session.objects.get().ended_reason == "contained"
    assert [mail.subject for mail in mailoutbox] == ["We ended a session of your account"]


def test_observe_mode_opens_the_case_and_stops_nobody(
    victim: User, drain_once: Callable[[], None], settings: Settings
) -> None:
    """A broker that has just installed it sees what it would have done."""
    settings.AUTHSHIELD_MODE = "observe"
    attack(victim)
    drain_once()
    assert Case.objects.get().state == Case.State.OPEN
    assert Session.objects.get().ended_at is None


def test_the_desks_switch_stops_containment_too(victim: User, drain_once: Callable[[], None]) -> None:
    """Observe only: stop nobody, until the switch runs out."""
    until = clock.now() + timedelta(hours=1)
    SwitchRow.objects.create(kind=SwitchRow.Kind.OBSERVE_ALL, expires_at=until, reason="trouble")
    attack(victim)
    drain_once()
    assert Session.objects.get().ended_at is None


def test_a_session_that_the_desk_cleared_goes_on(victim: User, drain_once: Callable[[], None]) -> None:
    """A verdict counts more than a score."""
    Case.objects.create(
        account=str(victim.pk),
        sid="sid-1",
        title="t",
        opened_at=NOW,
        state=Case.State.CLOSED,
        verdict="legit",
    )
    attack(victim)
    drain_once()
    assert Case.objects.count() == 1
    assert Session.objects.get().ended_at is None


def waiting(valkey: Valkey) -> list[str]:
    """Names of the tasks that wait in the queue."""
    messages = valkey.client.lrange(current().QUEUE, 0, -1)
    return [json.loads(message)["headers"]["task"] for message in messages]


@pytest.fixture
def broker(valkey: Valkey) -> Iterator[Valkey]:
    """The current app of Celery has its broker in this Valkey."""
    before = get_current_app()
    app_for(valkey.url).set_current()
    yield valkey
    before.set_current()


def test_the_drain_asks_for_its_next_turn(victim: User, broker: Valkey) -> None:
    """It works until its lease is lost or its time over, and then queues up again."""
    attack(victim)

    def take_away() -> None:
        wait_for(lambda: lag(default_store()) == 0, "the stream to be empty")
        broker.client.delete(default_store().keys.lease(shares.LEASE))

    # Celery knows its current app in this thread alone, so the drain works here.
    with ThreadPoolExecutor(1) as pool:
        thief = pool.submit(take_away)
        tasks.drain()
        thief.result()
    assert waiting(broker) == ["authshield.drain"]
    assert Case.objects.exists()


def test_a_drain_beside_another_leaves_at_once(broker: Valkey) -> None:
    """And asks for nothing, so that turns do not multiply."""
    broker.client.set(default_store().keys.lease(shares.LEASE), "another")
    tasks.drain()
    assert waiting(broker) == []


def test_a_starting_worker_begins_at_once(broker: Valkey, settings: Settings) -> None:
    """It does not wait for beat; the queue is the one of the settings."""
    settings.AUTHSHIELD_QUEUE = "elsewhere"
    tasks.start()
    assert sorted(waiting(broker)) == ["authshield.drain", "authshield.sync_flags"]


def test_a_broker_that_is_away_is_no_error() -> None:
    """Beat makes up for it."""
    before = get_current_app()
    app_for("unix:///nowhere/at-all.sock").set_current()
    tasks.start()
    before.set_current()


def test_the_stream_waits_for_redis(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """The task ends quietly; beat sends the next."""
    settings.AUTHSHIELD_REDIS_URL = "unix:///nowhere/at-all.sock"
    tasks.drain()
    tasks.sync_flags()
    assert "the stream waits" in caplog.text


def test_the_outbox_is_emptied_mails_too(
    victim: User, valkey: Valkey, mailoutbox: list[EmailMessage]
) -> None:
    """More than one turn's worth is done in one run."""
    del valkey
    for number in range(30):
        notify(str(victim.pk), "account_frozen", f"k-{number}", context={"at": "now"}, now=NOW)
    tasks.run_outbox()
    assert len(mailoutbox) == 30
    assert not OutboxTask.objects.filter(done_at=None).exists()


def test_a_long_outbox_is_left_to_the_next_run(victim: User, valkey: Valkey) -> None:
    """A run is bounded, so that it ends before its time limit."""
    del valkey
    now = clock.now()
    for number in range(210):
        outbox.enqueue("send_notice", str(10_000 + number), now)
    tasks.run_outbox()
    assert OutboxTask.objects.filter(done_at=None).count() == 10
    del victim


def test_what_is_late_expires() -> None:
    """A hold that nobody decided in time ends."""
    Hold.objects.create(
        account="1", kind="order", operation="{}", digest="", event_id="e", ruleset_version=1,
        created_at=NOW, expires_at=NOW, reference="W-1",
    )  # fmt: skip
    tasks.expire()
    assert Hold.objects.get().state == Hold.State.EXPIRED


def test_flags_are_told_anew(valkey: Valkey) -> None:
    """A frozen account is frozen again after Redis lost its memory."""
    del valkey
    AccountState.objects.create(account="42", frozen_at=NOW)
    tasks.sync_flags()
    assert measure(event(Kind.REQUEST), ruleset(), default_store()).facts["account.is_frozen"] is True


def test_old_data_is_purged(caplog: pytest.LogCaptureFixture) -> None:
    """And it says how much; nothing where there was nothing."""
    caplog.set_level("INFO")
    tasks.purge()
    assert caplog.text == ""
    JournalEntry.objects.create(
        event_id="e", at=NOW - timedelta(days=9999), kind="login", action="a", final="f"
    )
    tasks.purge()
    assert "{'JournalEntry': 1}" in caplog.text


@pytest.mark.parametrize("task", TASKS, ids=lambda task: str(task.name))
def test_every_task_may_be_lost_and_repeated(task: Any) -> None:
    """Acknowledged late, in JSON, bounded in time, without a result or an argument."""
    assert (task.acks_late, task.reject_on_worker_lost, task.ignore_result) == (True, True, True)
    assert task.serializer == "json"
    assert 0 < task.soft_time_limit < task.time_limit
    assert task.name.startswith("authshield.")
    assert task.run.__code__.co_argcount <= 1


def test_the_settings_for_celery_are_safe() -> None:
    """JSON alone; a lost task comes back, and none is handed out twice while it runs."""
    found = tasks.celery_settings()
    json.dumps(found)
    transport = found["broker_transport_options"]
    assert found["accept_content"] == ["json"]
    assert transport["visibility_timeout"] >= 4 * max(task.time_limit for task in TASKS)
    assert found["task_routes"] == {"authshield.*": {"queue": current().QUEUE}}
    assert tasks.drain.soft_time_limit > draining.LINGER_SECONDS


def test_beat_sends_every_task_to_its_queue(settings: Settings) -> None:
    """What a stopped worker leaves behind expires."""
    settings.AUTHSHIELD_QUEUE = "security"
    schedule = beat_schedule()
    assert {entry["task"] for entry in schedule.values()} == {task.name for task in TASKS}
    for name, entry in schedule.items():
        assert name.startswith("authshield-")
        assert entry["options"]["queue"] == "security"
        assert entry["options"]["expires"] >= entry["schedule"]
