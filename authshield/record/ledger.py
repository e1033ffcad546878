"""The ledger of decisions about money and challenges. Append-only; must not hold a secret.

Written in the transaction of the effect itself, so that there is never one without the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connections, router
from django.db.models import DateTimeField, GenericIPAddressField, JSONField
from django.db.models.constants import OnConflict
from django.db.models.sql import InsertQuery

from authshield.models import LedgerEntry
from authshield.record import redact
from authshield.record.rows import decision_columns, event_columns
from authshield.vocabulary.decision import Decision, Outcome
from authshield.vocabulary.event import Event
from authshield.vocabulary.features import Features
from authshield.vocabulary.operation import Operation

_ADAPTED = (DateTimeField, GenericIPAddressField, JSONField)
_LATER_WORD = ("final", "challenge_id", "hold_id", "case_id", "reference", "operation", "action", "required")


def write(  # noqa: PLR0917 - the stages in the journey's own order
    event: Event,
    features: Features,
    decision: Decision,
    outcome: Outcome,
    operation: Operation | None,
    now: datetime,
) -> None:
    """Write one decision down, dated ``now``, in the caller's transaction. Cost: 1 insert.

    A second word on the same event, such as a sign-in that passes its challenge later, renews its outcome.
    """
    columns = event_columns(event) | decision_columns(decision)
    columns |= {
        "at": now,
        "final": outcome.final.value,
        "facts": redact.facts(features.facts),
        "operation": _text(operation),
        "reference": "",
        "challenge_id": outcome.challenge_id,
        "hold_id": outcome.hold_id,
        "case_id": outcome.case_id,
    }
    alias = router.db_for_write(LedgerEntry)
    connection = connections[alias]
    statement = _statement(alias)
    values = [columns[name] for name in statement.columns]
    for place, field in statement.adapted:
        values[place] = field.get_db_prep_save(values[place], connection)
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, values)


@dataclass(frozen=True, slots=True)
class _Statement:
    """``adapted`` are the places of columns whose values a database wants in a form of its own."""

    sql: str
    columns: tuple[str, ...]
    adapted: tuple[tuple[int, Any], ...]


@lru_cache
def _statement(alias: str) -> _Statement:
    """Django's own statement, built once: every order waits for it, and building it took longer than its answer."""
    fields = [field for field in LedgerEntry._meta.local_concrete_fields if not field.primary_key]
    by_name = {field.attname: field for field in fields}
    query = InsertQuery(
        LedgerEntry,
        on_conflict=OnConflict.UPDATE,
        update_fields=[by_name[name] for name in _LATER_WORD],
        unique_fields=[by_name["event_id"]],
    )
    query.insert_values(fields, [LedgerEntry()])
    [(sql, _)] = query.get_compiler(using=alias).as_sql()
    adapted = [(place, field) for place, field in enumerate(fields) if isinstance(field, _ADAPTED)]
    return _Statement(sql, tuple(by_name), tuple(adapted))


def _text(operation: Operation | None) -> str:
    """The operation's canonical text; fields that carry a secret, such as a new password, are removed."""
    if operation is None:
        return ""
    fields, account = redact.tree(dict(operation.fields), 1), redact.tree(operation.account)
    return Operation(operation.kind, account, fields).canonical()
