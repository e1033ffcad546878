"""The scoring stream, from the workers' side: read, acknowledge, lag, and leases so that one drains at a time.

An entry that was read and not acknowledged comes again, first. Must not be called in a request.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from authshield.errors import StoreUnavailable
from authshield.measure.journal import Entry, Seen, Settled, read_entry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from authshield.measure.store import Store

__all__ = [
    "Entry",
    "Seen",
    "Settled",
    "ack",
    "drop_lease",
    "dropped",
    "lag",
    "read",
    "renew_lease",
    "take_lease",
]

logger = logging.getLogger("authshield.stream")

GROUP = "authshield"
CONSUMER = "drain"
"""One name for all workers: whoever holds the lease takes over what another one left unfinished."""

_RENEW = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('PEXPIRE', KEYS[1], ARGV[2]) or 0"
_DROP = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0"


def read(store: Store, *, count: int, block_ms: int) -> list[Entry]:
    """The next entries, oldest first; those that were read before and not acknowledged come first.

    Waits up to ``block_ms`` for one where there is none. Cost: 2 round trips.
    """
    entries = _read(store, "0", count=count)
    return entries or _read(store, ">", count=count, block_ms=block_ms)


def ack(store: Store, entries: Sequence[Entry]) -> None:
    """These are done: they are forgotten. Cost: 2 round trips."""
    if entries:
        _forget(store, [entry.entry_id for entry in entries])


def lag(store: Store) -> int:
    """Entries that are not done yet."""
    return int(store.long_poll("XLEN", store.keys.stream, key=store.keys.stream))


def dropped(store: Store) -> int:
    """Entries that were given up unread since the beginning, because the stream was full."""
    return int(store.long_poll("GET", store.keys.dropped, key=store.keys.dropped) or 0)


def take_lease(store: Store, name: str, token: str, seconds: float) -> bool:
    """Take a lease that nobody holds; ``token`` is the holder's own secret."""
    milliseconds = int(seconds * 1000)
    key = store.keys.lease(name)
    return bool(store.long_poll("SET", key, token, "NX", "PX", milliseconds, key=key))


def renew_lease(store: Store, name: str, token: str, seconds: float) -> bool:
    """Hold on to a lease; False where it is lost."""
    key = store.keys.lease(name)
    return bool(store.long_poll("EVAL", _RENEW, 1, key, token, int(seconds * 1000), key=key))


def drop_lease(store: Store, name: str, token: str) -> bool:
    """Give a lease back; False where it was lost before."""
    key = store.keys.lease(name)
    return bool(store.long_poll("EVAL", _DROP, 1, key, token, key=key))


def _read(store: Store, start: str, *, count: int, block_ms: int | None = None) -> list[Entry]:
    wait: list[str | int] = [] if block_ms is None else ["BLOCK", max(1, block_ms)]
    command = [
        "XREADGROUP",
        "GROUP",
        GROUP,
        CONSUMER,
        "COUNT",
        count,
        *wait,
        "STREAMS",
        store.keys.stream,
        start,
    ]
    try:
        reply = store.long_poll(*command, key=store.keys.stream)
    except StoreUnavailable as error:
        if "NOGROUP" not in str(error):
            raise
        store.long_poll("XGROUP", "CREATE", store.keys.stream, GROUP, "0", "MKSTREAM", key=store.keys.stream)
        reply = store.long_poll(*command, key=store.keys.stream)
    return _entries(store, reply)


def _entries(store: Store, reply: Any) -> list[Entry]:
    entries: list[Entry] = []
    lost: list[str] = []
    for entry_id, fields in reply[0][1] if reply else []:
        name = entry_id.decode()
        entry = _readable(name, dict(zip(fields[::2], fields[1::2], strict=True))) if fields else None
        if entry is None:
            lost.append(name)
        else:
            entries.append(entry)
    if lost:
        _forget(store, lost)
    return entries


def _readable(name: str, fields: Mapping[bytes, bytes]) -> Entry | None:
    """The entry, None for what nobody of this package wrote: it must not stop those that follow it."""
    try:
        return read_entry(name, fields)
    except Exception:  # whatever a forger thinks of
        logger.exception("entry %s of the scoring stream cannot be read and is left out", name)
        return None


def _forget(store: Store, ids: Sequence[str]) -> None:
    store.long_poll("XACK", store.keys.stream, GROUP, *ids, key=store.keys.stream)
    store.long_poll("XDEL", store.keys.stream, *ids, key=store.keys.stream)
