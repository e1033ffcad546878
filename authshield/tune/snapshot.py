"""The ruleset in force and the live switches, kept in this process. Must not write anything.

Every node asks the database at most every half second, in one small query, so that a publication or a panic
switch counts everywhere within a second. Without the database the last snapshot stays in force.
"""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from django.db import Error as DatabaseFailure
from django.db import connections, router
from django.db.models import Exists
from django.db.models.expressions import RawSQL

from authshield.errors import RuleError
from authshield.judge import Ruleset, compile_ruleset
from authshield.models import RulesetVersion, SwitchRow
from authshield.models.prepared import Prepared
from authshield.tune.switches import live
from authshield.tune.transfer import default_source, source_of_version
from authshield.vocabulary.ruleset import Switch

if TYPE_CHECKING:
    from datetime import datetime

log = logging.getLogger("authshield.tune")

POLL_SECONDS = 0.5
GRACE_SECONDS = 0.4

Stamp = tuple[int, object] | None
"""Number and time of a version, the time as the database tells it: it is only compared."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is in force. ``stamp`` tells one version from another."""

    stamp: Stamp
    ruleset: Ruleset
    switches: tuple[Switch, ...]


class Snapshots:
    """Keeps the last snapshot. Threads share one; a fork starts with its parent's and polls for itself."""

    def __init__(self) -> None:
        """Empty: the first call reads."""
        self._lock = threading.Lock()
        self._held: Snapshot | None = None
        self._due = float("-inf")
        self._round = 0
        os.register_at_fork(after_in_child=self._unlock)

    def _unlock(self) -> None:
        self._lock = threading.Lock()  # a thread of the parent may have held it, and is not here

    def fresh(self, tick: float) -> Snapshot | None:
        """What is held, unless the database is to be asked by now."""
        return self._held if tick < self._due else None

    def get(self, now: datetime, tick: float) -> Snapshot:
        """The snapshot in force; ``tick`` are seconds of a clock that never jumps.

        While one thread asks the database the others go on with what is held; after a pause, when that is too
        old to go by, they wait for it.
        """
        held = self._held
        if held is not None and tick < self._due:
            return held
        if self._lock.acquire(blocking=held is None or tick >= self._due + GRACE_SECONDS):
            try:
                if self._held is None or tick >= self._due:
                    asked = self._round
                    self._held = _read(self._held, now)
                    self._due = tick + POLL_SECONDS if asked == self._round else self._due
            finally:
                self._lock.release()
        return self._held or _shipped()

    def ask_again(self) -> None:
        """Ask the database at the next call."""
        self._round += 1
        self._due = float("-inf")

    def forget(self) -> None:
        """Drop what is held, as a new process."""
        self._held = None
        self.ask_again()


@cache
def _shipped() -> Snapshot:
    """What is in force where nothing was ever published, or the database was never reached."""
    return Snapshot(None, compile_ruleset(default_source()), ())


def _read(held: Snapshot | None, now: datetime) -> Snapshot:
    try:
        stamp, is_switched = _newest(now)
        switches = live(now) if is_switched else ()
        if held is not None and held.stamp == stamp:
            return replace(held, switches=switches)
        ruleset = _compiled(stamp, held)
    except DatabaseFailure as error:
        log.warning("the rules cannot be read (%s): the last ones stay in force", type(error).__name__)
        return held or _shipped()
    return Snapshot(stamp, ruleset, switches)


def _newest(now: datetime) -> tuple[Stamp, bool]:
    """The newest version, and whether a switch may be on. Cost: 1 query."""
    statement, places = _statement(router.db_for_read(RulesetVersion))
    at = connections[statement.alias].ops.adapt_datetimefield_value(now)
    rows = statement.rows([at if value is _NOW else value for value in places])
    if not rows:
        return None, True
    [(number, created_at, is_switched)] = rows
    return (number, created_at), bool(is_switched)


_NOW = object()
"""Stands for the time in a statement that is built once."""


@lru_cache
def _statement(alias: str) -> tuple[Prepared, tuple[object, ...]]:
    """Django's own statement, built once: building it twice a second would cost a quiet site's every request."""
    switched = SwitchRow.objects.filter(expires_at__gt=RawSQL("%s", (_NOW,)))
    newest = RulesetVersion.objects.order_by("-number").annotate(is_switched=Exists(switched))
    rows = newest.values_list("number", "created_at", "is_switched")[:1]
    sql, params = rows.query.get_compiler(using=alias).as_sql()
    return Prepared(alias, sql), tuple(params)


def _compiled(stamp: Stamp, held: Snapshot | None) -> Ruleset:
    last = held.ruleset if held else _shipped().ruleset
    if stamp is None:
        return _shipped().ruleset
    number = stamp[0]
    row = RulesetVersion.objects.get(number=number)
    try:
        return compile_ruleset(source_of_version(row.snapshot, number))
    except RuleError as error:
        log.error("version %d cannot be used, version %d stays in force: %s", number, last.version, error)  # noqa: TRY400 - the problems say it all
        return last
