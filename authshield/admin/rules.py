"""Rules as the desk drafts them, and what their lists share with those of limits; they count once published."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authshield.admin import publishing
from authshield.admin.changes import Change, touched
from authshield.admin.desk import who, words_filter
from authshield.admin.draft_forms import RuleForm
from authshield.admin.learning import warn_of_drift
from authshield.admin.rulebook import pending, velocity_source
from authshield.admin.steps import StepsAdmin
from authshield.admin.words import NONE, kind_words
from authshield.judge.cel import velocity_name
from authshield.models import RuleDraft
from authshield.models.rules import ActionChoice, DraftState
from authshield.vocabulary.facts import FACTS


class DraftAdmin(StepsAdmin):
    """What the lists of rules and limits share."""

    change_list_template = "admin/authshield/drafts.html"
    list_filter = [
        words_filter("state", gettext_lazy("state"), DraftState.choices),
        words_filter("action", gettext_lazy("action"), ActionChoice.choices),
    ]
    search_fields = ["identifier", "text", "code"]
    list_display_links = ["identifier"]
    readonly_fields = ["updated_at", "updated_by"]
    columns: tuple[str, ...] = ()

    def get_urls(self) -> list[URLPattern]:
        """With the pages that publish and validate."""
        return [*publishing.urls(self), *super().get_urls()]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The id is given once: rules and decisions refer to it."""
        fields = super().get_readonly_fields(request, obj)
        return [*fields, "identifier"] if obj is not None else fields

    def get_list_display(self, request: HttpRequest) -> Any:
        """The columns, and what changed since the last publication."""
        changes = _changes_of(request)

        @admin.display(description=gettext_lazy("since published"))
        def since_published(draft: Any) -> str:
            return change_words(changes.get(draft.identifier, []))

        return [*self.columns, since_published]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, with what is pending and the buttons that the person may use."""
        warn_of_drift(request)
        number, changes, problems = pending()
        setattr(request, _REMEMBERED, touched(changes))
        context = {
            "published_number": number,
            "pending_count": len(changes),
            "pending_problems": problems,
            "gone": [change.identifier for change in changes if not change.field and not change.after],
            "may_publish": request.user.has_perm("authshield.publish_ruleset"),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Remember who changed it."""
        obj.updated_by = who(request)
        super().save_model(request, obj, form, change)

    @admin.display(description=gettext_lazy("kinds"))
    def kinds_in_words(self, draft: Any) -> str:
        """The kinds in words."""
        return ", ".join(kind_words(kind) for kind in draft.kinds)

    @admin.display(description=gettext_lazy("action"), ordering="action")
    def does(self, draft: Any) -> str:
        """Action and strength."""
        shown = draft.get_action_display()
        return f"{shown} ({draft.get_required_display()})" if draft.required != "none" else shown


_REMEMBERED = "authshield_pending_changes"


def _changes_of(request: HttpRequest) -> dict[str, list[Change]]:
    """The pending changes by id, asked for once a request."""
    if not hasattr(request, _REMEMBERED):
        setattr(request, _REMEMBERED, touched(pending()[1]))
    found: dict[str, list[Change]] = getattr(request, _REMEMBERED)
    return found


def change_words(changes: list[Change]) -> str:
    """What changed of one rule or limit, in a few words."""
    if not changes:
        return NONE
    if not changes[0].field:
        return _("new")
    return _("changed: %(fields)s") % {"fields": ", ".join(change.field for change in changes)}


@admin.register(RuleDraft)
class RuleDraftAdmin(DraftAdmin):
    """Rules."""

    form = RuleForm
    change_form_template = "admin/authshield/rule.html"
    columns = ("identifier", "state", "does", "points", "kinds_in_words", "text", "updated_by")
    fieldsets = [
        (None, {"fields": ["identifier", "state", "kinds", "condition"]}),
        (gettext_lazy("What comes of it"), {"fields": ["points", "action", "required", "code", "text"]}),
        (gettext_lazy("Last change"), {"fields": [("updated_at", "updated_by")]}),
    ]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """With the field reference."""
        limits = [(velocity_name(limit.id), limit.text) for limit in velocity_source().limits]
        context = {"facts": FACTS, "velocities": limits, **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)
