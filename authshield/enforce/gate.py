"""The last look before money moves, in the effect's own transaction: sessions and accounts that were stopped.

Asks the database, never a cache: losing Redis loses no lock.
"""

from __future__ import annotations

from django.db.models import CharField, QuerySet, Value

from authshield.errors import Refused
from authshield.models import AccountState, Session
from authshield.sealing import keyed_hash


def final_gate(account: str, sid: str) -> None:
    """Raise ``Refused`` (session_ended, account_frozen) where either was stopped. Cost: 1 query."""
    frozen = AccountState.objects.filter(account=account, frozen_at__isnull=False)
    ended = Session.objects.filter(sid=sid, ended_at__isnull=False)
    codes = {code for (code,) in _coded(frozen, "account_frozen").union(_coded(ended, "session_ended"))}
    for code in ("session_ended", "account_frozen"):
        if code in codes:
            raise Refused(code)


def is_ended(sid: str) -> bool:
    """Whether this session was ended. Cost: 1 query."""
    return Session.objects.filter(sid=sid, ended_at__isnull=False).exists()


def was_ended(session_key: str) -> bool:
    """Whether the session that had this key in Django's store was ended. Cost: 1 query."""
    hashed = keyed_hash(session_key, "session-key")
    return Session.objects.filter(key_hash=hashed, ended_at__isnull=False).exists()


def _coded(
    rows: QuerySet[AccountState] | QuerySet[Session], code: str
) -> QuerySet[AccountState, tuple[str]] | QuerySet[Session, tuple[str]]:
    return rows.order_by().annotate(code=Value(code, output_field=CharField())).values_list("code")
