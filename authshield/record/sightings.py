"""Devices and sessions as the stream tells of them, twice and in any order.

Must never lift anything: an ended session stays ended and a revoked device revoked, whatever comes late.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from authshield.models import AccountState, Device, Session
from authshield.record import outbox, redact
from authshield.record.rows import device_hash, fingerprint_hash, label_of, place_in_words
from authshield.vocabulary.actions import Strength
from authshield.vocabulary.decision import Decision, Outcome
from authshield.vocabulary.event import Event, Kind

APPLY_SESSION = "apply_session"
"""The outbox's task that brings Redis and the session store in line with an ended session."""

LAST_SEEN_STEP = timedelta(seconds=30)
"""How old "last seen" may get before a page of the session renews it; saves a write for every page."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One event of an account, seen or settled. ``extra`` is what the sign-in knew besides.

    Its keys: ``key_hash`` and ``sealed_key`` (hex) of the session's key, ``issued_device`` (a device id).
    """

    event: Event
    decision: Decision | None = None
    outcome: Outcome | None = None
    extra: Mapping[str, str] | None = None
    trust: bool = False

    @property
    def is_start(self) -> bool:
        """Whether this is the sign-in itself, and it took effect."""
        return self.event.kind == Kind.LOGIN and self.has_happened

    @property
    def has_happened(self) -> bool:
        """Whether it took effect, as far as this entry says."""
        return self.outcome is not None and self.outcome.happened

    @property
    def device_id(self) -> str | None:
        """The device: the one that came, else the one that the answer brought."""
        return self.event.device.id or (self.extra or {}).get("issued_device") or None


def remember_key(sid: str, extra: Mapping[str, str]) -> None:
    """Keep the new key of a session whose key was rotated, so that it can still be ended. Cost: 1 update."""
    Session.objects.filter(pk=sid).update(**_key_columns(extra))


def save_sightings(sightings: Iterable[Sighting], now: datetime) -> None:
    """Renew the rows of devices and sessions that these events speak of, in the caller's transaction.

    Harmless twice and in any order. Cost: 2 queries, and up to 4 statements for a batch.
    """
    seen = [sighting for sighting in sightings if sighting.event.account]
    _save_sessions(seen, now)
    _save_devices([sighting for sighting in seen if sighting.is_start and sighting.device_id], now)
    _save_ends([sighting for sighting in seen if sighting.has_happened])


def _save_sessions(sightings: list[Sighting], now: datetime) -> None:
    by_sid: dict[str, list[Sighting]] = {}
    for sighting in sightings:
        if sighting.event.session and (sighting.is_start or sighting.event.kind != Kind.LOGIN):
            by_sid.setdefault(redact.line(sighting.event.session, 64), []).append(sighting)
    known = Session.objects.in_bulk(list(by_sid))
    new, renewed = [], []
    for sid, mine in by_sid.items():
        if sid not in known:
            first = mine[0].event
            row = Session(
                sid=sid,
                account=redact.line(first.account or "", 64),
                started_at=first.at,
                last_seen_at=first.at,
            )
            new.append(_merge_session(row, mine))
        elif _tells_more(known[sid], mine):
            renewed.append(_merge_session(known[sid], mine))
    _end_late_comers(new, now)
    Session.objects.bulk_create(new, ignore_conflicts=True)
    # Not ended_at: whoever ends a session at this moment must win.
    Session.objects.bulk_update(renewed, _SESSION_COLUMNS)
    for row in renewed:
        if row.ended_at is not None and row.sealed_key:
            # It was ended before its key was known: now it can be deleted as well.
            outbox.enqueue(APPLY_SESSION, row.sid, now)


def _end_late_comers(rows: list[Session], now: datetime) -> None:
    """A session that is written down after all of its account's were ended is over, if it began before."""
    cut = AccountState.objects.filter(
        account__in={row.account for row in rows}, sessions_ended_at__isnull=False
    )
    ended = dict(cut.values_list("account", "sessions_ended_at")) if rows else {}
    for row in rows:
        ended_at = ended.get(row.account)
        if ended_at is not None and row.started_at <= ended_at:
            row.ended_at, row.ended_reason = ended_at, "ended with all others"
            outbox.enqueue(APPLY_SESSION, row.sid, now)


