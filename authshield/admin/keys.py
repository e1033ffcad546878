"""Keys of browsers: which device registered which, which session a browser bound to one. No key is shown whole."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authshield.admin import deeds
from authshield.admin.desk import ReadOnly
from authshield.admin.steps import Step, StepsAdmin
from authshield.admin.words import NONE
from authshield.models import BoundSession, Device, DeviceKey, Session

WITHDRAW = Step(
    name="withdraw",
    label=gettext_lazy("Withdraw this key"),
    permission="trust_device",
    touches=lambda key: [
        _("Key %(key)s of account %(account)s, registered %(at)s.")
        % {"key": key, "account": key.account, "at": f"{key.registered_at:%Y-%m-%d %H:%M}"},
        _("Open sessions of its device end, and it confirms nothing for other devices any more."),
        _(
            "At its next sign-in the browser registers a key again: revoke the device too if it is not theirs."
        ),
    ],
    act=deeds.withdraw_key,
    is_possible=lambda key: key.replaced_at is None,
    is_grave=True,
)
END = Step(
    name="end",
    label=gettext_lazy("End this session"),
    permission="end_session",
    touches=lambda bound: [
        _(
            "Session of account %(account)s, bound %(at)s: refused at its next request, and its key is thrown away."
        )
        % {"account": bound.account, "at": f"{bound.registered_at:%Y-%m-%d %H:%M}"},
        _("Its open orders stay as they are; a case's “contain” stops those too."),
    ],
    act=deeds.end_bound_session,
    is_possible=lambda bound: bound.ended_at is None,
    is_grave=True,
)


@admin.register(DeviceKey)
class DeviceKeyAdmin(ReadOnly, StepsAdmin):
    """Keys that the browser's script made, in the browser and never out of it."""

    fields = ["account", "label", "device_hash", "thumbprint", "registered_at", "replaced_at", "confirms_at"]
    list_display = ["account", "label", "short", "registered_at", "replaced_at", "confirms_at"]
    list_filter = [
        ("replaced_at", admin.EmptyFieldListFilter),
        ("confirms_at", admin.EmptyFieldListFilter),
    ]
    search_fields = ["=account", "=device_hash", "=thumbprint"]
    search_help_text = gettext_lazy("Account, device or thumbprint, whole")
    ordering = ["-pk"]
    steps = (WITHDRAW,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Each with what is known of its device."""
        device = Device.objects.filter(account=OuterRef("account"), device_hash=OuterRef("device_hash"))
        keys = super().get_queryset(request)
        shown: QuerySet[Any] = keys.annotate(device_label=Subquery(device.values("label")[:1]))
        return shown

    @admin.display(description=gettext_lazy("browser and system"))
    def label(self, key: Any) -> str:
        """In words."""
        return key.device_label or NONE

    @admin.display(description=gettext_lazy("key"), ordering="thumbprint")
    def short(self, key: DeviceKey) -> str:
        """As much as tells it apart."""
        return str(key)


@admin.register(BoundSession)
class BoundSessionAdmin(ReadOnly, StepsAdmin):
    """Sessions that the browser itself bound (DBSC)."""

    fields = ["account", "label", "sid", "algorithm", "registered_at", "refreshed_at", "ended_at"]
    list_display = ["account", "label", "algorithm", "registered_at", "refreshed_at", "ended_at"]
    list_filter = [("ended_at", admin.EmptyFieldListFilter), "registered_at"]
    search_fields = ["=account", "=sid"]
    search_help_text = gettext_lazy("Account or session, whole")
    ordering = ["-registered_at"]
    steps = (END,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Each with what is known of its session; without key and challenges, which no page shows."""
        rows = super().get_queryset(request).defer("key", "challenge", "answered")
        session = Session.objects.filter(pk=OuterRef("sid"))
        shown: QuerySet[Any] = rows.annotate(session_label=Subquery(session.values("label")[:1]))
        return shown

    @admin.display(description=gettext_lazy("browser and system"))
    def label(self, bound: Any) -> str:
        """In words."""
        return bound.session_label or NONE
