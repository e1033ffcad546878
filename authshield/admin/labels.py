"""Labels, and what they count, as the desk reads them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authshield.admin.desk import DeskAdmin, ReadOnly, words_filter
from authshield.admin.export import export_csv
from authshield.admin.labelling import PERMISSION, take_back
from authshield.admin.steps import Step, StepsAdmin
from authshield.admin.words import KIND_WORDS
from authshield.models import Label, SignCount, Verdict

TAKE_BACK = Step(
    name="take-back",
    label=gettext_lazy("Take the label back"),
    permission=PERMISSION,
    touches=lambda _thing: [_("Counts and profile become what they would be without it.")],
    act=take_back,
    is_possible=lambda label: label.taken_back_at is None,
)


@admin.register(Label)
class LabelAdmin(ReadOnly, StepsAdmin):
    """Whose word stands on which session or event."""

    list_display = ["at", "verdict", "source", "account", "sid", "event_id", "by", "counted", "taken_back_at"]
    list_filter = [
        words_filter("verdict", gettext_lazy("verdict"), Verdict.choices),
        words_filter("source", gettext_lazy("source"), Label.Source.choices),
        ("taken_back_at", admin.EmptyFieldListFilter),
        "at",
    ]
    search_fields = ["=account", "=sid", "=event_id", "=by"]
    search_help_text = gettext_lazy("Account, session, event or name, whole")
    readonly_fields = ["counted"]
    actions = [export_csv]
    steps = (TAKE_BACK,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With how many events each counts."""
        rows: QuerySet[Any] = super().get_queryset(request).annotate(number=Count("events"))
        return rows

    @admin.display(description=gettext_lazy("events counted"))
    def counted(self, label: Any) -> int:
        """How many events count by it now."""
        return int(label.number)


@admin.register(SignCount)
class SignCountAdmin(ReadOnly, DeskAdmin):
    """How many labelled events stood on which step of which sign."""

    list_display = ["month", "kind", "sign", "step", "verdict", "number"]
    list_display_links = None
    list_filter = [
        words_filter("verdict", gettext_lazy("verdict"), Verdict.choices),
        words_filter("kind", gettext_lazy("kind"), KIND_WORDS.items()),
        "month",
    ]
    search_fields = ["=sign"]
    ordering = ["-month", "kind", "sign", "step", "verdict"]
    actions = [export_csv]
