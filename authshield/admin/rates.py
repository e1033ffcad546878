"""Challenge rates: the page on which the desk names them, and what it gets: a proposal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from authshield import clock
from authshield.admin import pictures
from authshield.admin.desk import who
from authshield.admin.learning_words import STRATUM_SHORT, STRATUM_WORDS, percent
from authshield.admin.words import NONE
from authshield.learn import strata
from authshield.learn.rates import curve

if TYPE_CHECKING:
    from authshield.admin.steps import StepsAdmin

LEAST, MOST = 0.01, 50.0


class RatesForm(forms.Form):
    """A rate in percent for each stratum; an empty one stays as it is."""

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="")
        for name, words in STRATUM_WORDS.items():
            self.fields[name] = forms.FloatField(label=words, required=False, min_value=LEAST, max_value=MOST)

    def clean(self) -> dict[str, Any]:
        """At least one."""
        found: dict[str, Any] = super().clean() or {}
        if not self.errors and not any(found.get(name) for name in STRATUM_WORDS):
            raise forms.ValidationError(_("Name at least one rate."))
        return found

    def wanted(self) -> dict[str, float]:
        """Shares by stratum."""
        return {name: value / 100 for name, value in self.cleaned_data.items() if value}


def rates_view(model_admin: StepsAdmin, request: HttpRequest) -> HttpResponse:
    """Ask for rates (GET), work out thresholds for them (POST): nothing counts before it is published."""
    if not request.user.has_perm("authshield.add_proposal"):
        raise PermissionDenied
    form = RatesForm(request.POST if request.method == "POST" else None)
    now = clock.now()
    if request.method == "POST" and form.is_valid():
        proposal = strata.propose(form.wanted(), by=who(request), now=now)
        messages.success(request, _("Worked out. Nothing has changed yet: publish it or dismiss it."))
        return HttpResponseRedirect(reverse("admin:authshield_proposal_change", args=[proposal.pk]))
    rows = []
    for name, stratum in strata.BY_NAME.items():
        found = strata.standing(stratum, now)
        threshold = NONE if found.threshold is None else f"{found.threshold:g}"
        rows.append((form[name], len(found.ordinary), threshold, percent(found.rate)))
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Challenge rates"),
        "opts": model_admin.opts,
        "form": form,
        "rows": rows,
        "days": strata.WINDOW_DAYS,
        "media": model_admin.media,
    }
    return TemplateResponse(
        request, "admin/authshield/rates.html", context, status=422 if form.errors else 200
    )


def picture_view(model_admin: StepsAdmin, request: HttpRequest) -> HttpResponse:
    """The rate against the threshold, as things stand. Cost: 6 queries."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    now, told = clock.now(), []
    for name, stratum in strata.BY_NAME.items():
        found = strata.standing(stratum, now)
        if found.ordinary:
            told.append(
                {
                    "name": str(STRATUM_SHORT[name]),
                    "curve": curve(found.ordinary),
                    "threshold": found.threshold,
                    "rate": found.rate,
                }
            )
    return pictures.served(pictures.rates(told))
