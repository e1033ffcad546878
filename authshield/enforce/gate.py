"""The last look before money moves, in the effect's own transaction: sessions and accounts that were stopped.

Asks the database, never a cache: losing Redis loses no lock.
"""

from __future__ import annotations

from functools import lru_cache

from django.db import connections, router

from authshield.errors import Refused
from authshield.models import AccountState, Session
from authshield.models.prepared import Prepared
from authshield.sealing import keyed_hash


def final_gate(account: str, sid: str) -> None:
    """Raise ``Refused`` (session_ended, account_frozen) where either was stopped. Cost: 1 query."""
    codes = {code for (code,) in stopped().rows((account, sid))}
    for code in ("session_ended", "account_frozen"):
        if code in codes:
            raise Refused(code)


def stopped() -> Prepared:
    """The question behind the gate, by account and session: a row for each that was stopped. Cost: no query."""
    return _stopped(router.db_for_write(AccountState))


def is_ended(sid: str) -> bool:
    """Whether this session was ended. Cost: 1 query."""
    return Session.objects.filter(sid=sid, ended_at__isnull=False).exists()


def was_ended(session_key: str) -> bool:
    """Whether the session that had this key in Django's store was ended. Cost: 1 query."""
    hashed = keyed_hash(session_key, "session-key")
    return Session.objects.filter(key_hash=hashed, ended_at__isnull=False).exists()


@lru_cache
def _stopped(alias: str) -> Prepared:
    """Built once: every order waits for it, and building it as query sets took longer than its answer."""
    quoted = connections[alias].ops.quote_name
    accounts, sessions = quoted(AccountState._meta.db_table), quoted(Session._meta.db_table)
    sql = (
        f"SELECT 'account_frozen' FROM {accounts} WHERE account = %s AND frozen_at IS NOT NULL "  # noqa: S608 - the models' own names
        f"UNION ALL SELECT 'session_ended' FROM {sessions} WHERE sid = %s AND ended_at IS NOT NULL"
    )
    return Prepared(alias, sql)
