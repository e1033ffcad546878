"""The form of a rule, and what it shares with a limit's: nothing is saved that could not be published."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authshield.admin import choices
from authshield.admin.rulebook import velocity_source
from authshield.judge import diagnose
from authshield.judge.validate import problems_of
from authshield.models import RuleDraft
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ruleset import Rule, RulesetSource

CONDITION_LENGTH = 4000


class ConsequenceForm(forms.ModelForm):
    """What rules and limits share: kinds, action, strength, points."""

    path = ""
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("kinds of event"), choices=choices.KINDS, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Labels begin as those of the columns do."""
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.label = capfirst(field.label)

    def clean(self) -> dict[str, Any]:
        """Action and strength have to fit; something has to come of it."""
        data: dict[str, Any] = super().clean() or {}
        action, required = data.get("action"), data.get("required")
        if action == "challenge" and required == "none":
            self.add_error("required", _("A challenge needs a strength: choose what proof is enough."))
        if action in {"allow", "hold", "deny"} and required not in {None, "none"}:
            self.add_error("required", _("Only a challenge asks for a strength: choose none."))
        if action == "allow" and data.get("points") == 0:
            self.add_error("points", _("Without an action it needs points, else nothing comes of it."))
        return data

    def _post_clean(self) -> None:
        """After the columns' own validators, as the publisher would validate it."""
        super()._post_clean()  # type: ignore[misc]  # the stubs leave it out
        if not self.errors:
            self.name_faults()
        for problem in [] if self.errors else problems_of(self.ruleset()):
            if problem.startswith(self.path):
                self.add_error(None, problem.partition(": ")[2])

    def name_faults(self) -> None:
        """Faults that can be told at a field, in the desk's language."""

    def ruleset(self) -> RulesetSource:
        """A ruleset with nothing of its kind but this; ``path`` is where it stands there."""
        return RulesetSource(version=0, name="")

    def _consequence(self, data: dict[str, Any]) -> dict[str, Any]:
        """The columns that rules and limits share, in the vocabulary's types."""
        return {
            "id": data.get("identifier") or self.instance.identifier,
            "kinds": frozenset(map(Kind, data["kinds"])),
            "points": data["points"],
            "action": Action.of(data["action"]),
            "required": Strength.of(data["required"]),
            "code": data["code"],
        }


class RuleForm(ConsequenceForm):
    """A rule; its condition is type-checked when it is saved."""

    path = "rules[0]"
    condition = forms.CharField(
        label=gettext_lazy("condition"),
        max_length=CONDITION_LENGTH,
        widget=forms.Textarea(
            attrs={"rows": 8, "cols": 80, "class": "authshield-code", "spellcheck": "false"}
        ),
        help_text=gettext_lazy(
            "CEL over the facts listed on this page, such as: !device.is_trusted && order.portfolio_share > 0.5"
        ),
    )

    class Meta:
        model = RuleDraft
        fields = ["identifier", "state", "kinds", "condition", "points", "action", "required", "code", "text"]

    def ruleset(self) -> RulesetSource:
        """This rule, with every limit whose count it may name."""
        data = self.cleaned_data
        rule = Rule(when=data["condition"], **self._consequence(data))
        return replace(velocity_source(), rules=(rule,))

    def clean_condition(self) -> str:
        """Refuse what would not compile, each problem with its place and its way out."""
        condition: str = self.cleaned_data["condition"]
        problems = diagnose(condition, velocity_source())
        if problems:
            raise ValidationError([problem_words(problem) for problem in problems])
        return condition


def problem_words(problem: Any) -> str:
    """One problem of a condition: where, what, and the way out."""
    told = _("Line %(line)d, column %(column)d: %(message)s") % {
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
    }
    return f"{told} {_('Hint: %(hint)s') % {'hint': problem.hint}}" if problem.hint else told
