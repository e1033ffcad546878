"""Two-person requests: asked for by one, decided by another, and carried out at that moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authshield import clock, pages
from authshield.admin.desk import who
from authshield.admin.policy_words import ACT_WORDS, FACTOR_WORDS
from authshield.admin.steps import Deed, Step, StepsAdmin
from authshield.backends.accounts import user_of
from authshield.contain import approvals, steps
from authshield.errors import InvalidInput
from authshield.factors import removal
from authshield.models import Approval
from authshield.tune import rulebook
from authshield.vocabulary.assurance import Act

Kind = Approval.Kind
LONGEST = timedelta(days=366)
EXEMPTIBLE = (Act.LOGIN, Act.ORDER, Act.WITHDRAWAL, Act.BANK_ACCOUNT)


class ApprovalForm(forms.ModelForm):
    """A new request: what, for whom, until when, why."""

    target = forms.ChoiceField(
        label=gettext_lazy("requirement or authenticator"),
        choices=[
            (gettext_lazy("exempt from"), [(act.value, ACT_WORDS[act]) for act in EXEMPTIBLE]),
            (gettext_lazy("remove"), list(FACTOR_WORDS.items())),
        ],
    )

    class Meta:
        model = Approval
        fields = ["kind", "account", "target", "until", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            self.fields["kind"].choices = [  # type: ignore[attr-defined]
                pair for pair in Kind.choices if pair[0] != Kind.UNFREEZE
            ]
            self.fields["until"].help_text = _("An exemption ends by itself, after a year at most.")

    def clean(self) -> dict[str, Any]:
        """Kind, target and date have to fit."""
        data: dict[str, Any] = super().clean() or {}
        is_exemption = data.get("kind") == Kind.EXEMPTION
        if (data.get("target") in {act.value for act in EXEMPTIBLE}) is not is_exemption:
            self.add_error("target", _("Choose a requirement to exempt from, or an authenticator to remove."))
        until, now = data.get("until"), clock.now()
        if is_exemption and not (until and now < until <= now + LONGEST):
            self.add_error("until", _("An exemption needs an end within a year."))
        elif not is_exemption:
            data["until"] = None
        if data.get("account") and user_of(data["account"]) is None:
            self.add_error("account", _("There is no such account."))
        return data


def _touches(approval: Approval) -> list[str]:
    told = {"account": approval.account, "by": approval.asked_by, "reason": approval.reason}
    lines = [_("Account %(account)s. Asked for by %(by)s: %(reason)s") % told]
    if approval.kind == Kind.UNFREEZE:
        lines.append(_("It can sign in and trade again; the next sign-in asks for its strongest factor."))
    elif approval.kind == Kind.DROP_FACTOR:
        factor = FACTOR_WORDS.get(approval.target, approval.target)
        lines.append(
            _("Removed: %(factor)s. Everybody is signed out, and orders cool down.") % {"factor": factor}
        )
    elif approval.until is not None:
        act = ACT_WORDS.get(Act(approval.target), approval.target)
        told = {"act": act, "until": f"{approval.until:%Y-%m-%d %H:%M}"}
        lines.append(_("The policy's requirement for “%(act)s” does not count until %(until)s UTC.") % told)
    return lines


def _approve(approval: Approval, deed: Deed) -> str:
    with transaction.atomic():
        approvals.decide(approval, approve=True, by=deed.actor, reason=deed.reason, now=deed.now)
        _carry_out(approval, deed)
    return _("Approved and done.")


def _carry_out(approval: Approval, deed: Deed) -> None:
    account = approval.account
    if approval.kind == Kind.UNFREEZE:
        by = f"{approval.asked_by}, {deed.actor}"
        if not steps.unfreeze(account, by=by, now=deed.now):
            raise InvalidInput(
                _("Account %(account)s is not frozen.") % {"account": account}, status_code=409
            )
    elif approval.kind == Kind.EXEMPTION:
        rulebook.sync_exemptions(deed.user, f"exemption of {account}: {approval.reason}", deed.now)
    else:
        user = user_of(account)
        if user is None or not removal.drop(user, approval.target):
            raise InvalidInput(_("The account has no such authenticator."), status_code=409)
        steps.factor_removed(account, approval.target, now=deed.now)


def _refuse(approval: Approval, deed: Deed) -> str:
    approvals.decide(approval, approve=False, by=deed.actor, reason=deed.reason, now=deed.now)
    return _("Refused: nothing changes.")


def _end(approval: Approval, deed: Deed) -> str:
    with transaction.atomic():
        approvals.end(approval, by=deed.actor, reason=deed.reason, now=deed.now)
        rulebook.sync_exemptions(deed.user, f"exemption of {approval.account} ended", deed.now)
    return _("The exemption has ended.")


def _is_asked(approval: Approval) -> bool:
    return approval.state == Approval.State.ASKED


APPROVE = Step(
    name="approve",
    label=gettext_lazy("Approve"),
    permission="decide_approval",
    touches=_touches,
    act=_approve,
    is_possible=_is_asked,
    is_grave=True,
    reason_label=gettext_lazy("How you know that it is right, and that it is the customer"),
)
REFUSE = Step(
    name="refuse",
    label=gettext_lazy("Refuse"),
    permission="decide_approval",
    touches=_touches,
    act=_refuse,
    is_possible=_is_asked,
)
END = Step(
    name="end",
    label=gettext_lazy("End the exemption now"),
    permission="ask_approval",
    touches=_touches,
    act=_end,
    is_possible=lambda one: one.kind == Kind.EXEMPTION and one.state == Approval.State.APPROVED,
)


@admin.register(Approval)
class ApprovalAdmin(StepsAdmin):
    """What waits for a second person, and what was decided. Nobody edits or deletes it."""

    form = ApprovalForm
    list_display = ["asked_at", "kind", "account", "target", "until", "state", "asked_by", "decided_by"]
    list_filter = ["state", "kind"]
    search_fields = ["=account"]
    steps = (APPROVE, REFUSE, END)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002 - Django's signature
        """The form when it is new, the row afterwards."""
        decided = ["state", "asked_by", "asked_at", "decided_by", "decided_at", "decision_reason"]
        asked = ["kind", "account", "target", "until", "reason"]
        return asked if obj is None else [*asked, *decided]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """All, once it is asked."""
        return [] if obj is None else self.get_fields(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever may ask."""
        return bool(request.user.has_perm("authshield.ask_approval"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Never: it is decided by steps."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Never: it is a record."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """With who asks, and when."""
        del form, change
        obj.asked_by, obj.asked_at = who(request), clock.now()
        obj.save()

    def step_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """A decision needs a fresh proof of whoever decides."""
        if name == APPROVE.name:
            pages.ask_for(request, Act.FREEZE_RELEASE, return_to=request.get_full_path())
        return super().step_view(request, object_id, name)
