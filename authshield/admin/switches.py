"""Panic switches: set with an expiry, off at any time, never edited, never deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authshield import clock
from authshield.admin import choices
from authshield.admin.desk import who
from authshield.admin.rulebook import published_ids
from authshield.admin.steps import Deed, Step, StepsAdmin
from authshield.admin.words import NONE
from authshield.models import SwitchRow
from authshield.models.rules import ActionChoice, StrengthChoice
from authshield.tune import switches
from authshield.vocabulary.event import HOLDABLE, Kind

HOUR = 3600
LONGEST_SECONDS = 7 * 24 * HOUR
DURATIONS: list[tuple[int, Any]] = [
    (HOUR // 4, gettext_lazy("15 minutes")),
    (HOUR, gettext_lazy("1 hour")),
    (4 * HOUR, gettext_lazy("4 hours")),
    (12 * HOUR, gettext_lazy("12 hours")),
    (24 * HOUR, gettext_lazy("1 day")),
    (3 * 24 * HOUR, gettext_lazy("3 days")),
    (LONGEST_SECONDS, gettext_lazy("7 days")),
]

STOPPABLE = [pair for pair in choices.KINDS if pair[0] not in {Kind.FILL, Kind.LOGOUT}]


class SwitchForm(forms.ModelForm):
    """A new switch: what, on what, for how long, why."""

    target = forms.ChoiceField(label=gettext_lazy("rule or kind of event"), required=False)
    lasts = forms.TypedChoiceField(
        label=gettext_lazy("for how long"),
        coerce=int,
        choices=DURATIONS,
        initial=HOUR,
        help_text=gettext_lazy("It goes off by itself after that, and can be switched off before."),
    )

    class Meta:
        model = SwitchRow
        fields = ["kind", "target", "action", "required", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "action" not in self.fields:  # a switch that is set already is only shown
            return
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            pair for pair in SwitchRow.Kind.choices if pair[0] != SwitchRow.Kind.SYMBOL
        ]
        self._ids = published_ids()
        self.fields["target"].choices = [  # type: ignore[attr-defined]
            ("", NONE),
            (_("rules and limits"), [(name, name) for name in self._ids]),
            (_("kinds of event"), STOPPABLE),
        ]
        self.fields["action"].choices = [  # type: ignore[attr-defined]
            pair for pair in ActionChoice.choices if pair[0] != ActionChoice.ALLOW
        ]

    def clean(self) -> dict[str, Any]:
        """Kind, target, action and strength have to fit."""
        data: dict[str, Any] = super().clean() or {}
        self._clean_target(data)
        if data.get("kind") != SwitchRow.Kind.TIGHTEN:
            data["action"], data["required"] = ActionChoice.ALLOW.value, StrengthChoice.NONE.value
        elif data.get("action") != ActionChoice.CHALLENGE:
            data["required"] = StrengthChoice.NONE.value
        elif data.get("required") == StrengthChoice.NONE:
            self.add_error("required", _("A challenge needs a strength: choose what proof is enough."))
        return data

    def _clean_target(self, data: dict[str, Any]) -> None:
        kind, target = data.get("kind"), data.get("target")
        kinds = {value for value, _label in STOPPABLE}
        if kind == SwitchRow.Kind.OBSERVE_ALL and target:
            self.add_error("target", _("“Observe only” is about everything: choose none."))
        if kind == SwitchRow.Kind.RULE_OFF and target not in self._ids:
            self.add_error("target", _("Choose the published rule or limit that is to be off."))
        if kind == SwitchRow.Kind.TIGHTEN and target not in kinds:
            self.add_error("target", _("Choose the kind of event that is to be tightened."))
        elif (
            kind == SwitchRow.Kind.TIGHTEN
            and data.get("action") == ActionChoice.HOLD
            and target not in HOLDABLE
        ):
            self.add_error("action", _("This kind of event cannot wait: choose challenge or deny."))


def _is_on(row: SwitchRow) -> bool:
    return row.expires_at > clock.now()


def _off(row: SwitchRow, deed: Deed) -> str:
    is_new = switches.turn_off(row.pk, deed.now)
    return _("It is off.") if is_new else _("It was off before.")


OFF = Step(
    name="off",
    label=gettext_lazy("Off now"),
    permission="change_switchrow",
    touches=lambda row: [
        _("“%(switch)s” goes off on every web node within a second.") % {"switch": switch_words(row)},
    ],
    act=_off,
    is_possible=_is_on,
    needs_reason=False,
)


def switch_words(row: SwitchRow) -> str:
    """A switch in words."""
    said = " ".join(filter(None, [row.get_kind_display(), row.target]))
    acts = {SwitchRow.Kind.TIGHTEN, SwitchRow.Kind.SYMBOL}
    return f"{said}: {row.get_action_display()}" if row.kind in acts else said


@admin.register(SwitchRow)
class SwitchAdmin(StepsAdmin):
    """Panic switches."""

    form = SwitchForm
    list_display = ["words", "on", "expires_at", "reason", "created_by", "created_at"]
    list_filter = ["kind", "expires_at"]
    steps = (OFF,)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002 - Django's signature
        """The form when it is new, the row afterwards."""
        if obj is None:
            return ["kind", "target", "action", "required", "lasts", "reason"]
        return ["words", "on", "expires_at", "reason", "created_by", "created_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """All, once it is set."""
        return [] if obj is None else self.get_fields(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Never: a switch is set anew, and only switched off."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Never: it is a record of what was in force."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """With its expiry and its author."""
        obj.expires_at = clock.now() + timedelta(seconds=form.cleaned_data["lasts"])
        obj.created_by = who(request)
        super().save_model(request, obj, form, change)

    @admin.display(description=gettext_lazy("switch"))
    def words(self, row: SwitchRow) -> str:
        """What it does."""
        return switch_words(row)

    @admin.display(description=gettext_lazy("on"), boolean=True)
    def on(self, row: SwitchRow) -> bool:
        """Whether it is in force."""
        return _is_on(row)
