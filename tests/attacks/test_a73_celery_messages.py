"""A73: Celery's messages come twice, out of order, late, forged, or as a pickle. One alert, nothing revived."""

import base64
import json
import os
import pickle
import random
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage

from authshield import tasks
from authshield.contain import intake, playbook, steps
from authshield.learn.work import HANDLERS
from authshield.measure import default_store
from authshield.measure.stream import lag, read
from authshield.models import AccountState, Case, Device, Notice, OutboxTask, Session, SessionScore
from authshield.record import outbox
from authshield.score.drain import drain, process
from authshield.vocabulary.decision import Reason
from tests.hijack import hijack, publish
from tests.recorded import NOW, person
from tests.servers import Valkey
from tests.workers import app_for, wait_for, worker

pytestmark = pytest.mark.django_db(transaction=True)

MARK = "AUTHSHIELD_PICKLE_MARK"


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        """What a pickle may do to whoever opens it."""
        return os.mkdir, (str(self.path),)


def test_any_order_any_number_of_times_gives_one_case_and_one_alert(
    valkey: Valkey, mailoutbox: list[EmailMessage]
) -> None:
    """Entries of the stream and tasks of the outbox, shuffled and repeated."""
    del valkey
    publish()
    store, account = default_store(), str(person().pk)
    hijack(store, account=account)
    entries = read(store, count=100, block_ms=1)
    work = tasks._work()
    shuffled = random.Random(73)
    for _ in range(5):
        order = [*entries, *entries]
        shuffled.shuffle(order)
        for entry in order:
            process([entry], store, work)
        tasks.run_outbox()
        OutboxTask.objects.update(done_at=None, due_at=NOW)
    assert Case.objects.get().state == Case.State.CONTAINED
    assert Notice.objects.count() == len(mailoutbox) == 1
    assert SessionScore.objects.count() == 2
    session = Session.objects.get()
    assert (session.account, session.ended_reason) == (account, "contained")
    assert Device.objects.get().revoked_at is not None


def test_a_late_task_never_revives_what_was_ended_or_frozen(valkey: Valkey) -> None:
    """Tasks repeat what the database says; none of them says otherwise."""
    del valkey
    Session.objects.create(sid="sid-1", account="42", started_at=NOW, last_seen_at=NOW)
    case = intake.take("42", "sid-1", event_id="e", score=90, reasons=[Reason("a", 90, "a")], now=NOW)
    assert case is not None
    outbox.enqueue(playbook.CONTAIN, str(case.pk), NOW)
    steps.end_session("sid-1", "desk", by="desk", now=NOW)
    steps.freeze("42", "desk", by="desk", now=NOW)
    later = NOW + timedelta(days=1)
    for _ in range(3):
        OutboxTask.objects.update(done_at=None, due_at=later)
        outbox.run_due(later, HANDLERS)
    assert Session.objects.get().ended_at == NOW
    assert AccountState.objects.get().frozen_at == NOW


def test_a_forged_argument_does_nothing() -> None:
    """Ids that do not exist, or are no ids, are kept with their error; nothing else happens."""
    for task in HANDLERS:
        for argument in ("no-such", "0", "'; DROP TABLE --"):
            outbox.enqueue(task, argument, NOW)
    outbox.run_due(NOW, HANDLERS, limit=100)
    for table in (Case, Session, Notice, AccountState):
        assert not table._default_manager.exists()


def test_an_entry_that_nobody_of_us_wrote_does_not_stop_the_stream(
    valkey: Valkey, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Garbage, a pickle and a half entry in the stream: left out and logged; what follows is worked on."""
    store = default_store()
    hijack(store, account="42")
    bomb = pickle.dumps(Bomb(tmp_path / "made"))
    for blob in (b"", b"\xff" * 40, bomb, b"\x81\xa1i\xa1x"):
        for kind in (b"seen", b"settled", b"other"):
            valkey.client.xadd(store.keys.stream, {b"k": kind, b"b": blob, b"r": blob})
    valkey.client.xadd(store.keys.stream, {b"nothing": b"known"})
    hijack(store, sid="sid-2", account="43")
    while lag(store):
        drain(store, tasks._work(), linger_seconds=0.5)
    assert SessionScore.objects.count() == 4
    assert not (tmp_path / "made").exists()
    assert "cannot be read and is left out" in caplog.text


def test_a_worker_opens_no_pickle_and_runs_no_forged_task(valkey: Valkey, tmp_path: Path) -> None:
    """The message is refused unopened; the worker goes on with what is true."""
    app = app_for(valkey.url)
    bomb = base64.b64encode(pickle.dumps(((), {"bomb": Bomb(tmp_path / "made")}, {}))).decode()
    send(valkey, body=bomb, content_type="application/x-python-serialize", task="authshield.drain")
    send(valkey, body=bomb, content_type="application/json", task="authshield.drain")
    plain = base64.b64encode(json.dumps([["echo"], {}, {}]).encode()).decode()
    send(valkey, body=plain, content_type="application/json", task="os.system")
    send(valkey, body=plain, content_type="application/json", task="authshield.purge")
    publish()
    hijack(default_store(), account=str(person().pk))
    with worker(valkey.url, "--pool=solo"):
        wait_for(lambda: Case.objects.filter(state=Case.State.CONTAINED).exists(), "the true session")
        app.send_task("authshield.run_outbox")
        wait_for(lambda: not valkey.client.llen("authshield"), "the queue to be empty")
    assert not (tmp_path / "made").exists()


def send(valkey: Valkey, *, body: str, content_type: str, task: str) -> None:
    """Put a forged message into the queue, as somebody who reaches the broker could."""
    name = str(uuid.uuid4())
    message = {
        "body": body,
        "content-encoding": "utf-8",
        "content-type": content_type,
        "headers": {"lang": "py", "task": task, "id": name, "root_id": name, "parent_id": None, "retries": 0},
        "properties": {
            "correlation_id": name,
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": "authshield"},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": name,
        },
    }
    valkey.client.lpush("authshield", json.dumps(message))
