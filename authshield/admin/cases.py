"""Cases: the list that the desk works from, and one page with all that is known of a case."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _

from authshield import clock
from authshield.admin.books import open_orders
from authshield.admin.campaigns import campaign_of
from authshield.admin.case_steps import CASE_STEPS
from authshield.admin.desk import ReadOnly
from authshield.admin.export import export_csv
from authshield.admin.learning_words import chance_words
from authshield.admin.steps import StepsAdmin
from authshield.admin.tables import reasons_table
from authshield.admin.timeline import timeline
from authshield.admin.words import NONE, operation_words
from authshield.backends.accounts import user_of
from authshield.models import AccountState, Case, Device, Hold, Session
from authshield.vocabulary.event import Kind

LINKED = 20


class OwnerFilter(admin.SimpleListFilter):
    """Whose cases; asks no table of people."""

    title = _("owner")
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        """Mine and nobody's."""
        return [("mine", _("mine")), ("nobody", _("nobody's"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Cases of that owner."""
        match self.value():
            case "mine":
                return queryset.filter(owner=request.user.pk)
            case "nobody":
                return queryset.filter(owner=None)
            case _:
                return queryset


class WholeFilter(admin.SimpleListFilter):
    """Without the cases that are part of a campaign's, unless they are asked for or searched."""

    title = _("part of a campaign")
    parameter_name = "parts"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        """With or alone."""
        return [("too", _("cases of members too")), ("campaigns", _("campaigns alone"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """One campaign is one line."""
        match self.value():
            case "too":
                return queryset
            case "campaigns":
                return queryset.exclude(campaign="")
            case _:
                return queryset if request.GET.get("q") else queryset.filter(part_of=None)


@admin.register(Case)
class CaseAdmin(ReadOnly, StepsAdmin):
    """What the desk works on; changed by steps alone."""

    list_display = ["title", "state", "rounded_score", "account", "age", "owner", "verdict"]
    list_filter = ["state", WholeFilter, OwnerFilter, "verdict", "opened_at"]
    list_select_related = ["owner"]
    search_fields = ["=account", "=sid", "title"]
    search_help_text = _("Account or session, whole, or words of the title")
    ordering = ["-state", "-opened_at"]
    actions = [export_csv]
    steps = CASE_STEPS
    change_form_template = "admin/authshield/case.html"
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "title",
                    ("state", "verdict"),
                    ("account", "customer", "frozen"),
                    "sid",
                    "campaign_link",
                    "owner",
                    ("opened_at", "contained_at", "closed_at"),
                    "rounded_score",
                    "chance",
                    "why",
                ]
            },
        )
    ]
    readonly_fields = ["campaign_link", "rounded_score", "chance", "why", "age", "customer", "frozen"]

    @admin.display(description=_("score"), ordering="score")
    def rounded_score(self, case: Case) -> str:
        """Without digits that nobody reads."""
        return f"{case.score:.0f}"

    @admin.display(description=_("chance of fraud"))
    def chance(self, case: Case) -> str:
        """What the score stands for, by the labels so far: it is on the scale of risks."""
        return chance_words(case.score, Kind.ORDER.value)

    @admin.display(description=_("age"), ordering="opened_at")
    def age(self, case: Case) -> str:
        """Since it was opened."""
        return timesince(case.opened_at, clock.now(), depth=1)

    @admin.display(description=_("reasons"))
    def why(self, case: Case) -> SafeString:
        """Reasons with points."""
        return reasons_table(case.reasons)

    @admin.display(description=_("campaign"))
    def campaign_link(self, case: Case) -> Any:
        """The campaign that it is, or is part of."""
        if case.part_of is None:
            return case.campaign or NONE
        address = reverse("admin:authshield_case_change", args=[case.part_of.pk])
        return format_html('<a href="{}">{}</a>', address, case.part_of.title)

    @admin.display(description=_("customer"))
    def customer(self, case: Case) -> str:
        """Whose account it is."""
        user = user_of(case.account)
        return user.get_username() if user is not None else NONE

    @admin.display(description=_("account is"))
    def frozen(self, case: Case) -> Any:
        """Frozen or not, and by whom."""
        state = AccountState.objects.filter(account=case.account).first()
        if state is None or state.frozen_at is None:
            return _("not frozen")
        return _("frozen by %(by)s: %(reason)s") % {
            "by": state.frozen_by or NONE,
            "reason": state.frozen_reason,
        }

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The case, its timeline and what is linked to it. Cost: some 15 queries, whatever the case."""
        case = self.get_object(request, unquote(object_id))
        if case is not None and self.has_view_permission(request, case):
            extra_context = {**_linked(case), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, extra_context)


def _linked(case: Case) -> dict[str, Any]:
    if case.campaign:
        return {"timeline": timeline(case), **campaign_of(case)}
    orders, problem = open_orders(case.account)
    holds = Hold.objects.filter(account=case.account).order_by("-created_at")[:LINKED]
    return {
        "timeline": timeline(case),
        "devices": Device.objects.filter(account=case.account).order_by("-last_seen_at")[:LINKED],
        "sessions": Session.objects.filter(account=case.account).order_by("-last_seen_at")[:LINKED],
        "holds": [(hold, operation_words(hold.operation)) for hold in holds],
        "orders": orders,
        "orders_problem": problem,
    }
