"""A71: Redis is flushed. What was used, locked, revoked or decided is in the database and comes back from there."""

from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore

from authshield.contain import steps
from authshield.enforce import gate
from authshield.errors import Refused
from authshield.measure import default_store, measure
from authshield.measure.profile import hydrate
from authshield.models import Device, Session
from authshield.record import durable
from authshield.record.rows import device_hash
from authshield.sealing import seal
from authshield.vocabulary.event import DeviceSeen, Kind
from tests.hijack import ruleset
from tests.recorded import NOW, event
from tests.servers import Valkey

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_ended_session_stays_ended(valkey: Valkey) -> None:
    """Its cookie opens nothing, its orders stop at the last gate, and the flag is told anew."""
    session = SessionStore()
    session.create()
    key = session.session_key or ""
    Session.objects.create(
        sid="sid-1",
        account="42",
        started_at=NOW,
        last_seen_at=NOW,
        sealed_key=seal(key.encode(), "session-key"),
    )
    steps.end_session("sid-1", "stolen", by="desk", now=NOW)
    valkey.client.flushall()
    assert not SessionStore().exists(key)
    with pytest.raises(Refused, match="session_ended"):
        gate.final_gate("42", "sid-1")
    assert durable.is_ended("sid-1")
    steps.sync_flags(NOW + timedelta(seconds=60))
    assert measure(event(Kind.REQUEST), ruleset(), default_store()).facts["session.is_ended"] is True


def test_a_frozen_account_stays_frozen(valkey: Valkey) -> None:
    """A cold account is asked of the database before it is judged."""
    steps.freeze("42", "victim called", by="desk", now=NOW)
    valkey.client.flushall()
    store = default_store()
    features = measure(event(), ruleset(), store)
    assert features.is_cold
    hydrate("42", durable.load("42"), store)
    assert measure(event(number=2), ruleset(), store).facts["account.is_frozen"] is True
    with pytest.raises(Refused, match="account_frozen"):
        gate.final_gate("42", "")


def test_a_revoked_device_does_not_come_back(valkey: Valkey) -> None:
    """Trusted devices are put back, revoked ones are not."""
    for name, revoked in (("device-1", None), ("device-2", NOW)):
        Device.objects.create(
            account="42",
            device_hash=device_hash(name),
            first_seen_at=NOW - timedelta(days=90),
            last_seen_at=NOW,
            trusted_at=NOW,
            revoked_at=revoked,
        )
    valkey.client.flushall()
    store = default_store()
    hydrate("42", durable.load("42"), store)
    facts = measure(event(), ruleset(), store).facts
    assert (facts["device.is_seen"], facts["device.is_trusted"]) == (True, True)
    facts = measure(event(number=2, device=DeviceSeen(id="device-2")), ruleset(), store).facts
    assert (facts["device.is_seen"], facts["device.is_trusted"]) == (False, False)
