"""A72: the worker is away for ten minutes. Live rules go on deciding, and every score comes once it is back."""

from datetime import timedelta

import pytest

from authshield import clock, tasks
from authshield.measure import default_store, measure
from authshield.measure.stream import lag
from authshield.models import Case, JournalEntry, Session, SessionScore
from authshield.score.drain import drain
from authshield.vocabulary.event import Kind
from tests.hijack import hijack, publish, ruleset
from tests.recorded import event, person
from tests.servers import Valkey

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_score_comes_once_the_worker_is_back(valkey: Valkey) -> None:
    """Nothing is lost, each session in its own order, and what should have been contained is contained."""
    del valkey
    publish()
    store, account = default_store(), str(person().pk)
    began = clock.now() - timedelta(minutes=10)
    for number in range(1, 41):
        at = began + timedelta(seconds=number * 10)
        hijack(store, at=at, sid=f"sid-{number}", account=account if number % 10 == 0 else f"9{number}")
    waiting = lag(store)
    assert waiting == 240
    assert not Session.objects.exists()
    while lag(store):
        drain(store, tasks._work(), linger_seconds=0.5)
    tasks.run_outbox()
    assert SessionScore.objects.count() == 80
    assert JournalEntry.objects.filter(kind="login", final="passed").count() == 40
    assert Session.objects.filter(score__gte=70).count() == 40
    assert Case.objects.filter(state=Case.State.CONTAINED).exclude(sid="").count() == 40
    assert not Session.objects.filter(ended_at=None).exists()
    for row in Session.objects.all():
        scores = SessionScore.objects.filter(sid=row.sid).order_by("event_at")
        assert scores[0].score < scores[1].score == row.score


def test_a_live_request_does_not_wait_for_the_worker(valkey: Valkey) -> None:
    """The counters answer in the same round trip, however long the stream has become."""
    del valkey
    store = default_store()
    for number in range(200):
        measure(event(Kind.REQUEST, number), ruleset(), store)
    before = store.calls
    features = measure(event(Kind.REQUEST, 999), ruleset(), store)
    assert store.calls == before + 1
    assert not features.is_missing
