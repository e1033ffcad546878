"""The assurance policy as the desk edits it: a profile to start from, a row for each act. Published like rules."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authshield.admin.changes import words
from authshield.admin.desk import DeskAdmin, who
from authshield.admin.policy_words import ACT_WORDS
from authshield.judge.profiles import PROFILES, named
from authshield.judge.validate import assurance_problems
from authshield.models import AssuranceDraft
from authshield.models.rules import StrengthChoice
from authshield.tune import policy
from authshield.tune.fields import UnreadableError
from authshield.vocabulary.assurance import BOUND_ACTS, OWN, Act, Assurance, Lifetimes

STRENGTHS = [pair for pair in StrengthChoice.choices if pair[0] != StrengthChoice.ANY]
SAME = ""
LIFETIME_WORDS: dict[str, Any] = {
    "reading_idle": gettext_lazy("a session ends after so many seconds without a request"),
    "reading_absolute": gettext_lazy("a session ends so many seconds after its sign-in"),
    "trading_idle": gettext_lazy("trading asks for a proof after so many seconds without a request"),
    "trading_absolute": gettext_lazy("trading asks for a proof so many seconds after the last one"),
}


def _seconds(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, initial=0)


def _columns(act: Act) -> dict[str, forms.Field]:
    """The fields of one act."""
    prefix = act.value
    return {
        f"{prefix}_required": forms.ChoiceField(label=gettext_lazy("needs at least"), choices=STRENGTHS),
        f"{prefix}_interim": forms.ChoiceField(
            label=gettext_lazy("during the interim"),
            choices=[(SAME, gettext_lazy("the same")), *STRENGTHS],
            required=False,
        ),
        f"{prefix}_at_most": forms.ChoiceField(
            label=gettext_lazy("asks for the customer's strongest, at most"), choices=STRENGTHS
        ),
        f"{prefix}_max_age_seconds": _seconds(
            gettext_lazy("a proof is enough for so many seconds (0: each time)")
        ),
        f"{prefix}_cooldown_seconds": _seconds(gettext_lazy("waits so many seconds after a change")),
        f"{prefix}_known_device": forms.BooleanField(
            label=gettext_lazy("on a new device a phishing-resistant proof alone counts"), required=False
        ),
        **_bound(act),
    }


def _bound(act: Act) -> dict[str, forms.Field]:
    """The box for a passkey that is not synced, on acts that are proved one by one."""
    if act not in BOUND_ACTS:
        return {}
    label = gettext_lazy("of passkeys only one that stays on its device counts")
    return {f"{act.value}_device_bound": forms.BooleanField(label=label, required=False)}


class PolicyForm(forms.ModelForm):
    """The whole policy. Choosing another profile starts from that profile's rows."""

    profile = forms.ChoiceField(
        label=gettext_lazy("profile"),
        choices=[*((name, name) for name in PROFILES), (OWN, gettext_lazy("our own"))],
        help_text=gettext_lazy(
            "Under a profile's name the policy may be stricter than the profile, never weaker. Another profile than "
            "before replaces all that is below."
        ),
    )
    interim_until = forms.DateTimeField(
        label=gettext_lazy("the interim ends at"),
        required=False,
        help_text=gettext_lazy(
            "Until then the column “during the interim” counts. Tell your customers this date."
        ),
    )
    cooldown_share = forms.FloatField(
        label=gettext_lazy("orders from this share of the portfolio on cool down"),
        min_value=0.001,
        max_value=1,
    )

    class Meta:
        model = AssuranceDraft
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.drafted = read_draft(self.instance)
        for name, value in values_of(self.drafted).items():
            if name in self.fields:
                self.fields[name].initial = value

    def clean(self) -> dict[str, Any]:
        """What the rows say together; each problem on top, with its row's name."""
        data: dict[str, Any] = super().clean() or {}
        if self.errors:
            return data
        self.plain = plain_of(data, self.drafted)
        try:
            problems = assurance_problems(policy.read(self.plain))
        except UnreadableError as error:
            problems = [str(error)]
        for problem in problems:
            self.add_error(None, problem)
        return data

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        """Keep what differs from the profile."""
        self.instance.policy = policy.written(policy.read(self.plain))
        return super().save(commit)


