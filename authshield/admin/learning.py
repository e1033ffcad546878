"""Proposals, calibrations and reports on drift at the desk."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authshield.admin import learning_words, pictures
from authshield.admin.changes import compare
from authshield.admin.desk import DeskAdmin, ReadOnly, words_filter
from authshield.admin.publishing import change_sentence
from authshield.admin.rates import picture_view, rates_view
from authshield.admin.refusals import sentences
from authshield.admin.steps import Deed, Step, StepsAdmin
from authshield.admin.words import NONE
from authshield.errors import RuleError
from authshield.learn import chances, proposals, weeks
from authshield.learn.calibration import SHIPPED, from_plain
from authshield.models import Calibration, DriftReport, Proposal


def _publish_touches(proposal: Proposal) -> list[str]:
    try:
        changes = compare(*proposals.preview(proposal))
    except RuleError as error:
        return list(sentences(error))
    if not changes:
        return [_("Nothing differs from what is in force.")]
    first = [_("Every web node decides by it within a second."), _("Rules and limits stay; drafts wait on.")]
    return [*first, *map(change_sentence, changes)]


def _publish(proposal: Proposal, deed: Deed) -> str:
    version = proposals.publish(proposal, deed.user, deed.reason, deed.now)
    return _("Version %(number)d is published.") % {"number": version.number}


def _dismiss(proposal: Proposal, deed: Deed) -> str:
    proposals.dismiss(proposal, by=deed.actor, reason=deed.reason, now=deed.now)
    return _("Dismissed: everything stays as it is.")


def _is_open(proposal: Proposal) -> bool:
    return proposal.state == Proposal.State.OPEN


PUBLISH = Step(
    name="publish",
    label=gettext_lazy("Publish it"),
    permission="publish_ruleset",
    touches=_publish_touches,
    act=_publish,
    is_possible=_is_open,
)
DISMISS = Step(
    name="dismiss",
    label=gettext_lazy("Dismiss it"),
    permission="publish_ruleset",
    touches=lambda _thing: [_("This proposal, nothing else.")],
    act=_dismiss,
    is_possible=_is_open,
)


@admin.register(Proposal)
class ProposalAdmin(ReadOnly, StepsAdmin):
    """Thresholds and weights that wait for a person."""

    list_display = ["created_at", "kind", "state", "created_by", "decided_by", "version"]
    list_filter = [
        words_filter("kind", gettext_lazy("what"), Proposal.Kind.choices),
        words_filter("state", gettext_lazy("state"), Proposal.State.choices),
    ]
    fields = [
        "kind",
        "state",
        ("created_at", "created_by"),
        ("decided_at", "decided_by"),
        "reason",
        "version",
    ]
    change_form_template = "admin/authshield/proposal.html"
    change_list_template = "admin/authshield/proposals.html"
    steps = (PUBLISH, DISMISS)

    def get_urls(self) -> list[URLPattern]:
        """With the page on rates and the pictures."""
        wrap = self.admin_site.admin_view
        return [
            path("rates/", wrap(partial(rates_view, self)), name="authshield_proposal_rates"),
            path("rates.svg", wrap(partial(picture_view, self)), name="authshield_proposal_standing"),
            path("<int:number>/rates.svg", wrap(self.picture), name="authshield_proposal_picture"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With the button that leads to the rates."""
        warn_of_drift(request)
        may = request.user.has_perm("authshield.add_proposal")
        return super().changelist_view(request, {"may_propose": may, **(extra_context or {})})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """With what it was judged by."""
        proposal = Proposal.objects.filter(pk=object_id).first() if object_id.isdigit() else None
        context = _told(proposal) if proposal is not None else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def picture(self, request: HttpRequest, number: int) -> HttpResponse:
        """The rate against the threshold, when it was worked out."""
        proposal = Proposal.objects.filter(pk=number, kind=Proposal.Kind.THRESHOLDS).first()
        if proposal is None:
            raise Http404
        if not self.has_view_permission(request, proposal):
            raise PermissionDenied
        told = [
            {**one, "name": str(learning_words.STRATUM_SHORT[one["stratum"]])}
            for one in proposal.evidence["strata"]
        ]
        return pictures.served(pictures.rates(told))


def _told(proposal: Proposal) -> dict[str, Any]:
    if proposal.kind == Proposal.Kind.THRESHOLDS:
        return {"strata": [_stratum(one) for one in proposal.evidence.get("strata", [])]}
    return {"groups": _groups(proposal.evidence), "numbers": proposal.evidence}


def _stratum(one: dict[str, Any]) -> dict[str, Any]:
    words = learning_words
    return {
        "name": words.STRATUM_WORDS[one["stratum"]],
        "rate": words.percent(one["rate"]),
        "spread": words.percent(one["spread"]),
        "number": one["number"],
        "threshold": NONE if one["threshold"] is None else f"{one['threshold']:g}",
        "before": NONE if one["before"] is None else f"{one['before']:g}",
        "rate_before": words.percent(one["rate_before"]),
        "why": words.why_words(one["why"], one["rate"], one["least"]),
        "is_sudden": one["is_sudden"],
        "is_under": one["is_under"],
    }


