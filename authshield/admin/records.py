"""What was recorded: ledger, journal, notices, outbox, late scores. Read-only for everybody."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from authshield.admin import labelling
from authshield.admin.desk import DeskAdmin, ReadOnly, words_filter
from authshield.admin.export import export_csv
from authshield.admin.learning_words import chance_words
from authshield.admin.steps import StepsAdmin
from authshield.admin.tables import facts_table, reasons_table
from authshield.admin.words import ACTION_WORDS, FINAL_WORDS, KIND_WORDS, NONE, kind_words, operation_words
from authshield.learn.recorded import LABELLED_KINDS
from authshield.models import JournalEntry, LedgerEntry, Notice, OutboxTask, SessionScore, StoreReport


class RecordedAdmin(ReadOnly, StepsAdmin):
    """What ledger and journal share."""

    list_display = [
        "at",
        "what",
        "account",
        "action",
        "final",
        "rounded_risk",
        "ip",
        "label",
        "place",
        "is_observed",
    ]
    list_filter = [
        words_filter("kind", _("kind"), KIND_WORDS.items()),
        words_filter("action", _("action"), ACTION_WORDS.items()),
        words_filter("final", _("outcome"), FINAL_WORDS.items()),
        "is_observed",
        "at",
    ]
    search_fields = ["=account", "=sid", "=ip", "=device_hash", "=event_id"]
    search_help_text = _("Account, session, address, device or event id, whole")
    actions = [export_csv]
    steps = labelling.STEPS
    leading: tuple[str, ...] = ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002 - Django's signature
        """The same three blocks for both."""
        where = ["at", "what", "account", "sid", "event_id", "ip", "device_hash", "label", "place"]
        return [
            (None, {"fields": [*where, *self.leading]}),
            (
                _("Decision"),
                {
                    "fields": [
                        "action",
                        "required",
                        "final",
                        "is_observed",
                        "risk",
                        "chance",
                        "rules",
                        "ruleset_version",
                        "why",
                    ]
                },
            ),
            (_("Facts"), {"fields": ["known"]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:  # noqa: ARG002
        """The computed ones; the rest is read-only anyway."""
        return ["what", "why", "known", "chance", "operation_in_words"]

    @admin.display(description=_("kind"), ordering="kind")
    def what(self, row: Any) -> str:
        """The kind in words."""
        return kind_words(row.kind)

    @admin.display(description=_("risk"), ordering="risk")
    def rounded_risk(self, row: Any) -> str:
        """Without digits that nobody reads."""
        return f"{row.risk:.0f}"

    @admin.display(description=_("reasons"))
    def why(self, row: Any) -> SafeString:
        """Reasons with points."""
        return reasons_table(row.reasons)

    @admin.display(description=_("chance of fraud"))
    def chance(self, row: Any) -> str:
        """What the risk stands for, by the labels so far."""
        return chance_words(row.risk, row.kind) if row.kind in LABELLED_KINDS else NONE

    @admin.display(description=_("facts"))
    def known(self, row: Any) -> SafeString:
        """The raw facts."""
        return facts_table(row.facts)

    @admin.display(description=_("operation"))
    def operation_in_words(self, row: Any) -> str:
        """What was to be done."""
        return operation_words(row.operation) if row.operation else NONE


@admin.register(LedgerEntry)
class LedgerAdmin(RecordedAdmin):
    """Decisions about money and challenges."""

    search_fields = [*RecordedAdmin.search_fields, "=reference"]
    leading = ("operation_in_words", "operation", "reference", "challenge_id", "hold_id", "case_id")


@admin.register(JournalEntry)
class JournalAdmin(RecordedAdmin):
    """Sign-ins, pages and everything else without money."""

    search_fields = [*RecordedAdmin.search_fields, "=username"]
    search_help_text = _("Account, session, address, device, event id or name as typed, whole")
    leading = ("username", "path")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:  # noqa: ARG002
        """No operation here."""
        return ["what", "why", "known", "chance"]


@admin.register(Notice)
class NoticeAdmin(ReadOnly, DeskAdmin):
    """Messages to customers; what was sealed stays so."""

    list_display = ["created_at", "account", "template", "language", "sent_at"]
    list_filter = [("sent_at", admin.EmptyFieldListFilter), "created_at"]
    search_fields = ["=account", "=address"]
    fields = ["account", "address", "template", "language", "created_at", "sent_at"]
    ordering = ["-pk"]


@admin.register(OutboxTask)
class OutboxAdmin(ReadOnly, DeskAdmin):
    """Work that waits, and what went wrong with it."""

    list_display = ["created_at", "task", "argument", "due_at", "done_at", "attempts", "error"]
    list_filter = [("done_at", admin.EmptyFieldListFilter), "created_at"]
    search_fields = ["=task", "=argument"]
    ordering = ["-pk"]


@admin.register(SessionScore)
class ScoreAdmin(ReadOnly, DeskAdmin):
    """Late scores of sessions."""

    list_display = ["scored_at", "account", "sid", "rounded", "model", "event_at"]
    search_fields = ["=account", "=sid", "=event_id"]
    fields = ["account", "sid", "event_id", "event_at", "scored_at", "model", "score", "why"]
    readonly_fields = ["why"]
    ordering = ["-pk"]

    @admin.display(description=_("score"), ordering="score")
    def rounded(self, row: SessionScore) -> str:
        """Without digits that nobody reads."""
        return f"{row.score:.0f}"

    @admin.display(description=_("reasons"))
    def why(self, row: SessionScore) -> SafeString:
        """Reasons with points."""
        return reasons_table(row.reasons)


@admin.register(StoreReport)
class StoreReportAdmin(ReadOnly, DeskAdmin):
    """What each web process says of Redis."""

    list_display = ["node", "is_away", "changed_at", "reported_at", "outages", "events"]
    list_filter = ["is_away"]
