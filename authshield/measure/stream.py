"""The scoring streams, from the workers' side: read, acknowledge, lag, and leases so that one drains at a time.

There is one stream a shard. An entry that was read and not acknowledged comes again, first. Must not be called in a
request.
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
    "leave",
    "present",
    "read",
    "renew_lease",
    "rest",
    "take_lease",
]

logger = logging.getLogger("authshield.stream")

GROUP = "authshield"
CONSUMER = "drain"
"""One name for all workers: whoever holds the lease takes over what another one left unfinished."""

_PRESENT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])
"""
_RENEW = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('PEXPIRE', KEYS[1], ARGV[2]) or 0"
_DROP = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0"


def read(store: Store, *, count: int, block_ms: int, shard: int = 0) -> list[Entry]:
    """The next entries of a shard, oldest first; those that were read before and not acknowledged come first.

    Waits up to ``block_ms`` for one where there is none; 0 does not wait. Cost: 2 round trips.
    """
    stream = store.keys.streams[shard][0]
    entries = _read(store, stream, "0", count=count)
    return entries or _read(store, stream, ">", count=count, block_ms=block_ms)


def ack(store: Store, entries: Sequence[Entry], *, shard: int = 0) -> None:
    """These are done: they are forgotten. Cost: 2 round trips."""
    if entries:
        _forget(store, store.keys.streams[shard][0], [entry.entry_id for entry in entries])


def lag(store: Store) -> int:
    """Entries that are not done yet, of all shards. Cost: 1 round trip each."""
    return sum(int(store.long_poll("XLEN", stream, key=stream)) for stream, _ in store.keys.streams)


def dropped(store: Store) -> int:
    """Entries that were given up unread since the beginning, because their stream was full. Cost as ``lag``."""
    return sum(int(store.long_poll("GET", count, key=count) or 0) for _, count in store.keys.streams)


def present(store: Store, name: str, token: str, seconds: float) -> int:
    """Say that the holder of ``token`` is at work on ``name``; returns how many are, each for ``seconds`` more."""
    key = store.keys.lease(name)
    return int(store.long_poll("EVAL", _PRESENT, 1, key, token, int(seconds * 1000), key=key))


def leave(store: Store, name: str, token: str) -> None:
    """The holder of ``token`` is not at work on ``name`` any more."""
    key = store.keys.lease(name)
    store.long_poll("ZREM", key, token, key=key)


def rest(store: Store, name: str, milliseconds: int) -> None:
    """Wait in the server, for want of anything to read."""
    key = store.keys.lease(name)
    store.long_poll("BLPOP", key, milliseconds / 1000, key=key)


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


def _read(store: Store, stream: str, start: str, *, count: int, block_ms: int = 0) -> list[Entry]:
    wait: list[str | int] = ["BLOCK", block_ms] if block_ms else []
    command = [
        "XREADGROUP",
        "GROUP",
        GROUP,
        CONSUMER,
        "COUNT",
        count,
        *wait,
        "STREAMS",
        stream,
        start,
    ]
    try:
        reply = store.long_poll(*command, key=stream)
    except StoreUnavailable as error:
        if "NOGROUP" not in str(error):
            raise
        store.long_poll("XGROUP", "CREATE", stream, GROUP, "0", "MKSTREAM", key=stream)
        reply = store.long_poll(*command, key=stream)
    return _entries(store, stream, reply)


def _entries(store: Store, stream: str, reply: Any) -> list[Entry]:
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
        _forget(store, stream, lost)
    return entries


def _readable(name: str, fields: Mapping[bytes, bytes]) -> Entry | None:
    """The entry, None for what nobody of this package wrote: it must not stop those that follow it."""
    try:
        return read_entry(name, fields)
    except Exception:  # whatever a forger thinks of
        logger.exception("entry %s of the scoring stream cannot be read and is left out", name)
        return None


def _forget(store: Store, stream: str, ids: Sequence[str]) -> None:
    store.long_poll("XACK", stream, GROUP, *ids, key=stream)
    store.long_poll("XDEL", stream, *ids, key=stream)
