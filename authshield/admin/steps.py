"""Steps: what the desk does to a thing, each behind its own permission and a page that says what it touches.

A step is shown by GET and done by POST, never the other way round. What a step does is the business of the
rooms below; here is only how it is asked for, confirmed, answered and logged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from authshield import clock
from authshield.admin.desk import DeskAdmin, who
from authshield.admin.refusals import Problem, said

Text = Any  # a lazy translation or a string


@dataclass(frozen=True, slots=True)
class Deed:
    """Who does a step, why, and when. ``user`` is the signed-in member of staff."""

    actor: str
    reason: str
    now: datetime
    user: Any = None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that can be done to an object of a list.

    ``touches`` says in sentences whom and what it will change; ``act`` does it and returns the sentence
    that tells the result. ``is_possible`` hides the button where it makes no sense (any more).
    """

    name: str
    label: Text
    permission: str
    touches: Callable[[Any], Sequence[Text | SafeString]]
    act: Callable[[Any, Deed], Text]
    is_possible: Callable[[Any], bool] = lambda _thing: True
    needs_reason: bool = True
    is_grave: bool = False
    reason_label: Text = _("Reason")

    def may(self, request: HttpRequest) -> bool:
        """Whether the signed-in person has this step's permission."""
        return bool(request.user.has_perm(f"authshield.{self.permission}"))


class ReasonForm(forms.Form):
    """Why a step is done; kept with it."""

    reason = forms.CharField(max_length=200, widget=forms.Textarea(attrs={"rows": 2, "cols": 60}))

    def __init__(self, step: Step, data: Any = None) -> None:
        super().__init__(data)
        field = self.fields["reason"]
        field.label = step.reason_label
        field.required = step.needs_reason


class StepsAdmin(DeskAdmin):
    """An admin whose objects have steps; they appear as buttons on the object's page."""

    steps: tuple[Step, ...] = ()
    change_form_template = "admin/authshield/object.html"

    def get_urls(self) -> list[URLPattern]:
        """The stock ones and one for all steps."""
        own = path(
            "<path:object_id>/step/<slug:name>/",
            self.admin_site.admin_view(self.step_view),
            name=f"authshield_{self.opts.model_name}_step",
        )
        return [own, *super().get_urls()]

    def step_links(self, request: HttpRequest, thing: Any) -> list[tuple[Step, str]]:
        """The steps that this person may do to this thing now, with their addresses."""
        return [
            (step, step_url(thing, step.name))
            for step in self.steps
            if step.may(request) and step.is_possible(thing)
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The object's page, with its buttons."""
        thing = self.get_object(request, unquote(object_id))
        context = {"steps": self.step_links(request, thing) if thing is not None else []}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def step_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Ask (GET), then do (POST)."""
        thing = self.get_object(request, unquote(object_id))
        step = next((step for step in self.steps if step.name == name), None)
        if thing is None or step is None:
            raise Http404
        if not (step.may(request) and self.has_view_permission(request, thing)):
            raise PermissionDenied
        back = reverse(f"admin:authshield_{self.opts.model_name}_change", args=[quote(thing.pk)])
        if not step.is_possible(thing):
            messages.warning(request, _("“%(step)s” is not possible any more.") % {"step": step.label})
            return HttpResponseRedirect(back)
        return self.confirm(request, step, thing, back=back)

    def confirm(self, request: HttpRequest, step: Step, thing: Any, *, back: str) -> HttpResponse:
        """One page: what will be touched, the reason, one button. Done by POST alone."""
        form = ReasonForm(step, request.POST if request.method == "POST" else None)
        problems: tuple[Problem, ...] = ()
        if request.method == "POST" and form.is_valid():
            deed = Deed(who(request), form.cleaned_data["reason"], clock.now(), request.user)
            told, problems = said(lambda: step.act(thing, deed))
            if not problems:
                if hasattr(thing, "pk"):
                    self.log_change(request, thing, f"{step.name}: {deed.reason}"[:200])
                messages.success(request, told)
                return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "title": step.label,
            "opts": self.opts,
            "original": thing if hasattr(thing, "pk") else None,
            "step": step,
            "touches": step.touches(thing),
            "form": form,
            "problems": problems,
            "back": back,
            "media": self.media,
        }
        failed = bool(problems or form.errors)
        return TemplateResponse(
            request, "admin/authshield/confirm.html", context, status=409 if failed else 200
        )


def step_url(thing: Any, name: str) -> str:
    """Where a step of a stored object is asked for."""
    return reverse(f"admin:authshield_{thing._meta.model_name}_step", args=[quote(thing.pk), name])
