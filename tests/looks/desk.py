"""The desk's pages with something on each, and the list of them. Must not judge."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.urls import reverse

from authshield import clock
from authshield.learn import chances, weeks
from authshield.models import (
    AccountState,
    Approval,
    AssuranceDraft,
    BoundSession,
    Calibration,
    CampaignMember,
    Case,
    Device,
    DeviceKey,
    DriftReport,
    Hold,
    LedgerEntry,
    LimitDraft,
    ListDraft,
    Proposal,
    RuleDraft,
    RulesetVersion,
    Session,
    SwitchRow,
)
from tests.admin.conftest import NOW, make_case, make_rule
from tests.learn.making import recorded

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS = {Case: ("contain",), Session: ("way-back",), Proposal: ("publish",)}
"""Buttons whose pages are looked at; the others have the very same template."""

LISTS = (Case, Hold, LedgerEntry, LimitDraft, RuleDraft, DeviceKey, Calibration)
"""Lists that are looked at; what the others have, these have too."""

ROWS = (
    *(Approval, AssuranceDraft, BoundSession, Calibration, Case, Device, DeviceKey, DriftReport, Hold),
    *(LedgerEntry, LimitDraft, ListDraft, Proposal, RuleDraft, RulesetVersion, Session, SwitchRow),
)


def fill_desk() -> None:
    """One of everything that the desk works on."""
    make_case()
    make_rule()
    now = clock.now()
    campaign = Case.objects.create(
        campaign="symbol:7992", campaign_seen_at=NOW, title="2 accounts buy 7992", score=88, opened_at=NOW
    )
    for number in range(2):
        CampaignMember.objects.create(
            case=campaign, account=f"{70 + number}", sid=f"sid-{number}", event_id="e", at=NOW, score=60
        )
    AccountState.objects.get_or_create(account="7")
    Approval.objects.create(
        kind="drop_factor", account="7", target="totp", reason="lost", asked_by="analyst", asked_at=now
    )
    BoundSession.objects.create(
        id="b" * 32,
        sid="sid-1",
        account="7",
        algorithm="ES256",
        key=b"k",
        registered_at=NOW,
        refreshed_at=NOW,
    )
    DeviceKey.objects.create(account="7", device_hash="d" * 32, thumbprint="T" * 43, registered_at=NOW)
    SwitchRow.objects.create(
        kind="tighten", target="order", action="hold", reason="test", expires_at=now + timedelta(hours=1)
    )
    ListDraft.objects.create(name="watched", kind="ip", value="192.0.2.0/24", reason="seen")
    _fill_learning()


def _fill_learning() -> None:
    for number in range(40):
        recorded(number, at=NOW - timedelta(hours=number), risk=number % 100)
    chances.renew(NOW)
    weeks.report(NOW)
    judged = {"order": {"recall": [[0.01, 0.5]], "area": 0.4}}
    Proposal.objects.create(
        kind="weights",
        created_at=NOW,
        created_by="weekly refit",
        content={"weights": {"order:margin": [0.0, 2.5]}},
        evidence={
            "seen": {"frauds": 45, "others": 900},
            "held_out": {"frauds": 15, "others": 300},
            "in_force": judged,
            "candidate": judged,
        },
    )


def pages() -> Iterator[str]:
    """The addresses of each sort of page that AuthShield adds to the admin."""
    yield reverse("admin:index")
    yield reverse("admin:authshield_ruledraft_publish")
    yield reverse("admin:authshield_ruledraft_validate")
    yield reverse("admin:authshield_ruledraft_add")
    yield reverse("admin:authshield_limitdraft_add")
    yield reverse("admin:authshield_approval_add")
    yield reverse("admin:authshield_proposal_rates")
    yield reverse("admin:authshield_rulesetversion_diff", args=[1])
    for model in LISTS:
        yield reverse(f"admin:authshield_{model._meta.model_name}_changelist")
    for table in ROWS:
        name = table._meta.model_name
        for row in table._default_manager.order_by("pk")[: 2 if table is Case else 1]:
            yield reverse(f"admin:authshield_{name}_change", args=[row.pk])
            for step in STEPS.get(table, ()):
                yield reverse(f"admin:authshield_{name}_step", args=[row.pk, step])
