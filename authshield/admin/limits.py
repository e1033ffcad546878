"""Velocity limits as the desk drafts them: listed and edited in words; they count once they are published."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from authshield.admin.limit_form import LimitForm
from authshield.admin.limit_words import sentences, summary
from authshield.admin.rules import DraftAdmin
from authshield.admin.words import NONE
from authshield.errors import RuleError
from authshield.models import LimitDraft
from authshield.tune import rulebook
from authshield.vocabulary.ruleset import Limit


@admin.register(LimitDraft)
class LimitDraftAdmin(DraftAdmin):
    """Velocity limits."""

    form = LimitForm
    change_form_template = "admin/authshield/limit.html"
    columns = ("identifier", "state", "in_words")
    fieldsets = [
        (None, {"fields": ["identifier", "state", "text"]}),
        (
            gettext_lazy("Which events"),
            {"fields": ["kinds", "scope", "refunds_success", "frees_cancelled", "exempt"]},
        ),
        (gettext_lazy("How they are counted"), {"fields": ["dimension", "also", "measure", "distinct_of"]}),
        (gettext_lazy("How many"), {"fields": ["capacity", "window_seconds", "burst", "grows_by"]}),
        (
            gettext_lazy("What comes of one too many"),
            {"fields": ["action", "required", "progressive", "points", "code"]},
        ),
        (gettext_lazy("Last change"), {"fields": [("updated_at", "updated_by")]}),
    ]

    def get_changeform_initial_data(self, request: HttpRequest) -> Any:
        """A limit denies unless somebody says otherwise."""
        return {"action": "deny", **super().get_changeform_initial_data(request)}

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """With what the limit does, as it is saved."""
        limit = None if object_id is None else self.get_object(request, object_id)
        context = {"in_words": _told(limit, sentences) if limit else "", **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    @admin.display(description=gettext_lazy("what it does"))
    def in_words(self, limit: LimitDraft) -> str:
        """How many, and what then."""
        return _told(limit, summary)


def _told(limit: LimitDraft, tell: Callable[[Limit], str]) -> str:
    try:
        return tell(rulebook.drafted_limit(limit))
    except RuleError:
        return NONE