def _groups(evidence: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for group, words in learning_words.GROUP_WORDS.items():
        before, after = evidence["in_force"].get(group), evidence["candidate"].get(group)
        if before and after:
            rows = [
                (
                    learning_words.percent(old[0]),
                    learning_words.percent(old[1], 1),
                    learning_words.percent(new[1], 1),
                )
                for old, new in zip(before["recall"], after["recall"], strict=True)
            ]
            areas = (f"{before['area']:.3f}", f"{after['area']:.3f}")
            found.append(
                {"name": words, "rows": rows, "areas": areas, "is_worse": after["area"] < before["area"]}
            )
    return found


@admin.register(Calibration)
class CalibrationAdmin(ReadOnly, DeskAdmin):
    """What chance of fraud a risk stands for."""

    list_display = ["at", "group_in_words", "method"]
    fields = ["at", "group_in_words", "method"]
    readonly_fields = ["group_in_words", "method"]
    change_form_template = "admin/authshield/calibration.html"

    def get_urls(self) -> list[URLPattern]:
        """With the picture."""
        view = self.admin_site.admin_view(self.picture)
        return [
            path("<int:number>/reliability.svg", view, name="authshield_calibration_picture"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("of"))
    def group_in_words(self, row: Calibration) -> str:
        """Sign-ins, or what is done in a session."""
        return str(learning_words.GROUP_WORDS.get(row.group, row.group))

    @admin.display(description=gettext_lazy("how"))
    def method(self, row: Calibration) -> str:
        """By how many labels."""
        return learning_words.scale_words(_scale(row))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """With the bands."""
        row = Calibration.objects.filter(pk=object_id).first() if object_id.isdigit() else None
        context = {"bands": _bands(row)} if row is not None else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def picture(self, request: HttpRequest, number: int) -> HttpResponse:
        """What was said against what was true."""
        row = Calibration.objects.filter(pk=number).first()
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return pictures.served(pictures.reliability(_scale(row), chances.bands(chances.bins_of(row))))


def _scale(row: Calibration) -> Any:
    return from_plain({name: value for name, value in row.content.items() if name != "bins"})


def _bands(row: Calibration) -> list[dict[str, Any]]:
    scale = _scale(row)
    return [
        {
            "risk": f"{band.risk:.0f}",
            "number": band.frauds + band.others,
            "frauds": band.frauds,
            "share": learning_words.percent(band.frauds / max(1, band.frauds + band.others), 3),
            "said": learning_words.percent(scale.chance(band.risk), 3),
            "shipped": learning_words.percent(SHIPPED.chance(band.risk), 3),
        }
        for band in chances.bands(chances.bins_of(row))
    ]


@admin.register(DriftReport)
class DriftReportAdmin(ReadOnly, DeskAdmin):
    """The latest week beside the four before it."""

    list_display = ["at", "is_alarming"]
    list_filter = ["is_alarming"]
    fields = ["at", "is_alarming"]
    change_form_template = "admin/authshield/drift.html"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """With a row a sign and a rule."""
        row = DriftReport.objects.filter(pk=object_id).first() if object_id.isdigit() else None
        context = {"rows": [_drift(one) for one in row.content.get("rows", [])]} if row is not None else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})


def _drift(one: dict[str, Any]) -> dict[str, Any]:
    words = learning_words
    return {
        "group": words.GROUP_WORDS.get(one["group"], one["group"]),
        "name": words.sign_words(one["name"]),
        "code": one["name"],
        "is_rule": one["what"] == "rule",
        "psi": f"{one['psi']:.3f}",
        "chance": f"{one['chance']:.3f}",
        "level": words.LEVEL_WORDS[one["level"]],
        "is_grave": one["level"] == "drifted",
        "before": [words.percent(share, 1) for share in one["before"]],
        "now": [words.percent(share, 1) for share in one["now"]],
    }


def warn_of_drift(request: HttpRequest) -> None:
    """Say it on top of the page where rules and thresholds are tuned. Cost: 1 query."""
    found = weeks.latest()
    if request.method != "GET" or found is None or not found.is_alarming:
        return
    names = ", ".join(sorted({learning_words.sign_words(row["name"]) for row in weeks.drifted(found)})[:5])
    address = reverse("admin:authshield_driftreport_change", args=[found.pk])
    told = _("The latest week differs from those before it: %(names)s.") % {"names": names}
    messages.warning(
        request,
        format_html('{} <a href="{}">{}</a>', told, address, _("Look at the drift")),
        fail_silently=True,
    )
