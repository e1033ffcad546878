"""The form of a velocity limit: plain words, choices by the events that have them, each fault at its field."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authshield.admin import choices
from authshield.admin.draft_forms import ConsequenceForm
from authshield.admin.limit_words import fault_words, window_words
from authshield.admin.words import NONE
from authshield.judge.limits import MAX_WINDOW_SECONDS, faults_of
from authshield.models import LimitDraft, ListDraft
from authshield.vocabulary.ruleset import Dimension, Limit, Measure, RulesetSource, Scope

SECONDS = {"s": 1, "秒": 1, "m": 60, "分": 60, "h": 3_600, "時": 3_600, "d": 86_400, "日": 86_400}
WINDOW = re.compile(r"\s*([0-9]{1,9})\s*([a-z秒分時間日]*)\s*", re.IGNORECASE)
WORDS = re.compile(r"s|secs?|seconds?|秒|m|mins?|minutes?|分|h|hours?|時間?|d|days?|日間?", re.IGNORECASE)


class WindowField(forms.CharField):
    """A length of time such as "10 minutes", "1 h" or plain seconds; cleans to seconds."""

    def prepare_value(self, value: Any) -> Any:
        """Stored seconds in their largest whole unit; what was typed stays."""
        return window_words(value) if isinstance(value, int) and value > 0 else value

    def clean(self, value: Any) -> Any:
        """Seconds."""
        text = super().clean(value)
        found = WINDOW.fullmatch(text)
        if found is None or (found[2] and not WORDS.fullmatch(found[2])):
            told = _("“%(text)s” is no length of time; write it like 10 minutes, 1 hour, 30 days or 600.")
            raise ValidationError(told % {"text": text[:20]})
        seconds = int(found[1]) * SECONDS[found[2][:1].lower() or "s"]
        if not 1 <= seconds <= MAX_WINDOW_SECONDS:
            raise ValidationError(_("A window is 1 second to 30 days long."))
        return seconds


def _number(label: Any, text: Any, *, least: int, optional: bool = False) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        help_text=text,
        min_value=least,
        required=not optional,
        initial=0 if optional else None,
        widget=forms.NumberInput(attrs={"class": "vBigIntegerField"}),
    )


class LimitForm(ConsequenceForm):
    """A velocity limit."""

    path = "limits[0]"
    dimension = forms.ChoiceField(
        label=gettext_lazy("counted by"),
        choices=choices.DIMENSION_GROUPS,
        help_text=gettext_lazy(
            "Each of these has a count of its own. Example: by address, 20 failures from one address say nothing "
            "about the next."
        ),
    )
    also = forms.ChoiceField(
        label=gettext_lazy("together with"),
        choices=[("", NONE), *choices.DIMENSION_GROUPS],
        required=False,
        help_text=gettext_lazy(
            "Makes a pair. Example: account together with symbol and side counts each account's buys of each "
            "symbol apart."
        ),
    )
    measure = forms.ChoiceField(
        label=gettext_lazy("what is counted"),
        choices=choices.MEASURES,
        help_text=gettext_lazy(
            "Example: the number of different typed names in failed sign-ins from one address finds who tries one "
            "password on many accounts."
        ),
    )
    distinct_of = forms.ChoiceField(
        label=gettext_lazy("different …"),
        choices=[("", NONE), *choices.DIMENSION_GROUPS],
        required=False,
        help_text=gettext_lazy("Only for “number of different …”."),
    )
    scope = forms.ChoiceField(
        label=gettext_lazy("whose"),
        choices=choices.SCOPES,
        help_text=gettext_lazy(
            "Only for limits by account. Guesses by strangers then never use up what the customer's own devices have."
        ),
    )
    capacity = _number(
        gettext_lazy("at most"),
        gettext_lazy(
            "So many events or different values in any window. A sum is in the smallest unit of the currency "
            "(50000000 is 50 million yen), a share in hundredths of a per cent (5000 is half of the portfolio)."
        ),
        least=1,
    )
    window_seconds = WindowField(
        label=gettext_lazy("window"),
        max_length=20,
        help_text=gettext_lazy(
            "Such as 10 minutes, 1 hour or 30 days. It slides: every stretch of this length is looked at, not the "
            "clock's hours or days."
        ),
    )
    burst = _number(
        gettext_lazy("so many more at once"),
        gettext_lazy(
            "0: never more than “at most” in any window. 30: “at most” on average, and up to 30 more in a sudden "
            "rush. Only where events are counted."
        ),
        least=0,
        optional=True,
    )
    grows_by = _number(
        gettext_lazy("so many more for each good customer"),
        gettext_lazy(
            "For addresses that many customers share, such as a mobile carrier's: each customer who signed in from "
            "there in the window makes room for so many more failures, up to 20 times “at most”. 0: no growth."
        ),
        least=0,
        optional=True,
    )
    exempt = forms.MultipleChoiceField(
        label=gettext_lazy("not for"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Whose address, device, account, symbol, carrier or country is on one of these lists is not counted. "
            "New lists are made under “list entries”."
        ),
    )

    class Meta:
        model = LimitDraft
        fields = [
            "identifier",
            "state",
            "text",
            "kinds",
            "scope",
            "refunds_success",
            "frees_cancelled",
            "exempt",
            "dimension",
            "also",
            "measure",
            "distinct_of",
            "capacity",
            "window_seconds",
            "burst",
            "grows_by",
            "action",
            "required",
            "progressive",
            "points",
            "code",
        ]
        help_texts = {
            "text": gettext_lazy("Why this limit is there; stands beside every decision that it made."),
            "refunds_success": gettext_lazy(
                "Then only failures count: for sign-ins and answers to challenges. Leave it off for everything else."
            ),
            "frees_cancelled": gettext_lazy(
                "For orders. Off: placing and cancelling over and over uses the limit up."
            ),
            "progressive": gettext_lazy("For denials. The wait is never longer than the window."),
            "action": gettext_lazy("What happens to one too many."),
            "points": gettext_lazy("Added to the risk of one too many, whatever else happens to it."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """The lists that there are, and those that the limit names already."""
        super().__init__(*args, **kwargs)
        if "exempt" in self.fields:
            names = {*ListDraft.objects.values_list("name", flat=True), *(self.instance.exempt or ())}
            field: Any = self.fields["exempt"]
            field.choices = [(name, name) for name in sorted(names)]

    def clean_burst(self) -> int:
        """Nothing is none."""
        return self.cleaned_data["burst"] or 0

    def clean_grows_by(self) -> int:
        """Nothing is none."""
        return self.cleaned_data["grows_by"] or 0

    def name_faults(self) -> None:
        """The first fault of each field."""
        for fault in list(faults_of(self.ruleset().limits[0])):
            values = {name: fault_words(value) for name, value in fault.values.items()}
            if fault.field not in self.errors:
                self.add_error(fault.field, capfirst(_(fault.text) % values))

    def ruleset(self) -> RulesetSource:
        """This limit alone."""
        data = self.cleaned_data
        chosen = {
            name: Dimension(data[name]) if data[name] else None
            for name in ("dimension", "also", "distinct_of")
        }
        plain = ("window_seconds", "capacity", "burst", "grows_by")
        flags = ("refunds_success", "frees_cancelled", "progressive")
        limit = Limit(
            measure=Measure(data["measure"]),
            scope=Scope(data["scope"]),
            exempt=tuple(data["exempt"]),
            **chosen,  # type: ignore[arg-type]  # the dimension is required
            **{name: data[name] for name in (*plain, *flags)},
            **self._consequence(data),
        )
        return RulesetSource(version=0, name="", limits=(limit,))
