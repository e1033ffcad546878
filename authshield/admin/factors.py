"""Authenticators: whether one is locked or disabled, and giving it back. Nothing here shows a secret."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authshield import clock
from authshield.admin import deeds
from authshield.admin.desk import ReadOnly
from authshield.admin.steps import Step, StepsAdmin
from authshield.factors import passkey
from authshield.models import EmailFactor, OobFactor, RecoveryCodes, TotpFactor
from authshield.models.factors import FactorColumns

KEPT = ("failures", "locked_until", "disabled_at", "created_at", "last_used_at")


def state_words(factor: FactorColumns, now: datetime) -> str:
    """Open, locked for how long, or disabled."""
    if factor.disabled_at is not None:
        return _("disabled")
    if not factor.is_open(now):
        return _("locked")
    return _("open")


def _touches(factor: Any) -> list[str]:
    return [
        _("%(kind)s of %(name)s, %(state)s after %(failures)d wrong answers in a row.")
        % {
            "kind": str(factor._meta.verbose_name).capitalize(),
            "name": factor.user.get_username(),
            "state": state_words(factor, clock.now()),
            "failures": factor.failures,
        },
        _(
            "It can be tried again at once, and counts from nothing. Make sure that it is the customer who asks."
        ),
    ]


UNLOCK = Step(
    name="unlock",
    label=gettext_lazy("Unlock"),
    permission="unlock_factor",
    touches=_touches,
    act=deeds.unlock_factor,
    is_possible=lambda factor: factor.disabled_at is not None or factor.locked_until is not None,
    reason_label=gettext_lazy("How you know that it is the customer"),
)


class FactorAdmin(ReadOnly, StepsAdmin):
    """What the three kinds share."""

    fields = ["user", "state", *KEPT]
    list_display = ["user", "state", "failures", "locked_until", "disabled_at", "last_used_at"]
    list_filter = [("locked_until", admin.EmptyFieldListFilter), ("disabled_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user"]
    search_fields = ["=user__username"]
    search_help_text = gettext_lazy("Name, whole")
    ordering = ["-failures", "-pk"]
    steps = (UNLOCK,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Those that count, without what they are made of."""
        return super().get_queryset(request).filter(confirmed=True).only("user", *KEPT)

    @admin.display(description=gettext_lazy("state"))
    def state(self, factor: FactorColumns) -> str:
        """In a word."""
        return state_words(factor, clock.now())


class OobAdmin(FactorAdmin):
    """Confirmations on other devices: how often they were asked for, and wrong numbers."""

    fields = ["user", "state", "sends", "sent_at", *KEPT]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """All of them: what enrols is the devices."""
        return super(FactorAdmin, self).get_queryset(request)


admin.site.register(OobFactor, OobAdmin)

for model in (TotpFactor, RecoveryCodes, EmailFactor):
    admin.site.register(model, FactorAdmin)


class PasskeyAdmin(ReadOnly):
    """Passkeys: whose, of which sort, when used. Their keys open nothing and are not shown; nobody edits them."""

    fields = [
        "user",
        "name",
        "is_synced",
        "backup_state",
        "sign_count",
        "transports",
        "created_at",
        "last_used_at",
    ]
    list_display = ["user", "name", "is_synced", "backup_state", "created_at", "last_used_at"]
    list_filter = ["backup_eligible"]
    list_select_related = ["user"]
    search_fields = ["=user__username"]
    search_help_text = gettext_lazy("Name, whole")
    ordering = ["-pk"]

    @admin.display(description=gettext_lazy("synced"), boolean=True)
    def is_synced(self, one: Any) -> bool:
        """Whether it lives in a password manager, and on all of its devices."""
        return bool(one.backup_eligible)


if not admin.site.is_registered(passkey.model()):
    admin.site.register(passkey.model(), PasskeyAdmin)
