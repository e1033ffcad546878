"""Named lists: addresses, devices, accounts, symbols, carriers, countries. Each change counts at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authshield import clock
from authshield.admin import choices
from authshield.admin.desk import DeskAdmin, who, words_filter
from authshield.admin.list_values import canonical_value
from authshield.admin.refusals import said
from authshield.errors import InvalidInput
from authshield.models import ListDraft
from authshield.tune import rulebook


class ListForm(forms.ModelForm):
    """One value of a list, in the spelling in which it is compared."""

    kind = forms.ChoiceField(label=gettext_lazy("kind"), choices=choices.LIST_KINDS)

    class Meta:
        model = ListDraft
        fields = ["name", "kind", "value", "expires_at", "reason"]
        help_texts = {
            "name": gettext_lazy('Rules name it so: "blocked" in lists.ip'),
            "expires_at": gettext_lazy("Empty: it stays until somebody removes it."),
        }

    def clean_expires_at(self) -> datetime | None:
        """Not in the past."""
        expires: datetime | None = self.cleaned_data["expires_at"]
        if expires is not None and expires <= clock.now():
            raise forms.ValidationError(_("This time is over: choose a later one, or none."))
        return expires

    def clean(self) -> dict[str, Any]:
        """The value has to be of its kind."""
        data: dict[str, Any] = super().clean() or {}
        if "kind" in data and "value" in data:
            try:
                data["value"] = canonical_value(data["kind"], data["value"])
            except InvalidInput as error:
                self.add_error("value", error.detail)
        return data


@admin.register(ListDraft)
class ListAdmin(DeskAdmin):
    """Lists."""

    form = ListForm
    list_display = ["name", "kind", "value", "expires_at", "reason", "added_by", "added_at"]
    list_filter = ["name", words_filter("kind", gettext_lazy("kind"), choices.LIST_KINDS)]
    search_fields = ["name", "value", "reason"]
    readonly_fields = ["added_by", "added_at"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Save it and publish all lists as they are now."""
        obj.added_by = obj.added_by or who(request)
        with transaction.atomic():
            super().save_model(request, obj, form, change)
        self._publish(request, f"{obj.name}: {obj.value}")

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Remove it and publish."""
        super().delete_model(request, obj)
        self._publish(request, f"{obj.name}: -{obj.value}")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ListDraft]) -> None:
        """Remove them and publish once."""
        super().delete_queryset(request, queryset)
        self._publish(request, "lists")

    def _publish(self, request: HttpRequest, what: str) -> None:
        told, problems = said(lambda: _published(request, what))
        if problems:
            messages.error(request, _("Saved, but not in force: %(why)s") % {"why": " ".join(problems)})
        elif told:
            messages.info(request, told)


def _published(request: HttpRequest, what: str) -> str:
    author = request.user if request.user.is_authenticated else None
    version = rulebook.sync_lists(author, what, clock.now())
    return _("In force as version %(number)d.") % {"number": version.number} if version else ""
