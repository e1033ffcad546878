"""Accounts, devices and sessions: what the desk may do to each."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authshield.admin import deeds, labelling
from authshield.admin.desk import ReadOnly
from authshield.admin.policy_words import FACTOR_WORDS
from authshield.admin.steps import Step, StepsAdmin
from authshield.admin.words import NONE
from authshield.errors import GatewayError
from authshield.learn import way_back
from authshield.models import AccountState, Device, Session


def _freeze_touches(state: AccountState) -> list[str]:
    return [
        _("Account %(account)s can neither sign in nor trade until two people release it.")
        % {"account": state.account},
        _("Its open sessions are refused at their next request."),
    ]


def _unfreeze_touches(state: AccountState) -> list[str]:
    since = {"account": state.account, "by": state.frozen_by or NONE, "reason": state.frozen_reason or NONE}
    return [
        _("A second person decides whether account %(account)s can sign in and trade again.") % since,
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
    label=gettext_lazy("Ask for its release"),
    permission="ask_approval",
    touches=_unfreeze_touches,
    act=lambda state, deed: deeds.ask_release(state.account, deed),
    is_possible=lambda state: state.frozen_at is not None,
    reason_label=gettext_lazy("Why it is safe now"),
)


@admin.register(AccountState)
class AccountStateAdmin(ReadOnly, StepsAdmin):
    """What holds for an account."""

    list_display = ["account", "frozen_at", "frozen_by", "frozen_reason", "contact_changed_at", "prove_since"]
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


def _way_back_touches(session: Session) -> list[str]:
    try:
        found = way_back.added(session.account, session.started_at)
    except GatewayError as error:
        return [_("What came since cannot be told in full: %(error)s") % {"error": error}]
    kinds = (
        (_("session"), found.sessions),
        (_("device"), found.devices),
        (_("authenticator"), [FACTOR_WORDS.get(one.kind, one.kind) for one in found.factors]),
        (_("record"), [f"{one.kind} {one.text}" for one in found.records]),
        (_("open order"), [f"{one.reference} {one.side} {one.symbol}" for one in found.orders]),
        (_("waiting"), found.holds),
    )
    since = {"account": session.account, "at": f"{session.started_at:%Y-%m-%d %H:%M}"}
    return [
        _("All that came to account %(account)s since %(at)s UTC is removed; everybody is signed out:")
        % since,
        *(f"{word}: {one}" for word, things in kinds for one in things),
        _(
            "The profile unlearns these sessions; the next sign-in asks for the strongest factor that is left."
        ),
    ]


WAY_BACK = Step(
    name="way-back",
    label=gettext_lazy("Take the account back to before this sign-in"),
    permission="contain_case",
    touches=_way_back_touches,
    act=deeds.take_back,
    is_grave=True,
    reason_label=gettext_lazy("What happened, and how you know"),
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
    steps = (END, WAY_BACK, *labelling.STEPS)
    exclude = ["key_hash", "sealed_key"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        """Without the sealed key, which no page shows."""
        return super().get_queryset(request).defer("sealed_key")

    @admin.display(description=gettext_lazy("risk of the sign-in"), ordering="login_risk")
    def risk(self, session: Session) -> str:
        """Without digits that nobody reads."""
        return f"{session.login_risk:.0f}"
