"""Accounts, devices and sessions: what the desk may do to each."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authshield.admin import deeds, labelling
from authshield.admin.desk import ReadOnly
from authshield.admin.steps import Step, StepsAdmin
from authshield.admin.words import NONE
from authshield.models import AccountState, Device, Session


def _freeze_touches(state: AccountState) -> list[str]:
    return [
        _("Account %(account)s can neither sign in nor trade until somebody unfreezes it.")
        % {"account": state.account},
        _("Its open sessions are refused at their next request."),
    ]


def _unfreeze_touches(state: AccountState) -> list[str]:
    since = {"account": state.account, "by": state.frozen_by or NONE, "reason": state.frozen_reason or NONE}
    return [
        _("Account %(account)s can sign in and trade again.") % since,
        _("It was frozen by %(by)s: %(reason)s") % since,
    ]


FREEZE = Step(
    name="freeze",
    label=gettext_lazy("Freeze the account"),
    permission="freeze_account",
    touches=_freeze_touches,
    act=lambda state, deed: deeds.freeze(state.account, deed),
    is_possible=lambda state: state.frozen_at is None,
    is_grave=True,
)
UNFREEZE = Step(
    name="unfreeze",
    label=gettext_lazy("Unfreeze the account"),
    permission="freeze_account",
    touches=_unfreeze_touches,
    act=lambda state, deed: deeds.unfreeze(state.account, deed),
    is_possible=lambda state: state.frozen_at is not None,
    reason_label=gettext_lazy("Why it is safe now"),
)


@admin.register(AccountState)
class AccountStateAdmin(ReadOnly, StepsAdmin):
    """What holds for an account."""

    list_display = ["account", "frozen_at", "frozen_by", "frozen_reason", "contact_changed_at"]
    list_filter = [("frozen_at", admin.EmptyFieldListFilter)]
    search_fields = ["=account"]
    steps = (FREEZE, UNFREEZE)


def _device_touches(device: Device) -> list[str]:
    return [
        _("Device %(device)s of account %(account)s, first seen %(first)s, last seen %(last)s.")
        % {
            "device": device,
            "account": device.account,
            "first": f"{device.first_seen_at:%Y-%m-%d %H:%M}",
            "last": f"{device.last_seen_at:%Y-%m-%d %H:%M}",
        }
    ]


TRUST = Step(
    name="trust",
    label=gettext_lazy("Trust this device"),
    permission="trust_device",
    touches=lambda device: [
        *_device_touches(device),
        _("Sign-ins and orders from it count as usual from now on."),
    ],
    act=deeds.trust,
    is_possible=lambda device: device.trusted_at is None or device.revoked_at is not None,
)
REVOKE = Step(
    name="revoke",
    label=gettext_lazy("Revoke this device"),
    permission="trust_device",
    touches=lambda device: [
        *_device_touches(device),
        _("It is a strange device to this account from now on. Its open sessions go on: end them apart."),
    ],
    act=deeds.revoke,
    is_possible=lambda device: device.revoked_at is None,
    is_grave=True,
)


@admin.register(Device)
class DeviceAdmin(ReadOnly, StepsAdmin):
    """Devices as accounts use them."""

    list_display = ["account", "label", "last_seen_at", "last_place", "last_ip", "trusted_at", "revoked_at"]
    list_filter = [("trusted_at", admin.EmptyFieldListFilter), ("revoked_at", admin.EmptyFieldListFilter)]
    search_fields = ["=account", "=device_hash", "=last_ip"]
    search_help_text = gettext_lazy("Account, device or address, whole")
    ordering = ["-last_seen_at"]
    steps = (TRUST, REVOKE)


END = Step(
    name="end",
    label=gettext_lazy("End this session"),
    permission="end_session",
    touches=lambda session: [
        _(
            "Session of account %(account)s from %(label)s, %(place)s, begun %(at)s: refused at its next request."
        )
        % {
            "account": session.account,
            "label": session.label or NONE,
            "place": session.place or session.ip or NONE,
            "at": f"{session.started_at:%Y-%m-%d %H:%M}",
        },
        _("Its open orders stay as they are; a case's “contain” stops those too."),
    ],
    act=deeds.end_session,
    is_possible=lambda session: session.ended_at is None,
    is_grave=True,
)


@admin.register(Session)
class SessionAdmin(ReadOnly, StepsAdmin):
    """Signed-in sessions."""

    list_display = [
        "account",
        "started_at",
        "last_seen_at",
        "label",
        "place",
        "ip",
        "risk",
        "score",
        "ended_at",
    ]
    list_filter = [("ended_at", admin.EmptyFieldListFilter), "started_at"]
    search_fields = ["=account", "=sid", "=ip", "=device_hash"]
    search_help_text = gettext_lazy("Account, session, address or device, whole")
    ordering = ["-last_seen_at"]
    steps = (END, *labelling.STEPS)
    exclude = ["key_hash", "sealed_key"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        """Without the sealed key, which no page shows."""
        return super().get_queryset(request).defer("sealed_key")

    @admin.display(description=gettext_lazy("risk of the sign-in"), ordering="login_risk")
    def risk(self, session: Session) -> str:
        """Without digits that nobody reads."""
        return f"{session.login_risk:.0f}"
