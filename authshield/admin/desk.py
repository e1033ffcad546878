"""What every page of the desk shares: its style, read-only lists, cheap counting, the export.

Must not know any single table; the modules beside this one do.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.paginator import Paginator
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from authshield.admin.outages import warn

COUNTED_ROWS = 10_000
"""Beyond this many rows a list says "10,000" pages' worth and no more: counting a ledger takes minutes."""


def who(request: HttpRequest) -> str:
    """The name under which a member of staff is recorded."""
    return request.user.get_username()[:150]


class CappedPaginator(Paginator):
    """Counts no further than a person would page. Cost: one count over at most ``COUNTED_ROWS`` rows."""

    @cached_property
    def count(self) -> int:
        """Rows, at most ``COUNTED_ROWS``."""
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return rows.order_by()[:COUNTED_ROWS].count()
        return len(rows)


class DeskAdmin(admin.ModelAdmin):
    """An ordinary admin in the desk's style."""

    list_per_page = 50
    show_full_result_count = False
    paginator = CappedPaginator

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, under the banner where there is one."""
        warn(request)
        return super().changelist_view(request, extra_context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One row's page, under the banner where there is one."""
        warn(request)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        """Django's own, where a moment's two fields are told apart by whoever hears them."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, AdminSplitDateTime):
            for part, word in zip(field.widget.widgets, (_("date"), _("time")), strict=True):
                part.attrs["aria-label"] = f"{field.label}: {word}"
        return field

    class Media:
        css: ClassVar[dict[str, list[str]]] = {"all": ["authshield/admin/desk.css"]}


class ReadOnly(admin.ModelAdmin):
    """Nobody adds, changes or deletes rows by hand, not even a superuser."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Never."""
        return False


def words_filter(field: str, label: Any, words: Any) -> type[admin.SimpleListFilter]:
    """A filter over a fixed set of (value, label) pairs; unlike the stock one it asks the table nothing."""

    class WordsFilter(admin.SimpleListFilter):
        title = label
        parameter_name = field

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
            """The pairs."""
            return list(words)

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
            """Rows with the chosen value."""
            return queryset.filter(**{field: self.value()}) if self.value() else queryset

    return WordsFilter
