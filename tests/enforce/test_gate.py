"""The last look before money moves."""

import pytest
from pytest_django import DjangoAssertNumQueries

from authshield.enforce import gate
from authshield.errors import Refused
from authshield.models import AccountState, Session
from authshield.sealing import keyed_hash
from tests.challenging import NOW

pytestmark = pytest.mark.django_db


def session(sid: str, **columns: object) -> Session:
    """A session's row."""
    return Session.objects.create(
        sid=sid,
        account="7",
        started_at=NOW,
        last_seen_at=NOW,
        key_hash=keyed_hash(sid, "session-key"),
        **columns,
    )


def test_a_live_session_of_an_open_account_passes(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """In one query."""
    session("s1")
    AccountState.objects.create(account="7", contact_changed_at=NOW)
    with django_assert_num_queries(1):
        gate.final_gate("7", "s1")
    gate.final_gate("8", "never recorded")


def test_a_frozen_account_is_stopped() -> None:
    """In any session."""
    AccountState.objects.create(account="7", frozen_at=NOW)
    with pytest.raises(Refused, match="account_frozen"):
        gate.final_gate("7", "s1")
    gate.final_gate("8", "s1")


def test_an_ended_session_is_stopped() -> None:
    """It alone; where the account is frozen as well, the person is told to sign in first."""
    session("s1", ended_at=NOW)
    session("s2")
    AccountState.objects.create(account="7", frozen_at=NOW)
    with pytest.raises(Refused, match="session_ended") as caught:
        gate.final_gate("7", "s1")
    assert caught.value.status_code == 403


def test_ended_sessions_are_found_by_id_and_by_the_key_they_had() -> None:
    """Both are asked where Redis cannot be."""
    session("s1", ended_at=NOW)
    session("s2")
    assert [gate.is_ended(sid) for sid in ("s1", "s2", "s3")] == [True, False, False]
    assert [gate.was_ended(key) for key in ("s1", "s2", "s3")] == [True, False, False]