_ROWS = {name: field for act in Act for name, field in _columns(act).items()}
_ROWS |= {name: forms.IntegerField(label=label, min_value=0) for name, label in LIFETIME_WORDS.items()}
PolicyForm.declared_fields.update(_ROWS)
PolicyForm.base_fields.update(_ROWS)


def read_draft(draft: AssuranceDraft) -> Assurance:
    """The drafted policy; nothing at all where it cannot be read."""
    try:
        return policy.read(draft.policy)
    except UnreadableError:
        return Assurance(profile=OWN)


def values_of(drafted: Assurance) -> dict[str, Any]:
    """The form's values of a policy."""
    found: dict[str, Any] = {
        "profile": drafted.profile,
        "interim_until": drafted.interim_until,
        "cooldown_share": drafted.cooldown_share,
        **dict(drafted.lifetimes),
    }
    for act in Act:
        one = drafted.of(act)
        found |= {
            f"{act}_required": one.required.word,
            f"{act}_interim": SAME if one.interim is None else one.interim.word,
            f"{act}_at_most": one.at_most.word,
            f"{act}_max_age_seconds": one.max_age_seconds,
            f"{act}_cooldown_seconds": one.cooldown_seconds,
            f"{act}_known_device": one.known_device,
            f"{act}_device_bound": one.device_bound,
        }
    return found


def plain_of(data: dict[str, Any], drafted: Assurance) -> dict[str, Any]:
    """The policy's JSON form; that of another profile, whole, where another was chosen."""
    if data["profile"] not in {drafted.profile, OWN}:
        return policy.written(named(data["profile"]))
    until = data["interim_until"]
    rows = []
    for act in Act:
        row = {
            name: data[f"{act}_{name}"]
            for name in ("required", "at_most", "max_age_seconds", "cooldown_seconds", "known_device")
        }
        row["device_bound"] = data.get(f"{act}_device_bound", False)
        rows.append({"act": act.value, "interim": data[f"{act}_interim"] or None, **row})
    return {
        "profile": data["profile"],
        "interim_until": until.isoformat() if until else None,
        "requirements": rows,
        "lifetimes": {name: data[name] for name, _ in Lifetimes()},
        "cooldown_share": data["cooldown_share"],
    }


@admin.register(AssuranceDraft)
class AssuranceAdmin(DeskAdmin):
    """One row, edited and then published with the other drafts."""

    form = PolicyForm
    list_display = ["__str__", "updated_at", "updated_by"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A block for each act; for who may only look, the same in lines."""
        if not self.has_change_permission(request, obj):
            return [(None, {"fields": ["summary"]})]
        head = {"fields": ["profile", "interim_until", "cooldown_share"], "description": _describe()}
        acts = [(ACT_WORDS[act], {"fields": list(_columns(act)), "classes": ["collapse"]}) for act in Act]
        return [(None, head), *acts, (_("How long sessions last"), {"fields": list(LIFETIME_WORDS)})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The lines, where that is all."""
        return [] if self.has_change_permission(request, obj) else ["summary"]

    @admin.display(description=gettext_lazy("policy"))
    def summary(self, draft: AssuranceDraft) -> str:
        """What each act needs, a line each."""
        drafted = read_draft(draft)
        lines = [(ACT_WORDS[one.act], words(one)) for one in drafted.requirements]
        return format_html_join(mark_safe("<br>"), "{}: {}", lines)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """Never: there is one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Never: there always is one."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """With its author."""
        obj.updated_by = who(request)
        super().save_model(request, obj, form, change)


def _describe() -> str:
    return _(
        "It counts from the next publication on: publish it on the page of rules, with the other drafts."
    )
