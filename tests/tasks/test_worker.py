"""A real worker takes what is in the stream to its end: case, containment, notice."""

import os
import signal
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from pytest_django.fixtures import Settings

from authshield import clock
from authshield.measure import default_store
from authshield.measure.stream import lag
from authshield.models import Case, Notice, Session, SessionScore
from authshield.score.shares import LEASE
from tests.hijack import hijack, publish
from tests.recorded import person
from tests.servers import Valkey
from tests.workers import wait_for, worker

pytestmark = pytest.mark.django_db(transaction=True)

PROMISED_SECONDS = 3.0


@pytest.fixture(autouse=True)
def _patient(settings: Settings) -> None:
    settings.AUTHSHIELD_STORE_TIMEOUT_SECONDS = 5.0


@pytest.fixture
def victim(valkey: Valkey) -> User:
    """Whose account is hijacked."""
    del valkey
    publish()
    return person()


def attack(account: str, sid: str = "sid-1") -> None:
    """The golden scenario, just now."""
    hijack(default_store(), at=clock.now() - timedelta(seconds=121), sid=sid, account=account)


def contained(count: int = 1) -> bool:
    """Whether so many cases are contained."""
    return Case.objects.filter(state=Case.State.CONTAINED).count() == count


def test_a_hijacked_session_is_contained_within_seconds(valkey: Valkey, victim: User) -> None:
    """What waits at the worker's start, and what comes while it runs: both without anybody's help."""
    account = str(victim.pk)
    attack(account)
    with worker(valkey.url, "--pool=solo"):
        wait_for(contained, "the session that had waited")
        took = []
        for number in range(2, 7):
            attack(account, f"sid-{number}")
            took.append(wait_for(partial(contained, number), f"session {number}"))
    assert max(took) < PROMISED_SECONDS
    assert Session.objects.filter(ended_reason="contained").count() == 6
    case = Case.objects.earliest("opened_at")
    assert case.score >= 70
    assert case.reasons[0]["code"] == "order:pump"
    assert Notice.objects.filter(account=account).count() == 6
    assert not SessionStore().exists("k" * 32)


def test_a_worker_that_is_killed_leaves_its_work_to_the_next(valkey: Valkey, victim: User) -> None:
    """Nothing is lost and nothing is done twice, wherever in its work it dies."""
    account = str(victim.pk)
    with worker(valkey.url) as first:
        attack(account)
        wait_for(SessionScore.objects.exists, "the first score")
        os.killpg(first.pid, signal.SIGKILL)
        first.wait(timeout=30)
    attack(account, "sid-2")
    assert lag(default_store()) >= 6
    # The dead worker's lease runs out by itself.
    lease = default_store().keys.lease(LEASE)
    wait_for(lambda: not valkey.client.exists(lease), "the lease to run out")
    with worker(valkey.url, "--pool=solo"):
        wait_for(partial(contained, 2), "both sessions")
    assert SessionScore.objects.count() == 4
    assert Notice.objects.count() == 2
