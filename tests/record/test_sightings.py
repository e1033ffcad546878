"""Devices and sessions follow the stream; nothing that comes late lifts what was ended or revoked."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from authshield.models import AccountState, Device, OutboxTask, Session
from authshield.record.rows import device_hash
from authshield.record.sightings import APPLY_SESSION, LAST_SEEN_STEP, Sighting, remember_key, save_sightings
from authshield.sealing import unseal
from authshield.vocabulary.actions import Strength
from authshield.vocabulary.decision import Final, Outcome
from authshield.vocabulary.event import Client, DeviceSeen, Event, Kind
from tests.recorded import ALLOWED, NOW, PASSED, STOPPED, decision, event, session_extra

pytestmark = pytest.mark.django_db


def start(number: int = 1, *, trust: bool = False, **changes: object) -> Sighting:
    """A sign-in that took effect, as it comes from the stream."""
    signed_in = replace(event(number=number, session="sid-1"), **changes)  # type: ignore[arg-type]
    return Sighting(signed_in, decision(risk=33.0), PASSED, session_extra(), trust=trust)


def page(number: int) -> Event:
    """A page of the session, so many seconds later."""
    return event(Kind.REQUEST, number)


def test_a_sign_in_makes_a_session_and_a_device() -> None:
    """With all that is needed to show them to the customer and to end them later."""
    save_sightings([start(device=DeviceSeen(fingerprint={"screen": "1x1"}))], NOW)
    session = Session.objects.get()
    assert (session.sid, session.account, session.ip) == ("sid-1", "42", "127.2.0.9")
    assert (session.label, session.place, session.login_risk) == ("Firefox, Windows", "Sapporo, Japan", 33.0)
    assert unseal(bytes(session.sealed_key), "session-key").decode() == "k" * 32
    device = Device.objects.get()
    assert session.device_hash == device.device_hash == device_hash("device-1")
    assert (device.account, device.last_place, device.trusted_at) == ("42", "Sapporo, Japan", None)
    assert device.fingerprint_hash
    assert device.first_seen_at == NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    "sighting",
    [
        Sighting(event(session="sid-1"), decision(), STOPPED),
        Sighting(event(session="sid-1")),
        Sighting(event(account=None), decision(), ALLOWED),
    ],
)
def test_a_sign_in_that_took_no_effect_leaves_nothing(sighting: Sighting) -> None:
    """Nothing is learnt from a stopped event, nor from one that is not settled or has no account."""
    save_sightings([sighting], NOW)
    assert not Session.objects.exists()
    assert not Device.objects.exists()


def test_any_order_of_delivery_gives_the_same_rows() -> None:
    """The sign-in may come after its pages, and everything twice."""
    later = replace(page(500), client=Client(ip="127.1.0.3", browser="Safari/iOS"))
    told = [start(), Sighting(page(2)), Sighting(page(100)), Sighting(later), start()]
    expected = None
    for seed in range(12):
        Session.objects.all().delete()
        Device.objects.all().delete()
        shuffled = told[:]
        random.Random(seed).shuffle(shuffled)
        for sighting in shuffled:
            save_sightings([sighting], NOW)
        row = Session.objects.values(
            "started_at", "last_seen_at", "ip", "label", "key_hash", "device_hash"
        ).get()
        assert expected in {None, tuple(row.values())}
        expected = tuple(row.values())
        assert Device.objects.count() == 1
    assert expected is not None
    assert expected[2] == "127.1.0.3"


def test_pages_renew_a_session_only_now_and_then() -> None:
    """Last seen may be half a minute old; that saves a write for every page."""
    save_sightings([start()], NOW)
    save_sightings([Sighting(page(5))], NOW)
    assert Session.objects.get().last_seen_at == NOW + timedelta(seconds=1)
    save_sightings([Sighting(page(1 + int(LAST_SEEN_STEP.total_seconds())))], NOW)
    assert Session.objects.get().last_seen_at == NOW + timedelta(seconds=31)


def test_what_comes_late_never_revives_a_session() -> None:
    """An ended session stays ended; once its key is known it is deleted as well."""
    Session.objects.create(
        sid="sid-1", started_at=NOW, last_seen_at=NOW, ended_at=NOW, ended_reason="contained"
    )
    save_sightings([start(), Sighting(page(100))], NOW)
    session = Session.objects.get()
    assert (session.ended_at, session.ended_reason, session.account) == (NOW, "contained", "42")
    assert session.sealed_key
    assert OutboxTask.objects.get().task == APPLY_SESSION


def test_what_comes_late_never_reinstates_a_device() -> None:
    """A revoked device stays revoked, and its age is not renewed either."""
    save_sightings([start()], NOW)
    Device.objects.update(revoked_at=NOW)
    save_sightings([start(number=90, trust=True)], NOW)
    device = Device.objects.get()
    assert device.revoked_at == NOW
    assert device.first_seen_at == NOW + timedelta(seconds=1)
    assert device.last_seen_at == NOW + timedelta(seconds=90)


@pytest.mark.parametrize("outcome", [Outcome(Final.PASSED, proved=Strength.PHISHING_RESISTANT), ALLOWED])
def test_trust_is_dated_once_and_kept(outcome: Outcome) -> None:
    """By a proof that cannot be relayed, or as the door says; a weaker sign-in later does not take it away."""
    given = Sighting(event(session="s"), decision(), outcome, session_extra(), trust=outcome is ALLOWED)
    save_sightings([given, start(number=3)], NOW)
    save_sightings([start(number=9)], NOW + timedelta(days=1))
    assert Device.objects.get().trusted_at == NOW


def test_a_relayable_code_gives_no_trust() -> None:
    """A device that came with a one-time code is seen, not trusted."""
    save_sightings([start()], NOW)
    assert Device.objects.get().trusted_at is None


def test_an_account_keeps_its_devices_apart_from_others() -> None:
    """One machine, two accounts: two rows."""
    save_sightings([start(), start(number=2, account="43", session="sid-2")], NOW)
    assert sorted(Device.objects.values_list("account", flat=True)) == ["42", "43"]
    save_sightings([start(number=3)], NOW)
    assert Device.objects.count() == 2


def test_signing_out_ends_the_session() -> None:
    """For good, and the first reason stays."""
    save_sightings([start(), Sighting(event(Kind.LOGOUT, 7), decision(), ALLOWED)], NOW)
    save_sightings([Sighting(event(Kind.LOGOUT, 9), decision(), ALLOWED)], NOW)
    session = Session.objects.get()
    assert (session.ended_at, session.ended_reason) == (NOW + timedelta(seconds=7), "logout")


def test_a_change_of_contact_data_is_dated_with_its_newest() -> None:
    """The cool-down counts from the last change, also where an earlier one is told later."""
    changes = [Sighting(event(Kind.PROFILE_CHANGE, number), decision(), ALLOWED) for number in (9, 5)]
    for change in changes:
        save_sightings([change], NOW)
    save_sightings([Sighting(event(Kind.PROFILE_CHANGE, 99), decision(), STOPPED)], NOW)
    assert AccountState.objects.get().contact_changed_at == NOW + timedelta(seconds=9)


def test_a_rotated_key_is_remembered() -> None:
    """Otherwise the session could not be deleted after a change of the password."""
    save_sightings([start()], NOW)
    remember_key("sid-1", session_extra(key="n" * 32))
    remember_key("sid-1", {})
    assert unseal(bytes(Session.objects.get().sealed_key), "session-key").decode() == "n" * 32
