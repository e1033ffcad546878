"""The queue of held operations, oldest first."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authshield import clock
from authshield.admin import deeds
from authshield.admin.desk import ReadOnly
from authshield.admin.steps import Step, StepsAdmin, step_url
from authshield.admin.tables import reasons_table
from authshield.admin.words import NONE, operation_words
from authshield.models import Hold


def _is_waiting(hold: Hold) -> bool:
    return hold.state == Hold.State.WAITING


def _what(hold: Hold) -> str:
    return _("Account %(account)s: %(operation)s.") % {
        "account": hold.account,
        "operation": operation_words(hold.operation),
    }


RELEASE = Step(
    name="release",
    label=gettext_lazy("Release"),
    permission="decide_hold",
    touches=lambda hold: [_what(hold), _("It takes effect at once, exactly as it was held.")],
    act=deeds.release,
    is_possible=_is_waiting,
)
CANCEL = Step(
    name="cancel",
    label=gettext_lazy("Cancel the operation"),
    permission="decide_hold",
    touches=lambda hold: [_what(hold), _("It never takes effect; the customer sees it as cancelled.")],
    act=deeds.cancel,
    is_possible=_is_waiting,
    is_grave=True,
)


class WaitingFilter(admin.SimpleListFilter):
    """The queue first: without a choice only what waits is listed."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        """All states beside the waiting ones."""
        return [(value, label) for value, label in Hold.State.choices if value != "waiting"] + [
            ("all", _("all"))
        ]

    def choices(self, changelist: Any) -> Any:
        """As usual, but the one without a choice is the queue."""
        first, *others = super().choices(changelist)
        yield {**first, "display": Hold.State.WAITING.label}
        yield from others

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ARG002
        """Rows of that state."""
        chosen = self.value()
        return queryset if chosen == "all" else queryset.filter(state=chosen or Hold.State.WAITING)


@admin.register(Hold)
class HoldAdmin(ReadOnly, StepsAdmin):
    """What waits for a person."""

    list_display = ["what", "account", "rounded_risk", "waiting", "expires", "state", "links"]
    list_filter = [WaitingFilter]
    search_fields = ["=account", "=reference", "=sid"]
    search_help_text = gettext_lazy("Account, session or the broker's reference, whole")
    ordering = ["created_at"]
    steps = (RELEASE, CANCEL)
    fields = [
        "what",
        "state",
        "account",
        "sid",
        "reference",
        "case",
        "required",
        "rounded_risk",
        "why",
        "rules_version",
        ("created_at", "expires_at"),
        ("decided_at", "decided_by"),
        "decision_reason",
    ]
    readonly_fields = ["what", "rounded_risk", "why", "waiting", "rules_version"]

    def get_list_display(self, request: HttpRequest) -> Any:
        """Without the links where the person may not decide."""
        shown = super().get_list_display(request)
        return shown if RELEASE.may(request) else [name for name in shown if name != "links"]

    @admin.display(description=gettext_lazy("what is held"))
    def what(self, hold: Hold) -> str:
        """The operation in words."""
        return operation_words(hold.operation)

    @admin.display(description=gettext_lazy("risk"), ordering="risk")
    def rounded_risk(self, hold: Hold) -> str:
        """Without digits that nobody reads."""
        return f"{hold.risk:.0f}"

    @admin.display(description=gettext_lazy("held for"), ordering="created_at")
    def waiting(self, hold: Hold) -> str:
        """How long the customer has been waiting."""
        return timesince(hold.created_at, hold.decided_at or clock.now(), depth=1)

    @admin.display(description=gettext_lazy("expires in"), ordering="expires_at")
    def expires(self, hold: Hold) -> str:
        """How long the desk still has."""
        return timeuntil(hold.expires_at, clock.now(), depth=1) if _is_waiting(hold) else NONE

    @admin.display(description=gettext_lazy("reasons"))
    def why(self, hold: Hold) -> SafeString:
        """Reasons with points."""
        return reasons_table(hold.reasons)

    @admin.display(description=gettext_lazy("ruleset"))
    def rules_version(self, hold: Hold) -> SafeString:
        """The version that held it."""
        address = reverse("admin:authshield_rulesetversion_change", args=[hold.ruleset_version])
        return format_html('<a href="{}">#{}</a>', address, hold.ruleset_version)

    @admin.display(description=gettext_lazy("decide"))
    def links(self, hold: Hold) -> SafeString:
        """The two buttons."""
        if not _is_waiting(hold):
            return SafeString(NONE)
        pairs = ((step_url(hold, step.name), step.label) for step in self.steps)
        return format_html_join(" ", '<a class="authshield-button" href="{}">{}</a>', pairs)
