"""SQL that is built once, for what every order or every half second waits for. Must not keep a value.

It runs through Django's own cursor, so that logs, counted queries and execute wrappers see it as any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connections

if TYPE_CHECKING:
    from collections.abc import Sequence


class Prepared:
    """One statement of one database, with ``%s`` in the places of its values."""

    __slots__ = ("_native", "alias", "sql")

    def __init__(self, alias: str, sql: str) -> None:
        """Nothing is asked of the database yet."""
        self.alias = alias
        self.sql = sql
        self._native = ""

    def rows(self, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """What it finds. Cost: 1 query."""
        with self._run(values) as cursor:
            return list(cursor)  # a cursor's methods are wrapped anew at each call

    def changed(self, values: Sequence[Any]) -> int:
        """How many rows it wrote. Cost: 1 query."""
        with self._run(values) as cursor:
            number: int = cursor.rowcount
            return number

    def _run(self, values: Sequence[Any]) -> Any:
        connection = connections[self.alias]
        cursor = connection.cursor()
        if connection.vendor == "sqlite":
            self._spare_conversion(cursor.cursor)
        cursor.execute(self.sql, values)
        return cursor

    def _spare_conversion(self, cursor: Any) -> None:
        """Give SQLite's cursor what it would make of the text each time, in longer than the statement takes."""
        if not self._native:
            self._native = cursor.convert_query(self.sql)
        cursor.convert_query = self._converted

    def _converted(self, _: str, *, param_names: object = None) -> str:
        del param_names
        return self._native