_SESSION_COLUMNS = (
    "account", "key_hash", "sealed_key", "device_hash", "started_at", "last_seen_at", "ip", "place", "label",
    "login_risk",
)  # fmt: skip


def _tells_more(row: Session, mine: list[Sighting]) -> bool:
    newest = max(sighting.event.at for sighting in mine)
    starts = any(sighting.is_start for sighting in mine)
    return (starts and not row.key_hash) or newest - row.last_seen_at >= LAST_SEEN_STEP


def _merge_session(row: Session, mine: list[Sighting]) -> Session:
    newest = max(mine, key=lambda sighting: sighting.event.at).event
    row.account = row.account or redact.line(newest.account or "", 64)
    if newest.at >= row.last_seen_at:
        row.last_seen_at = newest.at
        row.ip, row.label = redact.address(newest.client.ip), label_of(newest.client)
        row.place = place_in_words(newest)
    row.device_hash = row.device_hash or device_hash(newest.device.id)
    row.started_at = min(row.started_at, *(sighting.event.at for sighting in mine))
    for sighting in mine:
        if sighting.is_start:
            row.device_hash = device_hash(sighting.device_id)
            row.login_risk = sighting.decision.risk if sighting.decision else 0.0
            for column, value in _key_columns(sighting.extra or {}).items():
                setattr(row, column, value)
    return row


def _key_columns(extra: Mapping[str, str]) -> dict[str, str | bytes]:
    columns: dict[str, str | bytes] = {}
    if extra.get("key_hash"):
        columns["key_hash"] = extra["key_hash"][:64]
        columns["sealed_key"] = bytes.fromhex(extra.get("sealed_key", ""))
    return columns


def _save_devices(starts: list[Sighting], now: datetime) -> None:
    rows: dict[tuple[str, str], Device] = {}
    for sighting in sorted(starts, key=lambda start: start.event.at):
        row = _device(sighting, now)
        earlier = rows.get((row.account, row.device_hash))
        if earlier is not None:
            row.first_seen_at, row.trusted_at = earlier.first_seen_at, earlier.trusted_at or row.trusted_at
        rows[row.account, row.device_hash] = row
    hashes = {hashed for _, hashed in rows}
    for known in Device.objects.filter(device_hash__in=hashes):
        renewed = rows.get((known.account, known.device_hash))
        if renewed is not None:
            renewed.trusted_at = known.trusted_at or renewed.trusted_at
            renewed.last_seen_at = max(known.last_seen_at, renewed.last_seen_at)
    # Neither first_seen_at nor revoked_at: age is not renewed, and revoked stays revoked.
    Device.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["account", "device_hash"],
        update_fields=["label", "fingerprint_hash", "last_seen_at", "trusted_at", "last_ip", "last_place"],
    )


def _save_ends(sightings: list[Sighting]) -> None:
    """Sign-outs end their session for good; changes of contact data and factors are dated."""
    for sighting in sightings:
        event = sighting.event
        if event.kind == Kind.LOGOUT:
            Session.objects.filter(pk=event.session, ended_at=None).update(
                ended_at=event.at, ended_reason="logout"
            )
        elif event.kind == Kind.PROFILE_CHANGE:
            state, _ = AccountState.objects.get_or_create(account=event.account)
            earlier = Q(contact_changed_at=None) | Q(contact_changed_at__lt=event.at)
            AccountState.objects.filter(earlier, pk=state.pk).update(contact_changed_at=event.at)


def _device(sighting: Sighting, now: datetime) -> Device:
    event = sighting.event
    proved = sighting.outcome.proved if sighting.outcome else Strength.NONE
    return Device(
        account=redact.line(event.account or "", 64),
        device_hash=device_hash(sighting.device_id),
        label=label_of(event.client),
        fingerprint_hash=fingerprint_hash(event.device),
        first_seen_at=event.at,
        last_seen_at=event.at,
        trusted_at=now if sighting.trust or proved >= Strength.PHISHING_RESISTANT else None,
        last_ip=redact.address(event.client.ip),
        last_place=place_in_words(event),
    )
