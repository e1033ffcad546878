"""Exact counting in the database while Redis is away: a sliding log a window, changed by one statement.

Check and count are one ``INSERT … ON CONFLICT … DO UPDATE … WHERE``, alike on SQLite and PostgreSQL, so parallel
calls cannot slip past each other. Must not know which limits there are: that is ``authshield.outage``.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper

from authshield.models import FallbackWindow
from authshield.sealing import keyed_hash

MEMBER = 13
"""Characters of a colon and a member's tag, 48 bits in hex."""

STAMP = 13
"""Digits of a time in milliseconds; they do up to the year 2286."""

RECORD = MEMBER + STAMP
COLUMNS = 5

_TABLE = FallbackWindow._meta.db_table
_LOG = f"{_TABLE}.log"
_INSERT = f"INSERT INTO {_TABLE} (key, log, capacity, since, updated_at) VALUES"


@dataclass(frozen=True, slots=True)
class Window:
    """At most ``capacity`` different members in any ``window_seconds``; ``key`` may be anything, it is hashed.

    The member is what is counted: an event's id, or the value whose differences count. One that is in the window
    already takes no further place.
    """

    key: str
    member: str
    capacity: int
    window_seconds: int


def count(key: str, *, window_seconds: int, capacity: int, now: datetime) -> bool:
    """Count one event of this key if fewer than ``capacity`` lie in the window; False, uncounted, if not.

    Cost: 1 query, 2 on a refusal.
    """
    return not reserve([Window(key, secrets.token_hex(8), capacity, window_seconds)], now)


def reserve(windows: Sequence[Window], now: datetime) -> dict[Window, int]:
    """Take a place in each window that has one; the others, with the milliseconds until they have one again.

    What is taken stays taken, whatever becomes of the caller's transaction (on SQLite only outside of one: it has
    one writer). Cost: 1 query, 2 on a refusal.
    """
    keyed = {_hashed(window): window for window in windows if window.capacity > 0}
    if not keyed:
        return {window: window.window_seconds * 1000 for window in windows}
    with _apart() as connection:
        taken = _upsert(connection, _reserving(connection.vendor), _taken(keyed, now), now)
        full = {key: window for key, window in keyed.items() if key not in taken}
        waits = _waits(full, now) if full else {}
    never = {window: window.window_seconds * 1000 for window in windows if window.capacity <= 0}
    return never | {window: waits[key] for key, window in full.items()}


def give_back(windows: Sequence[Window], now: datetime) -> None:
    """Free the places that these members have taken. Cost: 1 query."""
    keyed = {_hashed(window): window for window in windows if window.capacity > 0}
    if keyed:
        with _apart() as connection:
            _upsert(connection, _freeing(connection.vendor), _freed(keyed), now)


def _hashed(window: Window) -> str:
    return keyed_hash(f"{window.window_seconds}:{window.key}", "fallback")


@contextmanager
def _apart() -> Iterator[BaseDatabaseWrapper]:
    """A connection on which a statement is its own transaction.

    Where the request is one (``ATOMIC_REQUESTS``), a connection of its own: what a refused request takes back
    would be counted never. Not on SQLite, where the second connection would wait for the first one for ever.
    """
    alias = router.db_for_write(FallbackWindow)
    connection = connections[alias]
    blocks = connection.atomic_blocks
    # A test's own block is no request's; Django marks it for the same purpose (atomic's ``durable``).
    is_nested = bool(blocks) and not getattr(blocks[-1], "_from_testcase", False)
    if not is_nested or connection.vendor == "sqlite":
        yield connection
        return
    own = connections.create_connection(alias)
    try:
        yield own
    finally:
        own.close()


def _taken(keyed: dict[str, Window], now: datetime) -> Iterator[tuple[str, str, int, str]]:
    for key, window in keyed.items():
        since = _ms(now) - window.window_seconds * 1000
        yield key, f"{_tag(window)}{_ms(now):0{STAMP}d}", window.capacity, f"{since:0{STAMP}d}"


def _freed(keyed: dict[str, Window]) -> Iterator[tuple[str, str, int, str]]:
    """Whose place it is, where a time would stand: a row that is not there (any more) must begin empty."""
    for key, window in keyed.items():
        yield key, "", window.capacity, _tag(window)


def _upsert(
    connection: BaseDatabaseWrapper, conflict: str, rows: Iterable[tuple[str, str, int, str]], now: datetime
) -> set[str]:
    """Bring all rows, in the order of their keys, so that no two calls wait for each other; the keys that changed."""
    at = connection.ops.adapt_datetimefield_value(now)
    values = [value for row in sorted(rows) for value in (*row, at)]
    places = ", ".join(["(%s, %s, %s, %s, %s)"] * (len(values) // COLUMNS))
    with connection.cursor() as cursor:
        cursor.execute(f"{_INSERT} {places} {conflict}", values)
        return {key for (key,) in cursor.fetchall()}


def _waits(full: dict[str, Window], now: datetime) -> dict[str, int]:
    """Milliseconds until the oldest place of each is free. A place that was freed meanwhile: none."""
    logs = dict(FallbackWindow.objects.filter(pk__in=full).values_list("pk", "log"))
    waits = {}
    for key, window in full.items():
        log = logs.get(key, "")
        first = len(log) - window.capacity * RECORD
        freed = int(log[first + MEMBER : first + RECORD]) + window.window_seconds * 1000 if first >= 0 else 0
        waits[key] = max(1, freed - _ms(now))
    return waits


def _tag(window: Window) -> str:
    return f":{keyed_hash(window.member, 'fallback-member')[: MEMBER - 1]}"


def _ms(now: datetime) -> int:
    return round(now.timestamp() * 1000)


@lru_cache
def _reserving(vendor: str) -> str:
    """The log keeps the newest ``capacity`` records, oldest first; a member that comes again moves to the end."""
    place = _place(vendor, f"substr(excluded.log, 1, {MEMBER})")
    oldest = f"substr({_LOG}, length({_LOG}) - excluded.capacity * {RECORD} + {MEMBER + 1}, {STAMP})"
    rest = f"CASE WHEN {place} > 0 THEN {_without(place)} ELSE {_LOG} END"
    kept = f"(excluded.capacity - 1) * {RECORD}"
    newest = f"substr({rest}, length({rest}) - {kept} + 1)"
    return (
        "ON CONFLICT (key) DO UPDATE SET capacity = excluded.capacity, since = excluded.since, "
        "updated_at = excluded.updated_at, "
        f"log = CASE WHEN length({rest}) > {kept} THEN {newest} ELSE {rest} END || excluded.log "
        f"WHERE {place} > 0 OR length({_LOG}) < excluded.capacity * {RECORD} OR {oldest} <= excluded.since "
        "RETURNING key"
    )


@lru_cache
def _freeing(vendor: str) -> str:
    place = _place(vendor, "excluded.since")
    return f"ON CONFLICT (key) DO UPDATE SET log = {_without(place)} WHERE {place} > 0 RETURNING key"


def _place(vendor: str, member: str) -> str:
    """Where in the log a member is; 0: nowhere."""
    return f"{'strpos' if vendor == 'postgresql' else 'instr'}({_LOG}, {member})"


def _without(place: str) -> str:
    return f"(substr({_LOG}, 1, {place} - 1) || substr({_LOG}, {place} + {RECORD}))"
