"""One row by one field, in Django's own statement, built once: building it takes longer than running it.

What comes out is what ``manager.get(field=value)`` gives. Must not stand in for a manager or a query set that
somebody wrote: those may see to it that not everybody finds every row.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast
from weakref import WeakKeyDictionary

from django.db import connections, router
from django.db.models import Field, Model, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.manager import BaseManager

from authshield.models.prepared import Prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.db.backends.base.base import BaseDatabaseWrapper

    Converter = tuple[int, list[Callable[..., Any]], Any]

M = TypeVar("M", bound=Model)
_PLACE = object()
"""Stands for the value in a statement that is built once."""

_ENOUGH = 2
"""So many rows tell whether there is more than one."""


class Lookup(Generic[M]):
    """Rows of a model by a field that is another one in each."""

    def __init__(self, model: type[M], field: str) -> None:
        """``field`` is a field of the model, or ``pk``."""
        self._model = model
        self._name = field
        self._field: Field[Any, Any] = (
            model._meta.pk if field == "pk" else cast("Any", model._meta.get_field(field))
        )
        self._manager = model._default_manager  # noqa: SLF001 - Django's documented way to any model
        self._is_plain = is_plain(self._manager)
        self._statements: dict[str, _Statement] = {}

    def get(self, value: Any) -> M:
        """The row. Raises what ``manager.get`` would. Cost: 1 query."""
        if not self._is_plain:
            return self._manager.get(**{self._name: value})
        alias = router.db_for_read(self._model)
        statement = self._statements.get(alias)
        if statement is None:
            statement = self._statements[alias] = _Statement(self._manager, self._name, alias)
        connection = connections[alias]
        rows = statement.prepared.rows([self._field.get_db_prep_value(value, connection)])
        if not rows:
            # At once: a second query would tell by its time which names there are.
            msg = f"{self._model._meta.object_name}: no row by this {self._name}"
            raise cast("Any", self._model).DoesNotExist(msg)
        if len(rows) > 1:
            return self._manager.get(**{self._name: value})  # it raises, in Django's words
        return self._model.from_db(alias, statement.names, statement.converted(rows[0], connection))


class _Statement:
    """The statement of one database, and how its rows become values."""

    def __init__(self, manager: BaseManager[Any], name: str, alias: str) -> None:
        rows = manager.get_queryset().filter(**{name: RawSQL("%s", (_PLACE,))}).order_by()[:_ENOUGH]
        compiler = rows.query.get_compiler(using=alias)
        sql, params = compiler.as_sql()
        if params != (_PLACE,):
            raise TypeError(f"{name}: a look-up by it needs more than its value")
        self.prepared = Prepared(alias, sql)
        self.names = [cast("Any", column).target.attname for column, _, _ in compiler.select]
        self._columns = [column for column, _, _ in compiler.select]
        self._converters: WeakKeyDictionary[BaseDatabaseWrapper, list[Converter]] = WeakKeyDictionary()

    def converted(self, row: tuple[Any, ...], connection: BaseDatabaseWrapper) -> list[Any]:
        """The row as the fields' values. What converts belongs to a thread's own connection."""
        converters = self._converters.get(connection)
        if converters is None:
            converters = self._converters[connection] = list(self._converting(connection))
        values = list(row)
        for place, functions, column in converters:
            for convert in functions:
                values[place] = convert(values[place], column, connection)
        return values

    def _converting(self, connection: BaseDatabaseWrapper) -> Iterator[Converter]:
        for place, column in enumerate(self._columns):
            functions = [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
            if functions:
                yield place, functions, column


@lru_cache
def lookup(model: type[M], field: str) -> Lookup[M]:
    """The one look-up by that field."""
    return Lookup(model, field)


def is_plain(manager: BaseManager[Any]) -> bool:
    """Whether it is Django's own, and so leaves out nothing."""
    made_of = getattr(manager, "_queryset_class", None)
    return type(manager).get_queryset is BaseManager.get_queryset and made_of is QuerySet
