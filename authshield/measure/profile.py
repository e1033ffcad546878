"""What is known of accounts and sessions, changed by other hands than an event's: desk, scoring, durable copy.

Each function is one round trip and raises ``StoreUnavailable`` where Redis does not answer.
Must not be the truth of anything: freezes, ended sessions and trusted devices live in the database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authshield.measure.generate import TTL
from authshield.measure.keys import tag_of
from authshield.measure.lessons import PROFILE
from authshield.measure.programs import learn_call

if TYPE_CHECKING:
    from datetime import datetime

    from authshield.measure.programs import Op
    from authshield.measure.store import Store
    from authshield.vocabulary.actions import Strength
    from authshield.vocabulary.snapshot import AccountSnapshot


def hydrate(account: str, snapshot: AccountSnapshot, store: Store) -> None:
    """Put the durable copy back; from now on the account is not cold. Never forgets what is there already."""
    attributes: dict[str, Any] = {
        "synced": 1,
        "frozen": int(snapshot.frozen),
        "suspect": int(snapshot.suspect),
    }
    if snapshot.must_prove:
        attributes["prove"] = 1
    most: dict[str, Any] = {"logins": snapshot.logins}
    if snapshot.contact_changed_at is not None:
        most["contact"] = _ms(snapshot.contact_changed_at)
    ops: list[Op] = [["s", attributes], ["x", most]]
    if snapshot.first_login_at is not None:
        ops.append(["n", {"first": _ms(snapshot.first_login_at)}])
    for device in sorted(snapshot.devices, key=lambda known: known.last_seen_at):
        span = [_ms(device.first_seen_at), _ms(device.last_seen_at), int(device.is_trusted)]
        ops.append(["t", "p:dev", PROFILE["dev"], tag_of(device.device_hash), *span])
        if device.fingerprint_hash:
            ops.append(["t", "p:fp", PROFILE["fp"], tag_of(device.fingerprint_hash), *span])
    _change_account(store, account, ops)


def mark_account(  # noqa: PLR0913 - one flag each
    store: Store,
    account: str,
    *,
    frozen: bool | None = None,
    suspect: bool | None = None,
    must_prove: bool | None = None,
    contact_changed_at: datetime | None = None,
    sessions_ended_at: datetime | None = None,
) -> None:
    """Note that the account was frozen, is suspect, must prove itself, or changed its contact data; None leaves it.

    ``sessions_ended_at``: the sessions that began before are over, but for those that ``spare_session`` names.
    """
    ops: list[Op] = []
    if suspect is not None:
        ops.append(["s", {"suspect": int(suspect)}])
    if must_prove is not None:
        ops.append(["s", {"prove": int(must_prove)}])
    if frozen is not None:
        ops.append(["s", {"frozen": int(frozen)}])
    if contact_changed_at is not None:
        ops.append(["x", {"contact": _ms(contact_changed_at)}])
    if sessions_ended_at is not None:
        ops.append(["x", {"cut": _ms(sessions_ended_at)}])
    _change_account(store, account, ops)


def mark_session(
    store: Store,
    sid: str,
    *,
    ended: bool | None = None,
    score: float | None = None,
    strength: Strength | None = None,
    proof_at: datetime | None = None,
) -> None:
    """Note what the desk, the scoring or a challenge found out about a session; None leaves it."""
    attributes: dict[str, Any] = {}
    if ended is not None:
        attributes["ended"] = int(ended)
    if score is not None:
        attributes["score"] = score
    if strength is not None:
        attributes["strength"] = int(strength)
    if proof_at is not None:
        attributes["proof"] = _ms(proof_at)
    _change(store, "sess", sid, [["s", attributes]])


def mark_bound(store: Store, sid: str, at: datetime) -> None:
    """Note that the session's browser has bound it to a key: from now on it comes with a cookie of that key."""
    _change(store, "sess", sid, [["s", {"bound": _ms(at)}]])


def take_device(store: Store, sid: str, device_id: str) -> None:
    """Let the session's device have this id from now on."""
    _change(store, "sess", sid, [["b", "D", store.keys.tag("device", device_id)]])


def spare_session(store: Store, sid: str, at: datetime) -> None:
    """Let a session outlive that all others of its account were ended at that time."""
    _change(store, "sess", sid, [["s", {"spared": _ms(at)}]])


def trust_device(store: Store, account: str, device_id: str, *, now: datetime) -> None:
    """Trust a device of an account from now on."""
    at = _ms(now)
    device = store.keys.tag("device", device_id)
    _change_account(store, account, [["t", "p:dev", PROFILE["dev"], device, at, at, 1]])


def forget_device(store: Store, account: str, device_id: str) -> None:
    """Forget a device, its trust included: it is a stranger's from now on."""
    _change_account(store, account, [["f", "p:dev", store.keys.tag("device", device_id)]])


def forget_device_hash(store: Store, account: str, device_hash: str) -> None:
    """The same for whoever has the kept hash of the id alone, such as the desk."""
    _change_account(store, account, [["f", "p:dev", tag_of(device_hash)]])


def trust_device_hash(store: Store, account: str, device_hash: str, *, now: datetime) -> None:
    """``trust_device`` for whoever has the kept hash of the id alone, such as the desk."""
    at = _ms(now)
    _change_account(store, account, [["t", "p:dev", PROFILE["dev"], tag_of(device_hash), at, at, 1]])


def _change_account(store: Store, account: str, ops: list[Op]) -> None:
    _change(store, "acct", account, ops)


def _change(store: Store, kind: str, value: str, ops: list[Op]) -> None:
    # Time 0: nothing here is counted by the clock, so nothing has to expire by it either.
    store.run([learn_call(0, 0, {store.keys.entity(kind, value): [TTL[kind], *ops]})])


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
