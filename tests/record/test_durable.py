"""The database knows enough of an account to go on without Redis."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from authshield.models import AccountState, Device, JournalEntry, Session
from authshield.record import durable
from authshield.vocabulary.event import DeviceSeen, Kind
from authshield.vocabulary.snapshot import AccountSnapshot
from tests.recorded import ALLOWED, NOW, decision, event, features, session_extra

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=3)


def sign_in() -> None:
    """Account 42 signs in on device-1 while no stream carries it."""
    durable.session_started(event(session="sid-1"), decision(), ALLOWED, session_extra(), NOW)


def test_an_unknown_account_has_no_history() -> None:
    """Nothing is invented for it."""
    assert durable.load("43") == AccountSnapshot()


def test_a_snapshot_holds_what_must_survive(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Freeze, change of contact data, devices with their trust; not those that were revoked."""
    sign_in()
    Device.objects.update(trusted_at=NOW)
    Device.objects.create(
        account="42", device_hash="gone", first_seen_at=NOW, last_seen_at=NOW, revoked_at=NOW
    )
    AccountState.objects.create(account="42", frozen_at=NOW, contact_changed_at=NOW)
    with django_assert_num_queries(4):
        snapshot = durable.load("42")
    (device,) = snapshot.devices
    assert device.is_trusted
    assert (snapshot.frozen, snapshot.contact_changed_at, snapshot.logins) == (True, NOW, 1)
    assert snapshot.first_login_at == device.first_seen_at == event().at


def test_a_sign_in_without_the_stream_is_written_at_once() -> None:
    """Session, device and journal are there, so that it can be shown and ended."""
    sign_in()
    sign_in()
    assert Session.objects.get().key_hash
    assert JournalEntry.objects.get().final == "allowed"
    assert Device.objects.count() == 1


@pytest.mark.parametrize(
    ("device", "days", "seen_and_trusted"),
    [
        ("device-1", 1, (True, False)),
        ("device-1", 21, (True, True)),
        ("device-2", 21, (False, False)),
        (None, 21, (False, False)),
    ],
)
def test_a_device_is_known_without_redis(
    device: str | None, days: int, seen_and_trusted: tuple[bool, bool]
) -> None:
    """Trust by age counts from the first sign-in on."""
    sign_in()
    now = event().at + timedelta(days=days)
    facts = durable.stand_in(
        replace(features(), is_missing=True),
        replace(event(), device=DeviceSeen(id=device)),
        durable.load("42"),
        now,
    ).facts
    assert (facts["device.is_seen"], facts["device.is_trusted"]) == seen_and_trusted
    assert facts["device.has_cookie"] is (device is not None)
    assert facts["account.exists"] is True


def test_what_was_stopped_stays_stopped_without_redis() -> None:
    """A frozen account, an ended session and a fresh change of contact data are facts all the same."""
    sign_in()
    AccountState.objects.create(account="42", frozen_at=NOW, contact_changed_at=NOW)
    Session.objects.update(ended_at=NOW)
    given = replace(features(device__proof="valid"), is_missing=True)
    told = durable.stand_in(given, event(Kind.ORDER), durable.load("42"), LATER)
    assert told.is_missing
    assert told.facts["account.is_frozen"] is True
    assert told.facts["session.is_ended"] is True
    assert told.facts["account.contact_changed_hours"] == 72
    assert told.facts["device.proof"] == "valid"


def test_an_open_session_is_not_ended() -> None:
    """And a sign-in, which has no session yet, asks nothing."""
    sign_in()
    snapshot = durable.load("42")
    assert durable.stand_in(features(), event(Kind.ORDER), snapshot, LATER).facts["session.is_ended"] is False
    assert durable.stand_in(features(), event(), snapshot, LATER).facts["session.is_ended"] is False
