"""Members of campaigns in the database: what ``scan.InMemory`` keeps, shared by all workers.

A batch reads all its joins at once, writes what it notes in one statement, and works on a copy of its own in the
order of its events. What others wrote before is seen; of two workers at one moment at least one sees the other,
because each writes before it reads. Later evidence is never replaced by earlier, whoever comes last.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connections, router, transaction

from authshield.models import ScanMember
from authshield.score.scan import KEPT, LONGEST, InMemory, Join, Member, age
from authshield.sealing import keyed_hash

Note = tuple[Join, Member]
Cleared = Callable[[Collection[str]], Collection[str]]

SPARE = KEPT // 4
"""So many more than needed may stand at a join before the oldest are deleted."""

_ROWS = 400
_HASHED = frozenset({"block", "looks"})
"""Kinds of join whose value need not be readable: addresses and what devices look like."""

_TABLE = ScanMember._meta.db_table
_COLUMNS = ("join", "account", "sid", "event_id", "at", "nats")
_UPSERT = (
    f'INSERT INTO {_TABLE} ("join", account, sid, event_id, at, nats) VALUES {{}} '  # noqa: S608 - no value in it
    'ON CONFLICT ("join", account) DO UPDATE SET sid = excluded.sid, event_id = excluded.event_id, '
    "at = excluded.at, nats = excluded.nats "
    f"WHERE excluded.at > {_TABLE}.at OR (excluded.at = {_TABLE}.at AND excluded.event_id > {_TABLE}.event_id)"
)


def stored(join: Join) -> str:
    """A join as the database names it."""
    value = keyed_hash(join.value, f"join:{join.kind}") if join.kind in _HASHED else join.value
    return f"{join.kind}:{value}"[:100]


@dataclass(slots=True)
class Shared(InMemory):
    """A batch's copy of what all workers keep. At ``unseen`` joins there is nobody to be seen."""

    unseen: frozenset[Join] = frozenset()

    def since(self, join: Join, at: datetime) -> Sequence[Member]:
        """The latest members of a join, all later than ``at``; the oldest first."""
        return [] if join in self.unseen else InMemory.since(self, join, at)


def ready(notes: Sequence[Note], cleared: Cleared | None = None) -> Shared:
    """Write what a batch notes; returns the members to work with, as if its notes were still to come.

    They are in the order of the batch. ``cleared`` says at which joins, by their names, nobody is to be looked at.
    Harmless twice. Cost: 3 statements and what that costs, 1 more where a join has grown too long.
    """
    if not notes:
        return Shared({})
    names = {join: stored(join) for join, _ in notes}
    mine = {(names[join], member.account) for join, member in notes}
    since = min(member.at for _, member in notes) - LONGEST
    rows = ScanMember.objects.filter(join__in=set(names.values()), at__gt=since)
    before = list(rows.filter(account__in={account for _, account in mine}).values_list(*_COLUMNS))
    _write(names, notes)
    now = list(rows.values_list(*_COLUMNS))
    _prune(now)
    others = (row for row in now if (row[0], row[1]) not in mine)
    own = (row for row in before if (row[0], row[1]) in mine)
    view = _view({name: join for join, name in names.items()}, [*others, *own])
    gone = cleared(set(names.values())) if cleared is not None else ()
    view.unseen = frozenset(join for join, name in names.items() if name in gone)
    return view


def _view(joins: dict[str, Join], rows: Iterable[tuple[str, str, str, str, datetime, float]]) -> Shared:
    kept: dict[Join, list[Member]] = {}
    for name, account, sid, event_id, at, nats in rows:
        kept.setdefault(joins[name], []).append(Member(account, sid, event_id, at, nats))
    return Shared(
        {
            join: {member.account: member for member in sorted(members, key=age)[-KEPT:]}
            for join, members in kept.items()
        }
    )


def _write(names: dict[Join, str], notes: Sequence[Note]) -> None:
    """The latest of each account and join, in an order that all workers keep, so that none waits in a circle."""
    latest: dict[tuple[str, str], Member] = {}
    for join, member in notes:
        known = latest.get((names[join], member.account))
        if known is None or age(member) > age(known):
            latest[names[join], member.account] = member
    rows = sorted(latest.items())
    alias = router.db_for_write(ScanMember)
    connection = connections[alias]
    adapt = connection.ops.adapt_datetimefield_value
    with transaction.atomic(using=alias), connection.cursor() as cursor:
        for start in range(0, len(rows), _ROWS):
            part = rows[start : start + _ROWS]
            values = [
                value
                for (name, account), member in part
                for value in (name, account, member.sid, member.event_id, adapt(member.at), member.nats)
            ]
            cursor.execute(_UPSERT.format(", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(part))), values)


def _prune(rows: Iterable[tuple[str, str, str, str, datetime, float]]) -> None:
    by_join: dict[str, list[tuple[datetime, str, str]]] = {}
    for name, account, _, event_id, at, _ in rows:
        by_join.setdefault(name, []).append((at, event_id, account))
    for name, ages in by_join.items():
        if len(ages) > KEPT + SPARE:
            at, _, _ = sorted(ages)[-KEPT]
            ScanMember.objects.filter(join=name, at__lt=at).delete()
