"""Published versions: read, compare, roll back. Never changed."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authshield.admin.changes import Change, compare
from authshield.admin.desk import ReadOnly
from authshield.admin.publishing import version_touches
from authshield.admin.refusals import sentences
from authshield.admin.rulebook import source_of
from authshield.admin.steps import Deed, Step, StepsAdmin
from authshield.errors import RuleError
from authshield.models import RulesetVersion
from authshield.tune import rulebook
from authshield.vocabulary.ruleset import RulesetSource

DRAFTS = "drafts"


def _latest() -> RulesetVersion | None:
    return RulesetVersion.objects.order_by("-number").first()


def _touches(version: RulesetVersion) -> list[str]:
    try:
        return version_touches(version.number, compare(source_of(_latest()), source_of(version)))
    except RuleError as error:
        return list(sentences(error))


def _roll_back(version: RulesetVersion, deed: Deed) -> str:
    fresh = rulebook.rollback(version.number, deed.user, deed.reason, deed.now)
    return _("The content of version %(old)d is in force again, as version %(new)d.") % {
        "old": version.number,
        "new": fresh.number,
    }


def _is_older(version: RulesetVersion) -> bool:
    return RulesetVersion.objects.filter(number__gt=version.number).exists()


ROLL_BACK = Step(
    name="roll-back",
    label=gettext_lazy("Roll back to this version"),
    permission="publish_ruleset",
    touches=_touches,
    act=_roll_back,
    is_possible=_is_older,
    is_grave=True,
)


@admin.register(RulesetVersion)
class RulesetVersionAdmin(ReadOnly, StepsAdmin):
    """What was published when, by whom and why."""

    list_display = ["number", "created_at", "author", "reason"]
    list_select_related = ["author"]
    fields = ["number", "created_at", "author", "reason", "contents"]
    readonly_fields = ["contents"]
    search_fields = ["reason"]
    change_form_template = "admin/authshield/version.html"
    steps = (ROLL_BACK,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[RulesetVersion]:
        """A list of versions needs none of their snapshots."""
        return super().get_queryset(request).defer("snapshot")

    def get_urls(self) -> list[URLPattern]:
        """With the comparison."""
        view = self.admin_site.admin_view(self.diff_view)
        return [
            path("<path:object_id>/diff/", view, name="authshield_rulesetversion_diff"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("holds"))
    def contents(self, version: RulesetVersion) -> str:
        """How much is in it."""
        try:
            source = source_of(version)
        except RuleError as error:
            return "; ".join(sentences(error))
        return _("%(rules)d rules, %(limits)d limits, %(lists)d list entries") % {
            "rules": len(source.rules),
            "limits": len(source.limits),
            "lists": len(source.lists),
        }

    def diff_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What differs between this version and the drafts, or another version (``?with=``)."""
        version = self.get_object(request, unquote(object_id))
        if version is None:
            raise Http404
        if not self.has_view_permission(request, version):
            raise PermissionDenied
        other = request.GET.get("with", DRAFTS)
        changes, problems = _compared(version, _other_source(other))
        numbers = RulesetVersion.objects.exclude(pk=version.pk).values_list("number", flat=True)[:100]
        context = {
            **self.admin_site.each_context(request),
            "title": _("What differs"),
            "opts": self.opts,
            "original": version,
            "other": other,
            "numbers": [str(number) for number in numbers],
            "changes": changes,
            "problems": problems,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/authshield/diff.html", context)


def _other_source(other: str) -> RulesetVersion | str:
    if other == DRAFTS:
        return DRAFTS
    if not (other.isascii() and other.isdigit() and len(other) < 10):  # noqa: PLR2004 - no column holds more
        raise Http404
    found = RulesetVersion.objects.filter(number=int(other)).first()
    if found is None:
        raise Http404
    return found


def _compared(version: RulesetVersion, other: RulesetVersion | str) -> tuple[list[Change], tuple[str, ...]]:
    try:
        second: RulesetSource = rulebook.draft_source() if isinstance(other, str) else source_of(other)
        return compare(source_of(version), second), ()
    except RuleError as error:
        return [], sentences(error)
