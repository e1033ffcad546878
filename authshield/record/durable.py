"""The durable copy of accounts, devices and sessions: what is asked when Redis has lost its memory or is away.

Must not decide anything; whoever asks judges by what is said here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from authshield.conf import current
from authshield.models import AccountState, Case, Device, JournalEntry, LabelledEvent, Session, Verdict
from authshield.record import journal
from authshield.record.rows import device_hash
from authshield.record.sightings import Sighting, save_sightings
from authshield.vocabulary.decision import Decision, Final, Outcome
from authshield.vocabulary.event import Event, Kind
from authshield.vocabulary.features import FactValue, Features
from authshield.vocabulary.snapshot import AccountSnapshot, KnownDevice

MAX_DEVICES = 64


def load(account: str) -> AccountSnapshot:
    """What the database knows of an account. Cost: 4 queries."""
    state = AccountState.objects.filter(pk=account).first()
    devices = Device.objects.filter(account=account, revoked_at=None).order_by("-last_seen_at")[:MAX_DEVICES]
    known = tuple(
        KnownDevice(
            device_hash=row.device_hash,
            first_seen_at=row.first_seen_at,
            last_seen_at=row.last_seen_at,
            is_trusted=row.trusted_at is not None,
            fingerprint_hash=row.fingerprint_hash,
        )
        for row in devices
    )
    happened = [Final.ALLOWED.value, Final.PASSED.value]
    frauds = LabelledEvent.objects.filter(account=account, verdict=Verdict.FRAUD)
    logins = JournalEntry.objects.filter(account=account, kind=Kind.LOGIN.value, final__in=happened).exclude(
        event_id__in=frauds.values("event_id")
    )
    return AccountSnapshot(
        frozen=bool(state and state.frozen_at),
        suspect=is_suspect(account),
        must_prove=bool(state and state.prove_since),
        contact_changed_at=state.contact_changed_at if state else None,
        devices=known,
        logins=max(logins.count(), len(known)),
        first_login_at=min((device.first_seen_at for device in known), default=None),
    )


def stand_in(features: Features, event: Event, snapshot: AccountSnapshot, now: datetime) -> Features:
    """The facts that the database can tell while the store cannot be asked. Cost: 1 query, none at a sign-in."""
    mine = device_hash(event.device.id)
    device = next((known for known in snapshot.devices if known.device_hash == mine), None)
    facts: dict[str, FactValue] = {
        "account.exists": event.account is not None,
        "account.is_frozen": snapshot.frozen,
        "account.is_suspect": snapshot.suspect,
        "account.must_prove": snapshot.must_prove,
        "account.logins": snapshot.logins,
        "device.has_cookie": event.device.id is not None,
        "device.is_seen": device is not None,
        "device.is_trusted": device is not None and _is_trusted(device, now),
        "session.is_ended": event.session is not None and is_ended(event.session),
    }
    if snapshot.contact_changed_at is not None:
        hours = (now - snapshot.contact_changed_at).total_seconds() / 3600
        facts["account.contact_changed_hours"] = max(0.0, hours)
    return replace(features, facts={**features.facts, **facts})


def is_suspect(account: str) -> bool:
    """Whether a session of the account was contained and its case is still open. Cost: 1 query."""
    return Case.objects.filter(account=account, state=Case.State.CONTAINED).exists()


def is_ended(sid: str) -> bool:
    """Whether this session was ended for good. Cost: 1 query."""
    return Session.objects.filter(pk=sid, ended_at__isnull=False).exists()


def session_started(  # noqa: PLR0917 - the stages in the journey's own order
    event: Event, decision: Decision, outcome: Outcome, extra: Mapping[str, str], now: datetime
) -> None:
    """Write a sign-in down at once, for when no stream carries it: session, device and journal.

    ``extra``: ``key_hash`` and ``sealed_key`` (hex) of the session's key, ``issued_device`` (a device id).
    Cost: 6 statements.
    """
    save_sightings([Sighting(event, decision, outcome, extra)], now)
    journal.write([journal.Line(event, None, decision, outcome)])


def _is_trusted(device: KnownDevice, now: datetime) -> bool:
    return device.is_trusted or now - device.first_seen_at >= timedelta(days=current().TRUST_DAYS)
