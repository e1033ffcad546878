"""Marks by other hands than an event's: the desk, the scoring, and the durable copy after a loss."""

from __future__ import annotations

from authshield.measure import Store, measure
from authshield.measure.profile import (
    forget_device_hash,
    hydrate,
    mark_account,
    mark_session,
    trust_device_hash,
)
from authshield.sealing import keyed_hash
from authshield.vocabulary.actions import Strength
from authshield.vocabulary.event import DeviceSeen
from authshield.vocabulary.snapshot import AccountSnapshot, KnownDevice
from tests.measure.making import NO_LIMITS, START, login, page, take


def test_the_desk_s_marks_are_facts_at_once(store: Store) -> None:
    """Frozen, ended, scored and proved are read with the next event."""
    mark_account(store, "alice", frozen=True, contact_changed_at=START)
    mark_session(store, "alice-session", ended=True, score=88.5, strength=Strength.OTP, proof_at=START)
    facts = measure(page(after=3600), NO_LIMITS, store).facts
    assert facts["account.is_frozen"] is True
    assert facts["account.contact_changed_hours"] == 1.0
    assert (facts["session.is_ended"], facts["session.score"], facts["session.strength"]) == (True, 88.5, 2)
    assert facts["session.proof_age_seconds"] == 3600
    mark_account(store, "alice", frozen=False)
    assert measure(page(), NO_LIMITS, store).facts["account.is_frozen"] is False


def test_an_account_is_cold_until_its_durable_copy_is_back(store: Store) -> None:
    """After the loss of Redis, devices, trust and freezes come back with one call."""
    assert measure(login(), NO_LIMITS, store).is_cold is True
    assert measure(login(), NO_LIMITS, store, durable=False).is_cold is False
    assert measure(login(account=None), NO_LIMITS, store).is_cold is False
    fingerprint = keyed_hash("screen=1920x1080\x1ftimezone=Asia/Tokyo", "fingerprint")
    device = KnownDevice(keyed_hash("alice-device", "device"), START, START, True, fingerprint)  # noqa: FBT003
    young = KnownDevice(keyed_hash("young", "device"), START, START)
    snapshot = AccountSnapshot(
        frozen=True, contact_changed_at=START, devices=(device, young), logins=5, first_login_at=START
    )
    hydrate("alice", snapshot, store)
    features = measure(login(after=86400), NO_LIMITS, store)
    assert features.is_cold is False
    facts = features.facts
    assert (facts["device.is_seen"], facts["device.is_trusted"], facts["device.fingerprint_seen"]) == (
        True,
    ) * 3
    assert (facts["account.logins"], facts["account.is_cold"], facts["account.is_frozen"]) == (5, False, True)
    assert (facts["account.contact_changed_hours"], facts["account.age_days"]) == (24.0, 1.0)
    other = measure(login(device=DeviceSeen("young")), NO_LIMITS, store).facts
    assert (other["device.is_seen"], other["device.is_trusted"]) == (True, False)


def test_the_desk_knows_devices_by_their_hash(store: Store) -> None:
    """Trust and revocation take effect without the cookie's id."""
    kept = keyed_hash("alice-device", "device")
    trust_device_hash(store, "alice", kept, now=START)
    assert measure(login(), NO_LIMITS, store).facts["device.is_trusted"] is True
    forget_device_hash(store, "alice", kept)
    assert measure(login(), NO_LIMITS, store).facts["device.is_seen"] is False
    forget_device_hash(store, "alice", kept)


def test_an_empty_durable_copy_only_says_that_there_is_nothing(store: Store) -> None:
    """An account without any history is not cold after that, and what it learnt meanwhile stays."""
    take(login(), store)
    hydrate("alice", AccountSnapshot(), store)
    features = measure(login(), NO_LIMITS, store)
    assert features.is_cold is False
    assert (features.facts["account.logins"], features.facts["device.is_seen"]) == (1, True)


def test_a_mark_leaves_alone_what_it_does_not_name(store: Store) -> None:
    """Changing one thing does not clear another."""
    mark_account(store, "alice", frozen=True)
    mark_account(store, "alice", contact_changed_at=START)
    mark_session(store, "alice-session", score=50)
    mark_session(store, "alice-session", ended=True)
    facts = measure(page(), NO_LIMITS, store).facts
    assert (facts["account.is_frozen"], facts["session.score"], facts["session.is_ended"]) == (
        True,
        50.0,
        True,
    )
