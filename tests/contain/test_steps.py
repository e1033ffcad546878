"""Sessions end and accounts freeze for good, on every node, and nothing late undoes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.dispatch import Signal
from pytest_django.fixtures import Settings

from authshield import signals
from authshield.contain import steps
from authshield.contain.work import HANDLERS
from authshield.errors import StoreUnavailable
from authshield.measure import Store, measure
from authshield.measure.profile import mark_account, mark_session
from authshield.models import AccountState, Challenge, OutboxTask, Session
from authshield.record import outbox
from authshield.sealing import seal
from authshield.vocabulary.event import Kind
from tests.hijack import ruleset
from tests.recorded import NOW, event
from tests.servers import Valkey

pytestmark = pytest.mark.django_db(transaction=True)

State = Challenge.State


def signed_in(sid: str = "sid-1", account: str = "42") -> SessionStore:
    """A session in Django's store with its row."""
    session = SessionStore()
    session.create()
    key = (session.session_key or "").encode()
    Session.objects.create(
        sid=sid, account=account, started_at=NOW, last_seen_at=NOW, sealed_key=seal(key, "session-key")
    )
    return session


def challenge(binding: str, state: str = State.OPEN) -> Challenge:
    """A challenge bound to something."""
    columns: dict[str, Any] = {
        "kind": "order",
        "operation": "{}",
        "digest": "",
        "event_id": "e",
        "required": 2,
    }
    return Challenge.objects.create(
        account="42",
        binding=binding,
        state=state,
        ruleset_version=1,
        created_at=NOW,
        expires_at=NOW,
        **columns,
    )


def facts(store: Store) -> dict[str, Any]:
    """What the next request of the session is judged by."""
    return measure(event(Kind.REQUEST), ruleset(), store).facts


@contextmanager
def heard(signal: Signal) -> Iterator[list[dict[str, Any]]]:
    """What the signal tells meanwhile."""
    told: list[dict[str, Any]] = []

    def hear(**data: Any) -> None:
        told.append(data)

    signal.connect(hear)
    yield told
    signal.disconnect(hear)


def test_an_ended_session_is_over_everywhere(store: Store) -> None:
    """In the database, in Redis and in Django's store; told once."""
    session = signed_in()
    with heard(signals.session_ended) as told:
        assert steps.end_session("sid-1", "stolen", by="desk", now=NOW)
        assert not steps.end_session("sid-1", "again", by="desk", now=NOW + timedelta(hours=1))
    row = Session.objects.get()
    assert (row.ended_at, row.ended_reason) == (NOW, "stolen")
    assert facts(store)["session.is_ended"] is True
    assert not SessionStore().exists(session.session_key or "")
    assert [(each["sid"], each["account"], each["reason"]) for each in told] == [("sid-1", "42", "stolen")]


def test_its_challenges_and_grants_are_void(store: Store) -> None:
    """Those of other sessions, and what was used or failed already, stay as they are."""
    del store
    kept = [challenge("sid:sid-2"), challenge("sid:sid-1", State.USED), challenge("sid:sid-1", State.FAILED)]
    void = [challenge("sid:sid-1"), challenge("sid:sid-1", State.PASSED)]
    before = [row.state for row in kept]
    steps.end_session("sid-1", "stolen", by="desk", now=NOW, account="42")
    assert {Challenge.objects.get(pk=row.pk).state for row in void} == {State.VOID}
    assert [Challenge.objects.get(pk=row.pk).state for row in kept] == before


def test_a_session_ends_before_its_row_has_come(store: Store) -> None:
    """The worker may be behind: the end is written all the same."""
    assert steps.end_session("sid-9", "stolen", by="scoring", now=NOW, account="42")
    row = Session.objects.get(pk="sid-9")
    assert (row.account, row.ended_at) == ("42", NOW)
    del store


def test_all_sessions_of_an_account_end_but_one(store: Store) -> None:
    """The customer who ends the others goes on."""
    del store
    for sid in ("sid-1", "sid-2", "sid-3"):
        signed_in(sid)
    signed_in("other", account="43")
    assert steps.end_all_sessions("42", "asked for", by="42", now=NOW, keep="sid-2") == 2
    assert steps.end_all_sessions("42", "asked for", by="42", now=NOW, keep="sid-2") == 0
    assert sorted(Session.objects.filter(ended_at=None).values_list("sid", flat=True)) == ["other", "sid-2"]


