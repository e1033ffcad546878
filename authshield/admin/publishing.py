"""Publishing what was drafted: one page that validates, one that publishes. Both are about all drafts at once."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authshield.admin.changes import Change
from authshield.admin.rulebook import Drafts, check_drafts, pending
from authshield.admin.steps import Deed, Step, StepsAdmin
from authshield.admin.words import NONE
from authshield.tune import rulebook


def change_sentence(change: Change) -> str:
    """One change as a sentence."""
    told = {
        "part": change.part,
        "id": change.identifier,
        "field": change.field,
        "before": change.before or NONE,
        "after": change.after or NONE,
    }
    if change.field or (change.before and change.after):
        return _("%(part)s %(id)s: %(field)s from “%(before)s” to “%(after)s”") % told
    if change.after:
        return _("new %(part)s %(id)s: %(after)s") % told
    return _("%(part)s %(id)s is dropped") % told


def _touches(drafts: Drafts) -> list[str]:
    number, changes, problems = drafts.pending
    if problems:
        return problems
    if not changes:
        return [
            _("Nothing changed since version %(number)s: the new version is the same.") % {"number": number}
        ]
    return [_("Every web node decides by it within a second."), *map(change_sentence, changes)]


def _publish(_drafts: Drafts, deed: Deed) -> str:
    version = rulebook.publish(deed.user, deed.reason, deed.now)
    return _("Version %(number)d is published.") % {"number": version.number}


PUBLISH = Step(
    name="publish",
    label=gettext_lazy("Publish the drafts"),
    permission="publish_ruleset",
    touches=_touches,
    act=_publish,
    reason_label=gettext_lazy("What changes, and why"),
)


def urls(model_admin: StepsAdmin) -> list[URLPattern]:
    """The two pages, beside the list of rules or of limits."""
    name = f"authshield_{model_admin.opts.model_name}"

    def publish_view(request: HttpRequest) -> HttpResponse:
        if not PUBLISH.may(request):
            raise PermissionDenied
        back = reverse(f"admin:{name}_changelist")
        return model_admin.confirm(request, PUBLISH, Drafts(pending()), back=back)

    def validate_view(request: HttpRequest) -> HttpResponse:
        if not model_admin.has_view_permission(request):
            raise PermissionDenied
        counted, problems, warnings = check_drafts()
        context = {
            **model_admin.admin_site.each_context(request),
            "title": _("Validate all drafts"),
            "opts": model_admin.opts,
            "counted": counted,
            "problems": problems,
            "warnings": warnings,
            "media": model_admin.media,
        }
        return TemplateResponse(request, "admin/authshield/validate.html", context)

    wrap = model_admin.admin_site.admin_view
    return [
        path("publish/", wrap(publish_view), name=f"{name}_publish"),
        path("validate/", wrap(validate_view), name=f"{name}_validate"),
    ]


def version_touches(number: int, changes: list[Change]) -> list[str]:
    """What a roll-back to a version changes, in sentences."""
    lines = [
        _("The content of version %(number)d is published anew, under the next number.") % {"number": number},
        _("The drafted rules and limits become those of that version; what was drafted since is dropped."),
        _("Lists stay as they are now."),
    ]
    return (
        [*lines, *map(change_sentence, changes)]
        if changes
        else [*lines, _("Nothing differs from what is in force.")]
    )


def version_address(number: Any) -> str:
    """The page of a published version."""
    return reverse("admin:authshield_rulesetversion_change", args=[quote(number)])
