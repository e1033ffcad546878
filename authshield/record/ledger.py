"""The ledger of decisions about money and challenges. Append-only; must not hold a secret.

Written in the transaction of the effect itself, so that there is never one without the other.
"""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connections, router
from django.db.models.constants import OnConflict
from django.db.models.sql import InsertQuery

from authshield.models import LedgerEntry
from authshield.models.prepared import Prepared
from authshield.record import redact
from authshield.record.facts import FactsEncoder, told
from authshield.record.rows import decision_columns, event_columns
from authshield.vocabulary.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from authshield.vocabulary.assessment import Assessment
    from authshield.vocabulary.decision import Outcome

_LATER_WORD = ("final", "challenge_id", "hold_id", "case_id", "reference", "operation", "action", "required")


class Unless(NamedTuple):
    """Nothing is written where this question, asked with these values, finds a row."""

    question: Prepared
    values: tuple[str, ...]


def write(
    assessment: Assessment,
    outcome: Outcome,
    operation: Operation | None,
    now: datetime,
    *,
    unless: Unless | None = None,
) -> bool:
    """Write one decision down, dated ``now``, in the caller's transaction; whether it was written.

    ``unless`` is asked in the same statement. A second word on the same event, such as a sign-in that passes
    its challenge later, renews its outcome. Cost: 1 insert.
    """
    alias = router.db_for_write(LedgerEntry)
    ops = connections[alias].ops
    columns = event_columns(assessment.event)
    columns["at"] = ops.adapt_datetimefield_value(now)
    columns["ip"] = ops.adapt_ipaddressfield_value(columns["ip"])
    columns |= decision_columns(assessment.decision)
    for name in ("reasons", "rules"):
        columns[name] = ops.adapt_json_value(columns[name], None) if columns[name] else _nothing(alias)
    columns["facts"] = ops.adapt_json_value(
        told(assessment.event.kind, assessment.features.facts), FactsEncoder
    )
    columns["operation"] = "" if operation is None else _text(operation)
    columns["reference"] = ""
    columns["final"] = str(outcome.final)
    columns["challenge_id"] = outcome.challenge_id
    columns["hold_id"] = outcome.hold_id
    columns["case_id"] = outcome.case_id
    if unless is not None and unless.question.alias != alias:
        if unless.question.rows(unless.values):
            return False
        unless = None
    statement = _statement(alias, unless.question.sql if unless else "")
    values = statement.pick(columns) + (unless.values if unless else ())
    return statement.insert.changed(values) > 0


class _Statement(NamedTuple):
    """``pick`` takes the values from the columns, in their places."""

    insert: Prepared
    pick: Callable[[dict[str, Any]], tuple[Any, ...]]


@lru_cache
def _statement(alias: str, unless: str = "") -> _Statement:
    """Django's own statement, built once: every order waits for it, and building it took longer than its answer.

    With ``unless`` its values are selected, in the same order, where that query finds nothing.
    """
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
    if unless:
        values = ", ".join(["%s"] * len(fields))
        sql = sql.replace(f"VALUES ({values})", f"SELECT {values} WHERE NOT EXISTS ({unless})")
    return _Statement(Prepared(alias, sql), itemgetter(*by_name))


@lru_cache
def _nothing(alias: str) -> Any:
    """An empty list as the database takes it."""
    return connections[alias].ops.adapt_json_value([], None)


def _text(operation: Operation) -> str:
    """The operation's canonical text; fields that carry a secret, such as a new password, are removed."""
    fields, account = redact.tree(operation.fields, 1), redact.tree(operation.account)
    return Operation(operation.kind, account, fields).canonical()