def test_redis_that_is_away_is_told_by_the_outbox(valkey: Valkey, settings: Settings, store: Store) -> None:
    """The truth is written at once, the flag follows as soon as Redis is back."""
    session = signed_in()
    settings.AUTHSHIELD_REDIS_URL = "unix:///nowhere/at-all.sock"
    assert steps.end_session("sid-1", "stolen", by="desk", now=NOW)
    assert not SessionStore().exists(session.session_key or "")
    assert outbox.run_due(NOW + timedelta(seconds=5), HANDLERS) == 1
    assert "StoreUnavailable" in OutboxTask.objects.get().error
    settings.AUTHSHIELD_REDIS_URL = valkey.url
    outbox.run_due(NOW + timedelta(seconds=10), HANDLERS)
    row = OutboxTask.objects.get()
    assert (row.error, row.done_at is not None) == ("", True)
    assert facts(store)["session.is_ended"] is True


def test_a_sealing_key_that_is_gone_does_not_keep_the_flag_back(store: Store) -> None:
    """The session cannot be deleted then; it is refused all the same."""
    signed_in()
    Session.objects.update(sealed_key=b"sealed by a key that was thrown away")
    steps.end_session("sid-1", "stolen", by="desk", now=NOW)
    assert facts(store)["session.is_ended"] is True
    outbox.run_due(NOW + timedelta(seconds=5), HANDLERS)
    assert "AUTHSHIELD_SEALING_KEYS" in OutboxTask.objects.get().error


def test_a_forged_task_ends_no_session(store: Store) -> None:
    """The outbox's task only repeats what the database says."""
    signed_in()
    steps.apply_session("sid-1", NOW)
    steps.apply_session("no such session", NOW)
    steps.apply_account("no such account", NOW)
    assert facts(store)["session.is_ended"] is False


def test_a_frozen_account_is_frozen_until_somebody_lifts_it(store: Store) -> None:
    """In the database and in Redis, told once; its open challenges are void."""
    asked = challenge("sid:sid-1")
    with heard(signals.account_frozen) as told:
        assert steps.freeze("42", "victim called", by="desk", now=NOW)
        assert not steps.freeze("42", "again", by="other", now=NOW)
    state = AccountState.objects.get()
    assert (state.frozen_at, state.frozen_reason, state.frozen_by) == (NOW, "victim called", "desk")
    assert facts(store)["account.is_frozen"] is True
    assert [each["account"] for each in told] == ["42"]
    asked.refresh_from_db()
    assert asked.state == State.VOID
    assert steps.unfreeze("42", by="desk", now=NOW)
    assert not steps.unfreeze("42", by="desk", now=NOW)
    assert facts(store)["account.is_frozen"] is False
    assert AccountState.objects.get().frozen_reason == ""


def test_only_a_person_lifts_a_freeze() -> None:
    """A task without a name behind it never does."""
    AccountState.objects.create(account="42", frozen_at=NOW)
    with pytest.raises(ValueError, match="only a person"):
        steps.unfreeze("42", by="", now=NOW)


def test_a_late_task_of_an_earlier_freeze_follows_the_database(store: Store) -> None:
    """Frozen, lifted, frozen: whichever task comes last, Redis says what holds."""
    steps.freeze("42", "a", by="desk", now=NOW)
    steps.unfreeze("42", by="desk", now=NOW)
    steps.freeze("42", "b", by="desk", now=NOW)
    mark_account(store, "42", frozen=False)
    outbox.run_due(NOW + timedelta(seconds=5), HANDLERS)
    assert facts(store)["account.is_frozen"] is True


def test_flags_come_back_after_redis_lost_them(store: Store, valkey: Valkey) -> None:
    """Frozen accounts and sessions ended lately; each is told anew."""
    signed_in()
    steps.end_session("sid-1", "stolen", by="desk", now=NOW)
    steps.freeze("42", "stolen", by="desk", now=NOW)
    Session.objects.create(
        sid="old", account="42", started_at=NOW, last_seen_at=NOW, ended_at=NOW - timedelta(days=9)
    )
    valkey.client.flushall()
    assert facts(store)["session.is_ended"] is False
    assert steps.sync_flags(NOW + timedelta(minutes=1)) == 2
    assert facts(store)["session.is_ended"] is True
    assert facts(store)["account.is_frozen"] is True


def test_a_sync_tells_when_redis_is_away(settings: Settings) -> None:
    """It comes again at the next turn."""
    AccountState.objects.create(account="42", frozen_at=NOW)
    settings.AUTHSHIELD_REDIS_URL = "unix:///nowhere/at-all.sock"
    with pytest.raises(StoreUnavailable):
        steps.sync_flags(NOW)


def test_a_flag_in_redis_alone_is_not_the_truth(store: Store) -> None:
    """What the database does not know was not ended."""
    signed_in()
    mark_session(store, "sid-1", ended=True)
    assert not Session.objects.filter(ended_at__isnull=False).exists()
