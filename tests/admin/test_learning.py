"""What was learnt, at the desk: chances beside risks, rates that are named and got, drift, candidates to promote."""

from __future__ import annotations

from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from django.urls import reverse

from authshield import clock
from authshield.learn import chances, weeks
from authshield.learn.calibration import SHIPPED
from authshield.models import Calibration, Case, DriftReport, JournalEntry, LedgerEntry, Proposal
from authshield.tune import rulebook
from tests.admin.conftest import NOW, Desk
from tests.learn.making import recorded

RATES = reverse("admin:authshield_proposal_rates")
PROPOSALS = reverse("admin:authshield_proposal_changelist")
INLINE = ("<style", " style=", "<script>")


def page(row: object) -> str:
    """The page of a row."""
    name = row._meta.model_name  # type: ignore[attr-defined]
    return reverse(f"admin:authshield_{name}_change", args=[row.pk])  # type: ignore[attr-defined]


def sign_ins(number: int) -> None:
    """Ordinary sign-ins from strange devices, of the last hours."""
    now = clock.now()
    for place in range(number):
        recorded(
            place,
            kind="login",
            sid=f"s-{place}",
            at=now - timedelta(minutes=place),
            risk=100 * (place + 0.5) / number,
            facts={"event.kind": "login"},
        )


@pytest.mark.usefixtures("published")
def test_the_desk_names_a_rate_and_a_second_person_publishes_what_comes_of_it(desk: Desk) -> None:
    """The tuner proposes, the approver publishes; before that nothing counts."""
    sign_ins(200)
    tuner = desk("tuners")
    shown = tuner.get(RATES).content.decode()
    assert "sign-ins from other devices" in shown
    assert not [found for found in INLINE if found in shown]
    answer = tuner.post(RATES, {"login_unknown": "5"})
    proposal = Proposal.objects.get()
    assert answer.headers["Location"] == page(proposal)
    told = tuner.get(page(proposal)).content.decode()
    [threshold] = [one["risk"] for one in proposal.content["thresholds"]]
    assert 94 < threshold < 97
    assert f"{threshold:g}" in told
    publish = reverse("admin:authshield_proposal_step", args=[proposal.pk, "publish"])
    assert tuner.get(publish).status_code == 403
    approver = desk("approvers")
    assert f"{threshold:g}" in approver.get(publish).content.decode()
    approver.post(publish, {"reason": "agreed on Monday"})
    source = rulebook.published()
    assert source is not None
    assert [one.risk for one in source.thresholds if one.scope == "unknown_device"] == [threshold]


@pytest.mark.usefixtures("published")
def test_what_cannot_be_promised_is_said(desk: Desk) -> None:
    """Too few decisions, no rate at all, a rate that is none."""
    sign_ins(20)
    tuner = desk("tuners")
    tuner.post(RATES, {"login_unknown": "1"})
    assert "at least 99 ordinary decisions" in tuner.get(page(Proposal.objects.get())).content.decode()
    assert tuner.post(RATES, {}).status_code == 422
    assert tuner.post(RATES, {"login_unknown": "80"}).status_code == 422
    assert desk("auditors").get(RATES).status_code == 403


@pytest.mark.usefixtures("published")
def test_a_candidate_is_shown_beside_the_weights_in_force_and_can_be_dismissed(desk: Desk) -> None:
    """Recall at the same rate; a worse one is called so."""
    judged = {"order": {"recall": [[0.01, 0.5]], "area": 0.4}}
    better = {"order": {"recall": [[0.01, 0.75]], "area": 0.3}}
    proposal = Proposal.objects.create(
        kind="weights",
        created_at=NOW,
        created_by="weekly refit",
        content={"weights": {"order:margin": [0.0, 2.5]}},
        evidence={
            "seen": {"frauds": 45, "others": 900},
            "held_out": {"frauds": 15, "others": 300},
            "in_force": judged,
            "candidate": better,
        },
    )
    browser = desk("admin")
    told = browser.get(page(proposal)).content.decode()
    assert "75 %" in told
    assert "Worse than the weights in force" in told
    publish = reverse("admin:authshield_proposal_step", args=[proposal.pk, "publish"])
    assert "order:margin" in browser.get(publish).content.decode()
    dismiss = reverse("admin:authshield_proposal_step", args=[proposal.pk, "dismiss"])
    browser.post(dismiss, {"reason": "worse"})
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_by) == ("dismissed", "admin")


def test_a_risk_is_told_as_a_chance_on_decisions_and_cases(case: Case, desk: Desk) -> None:
    """As shipped while labels are few."""
    browser = desk("admin")
    for row in (LedgerEntry.objects.get(), JournalEntry.objects.get(event_id="e-login")):
        told = browser.get(page(row)).content.decode()
        number = round(1 / SHIPPED.chance(12.5))
        assert f"one in {number:,} (risk 12; as shipped: too few labels)" in told
    assert (
        f"one in {max(1, round(1 / SHIPPED.chance(81)))} (risk 81" in browser.get(page(case)).content.decode()
    )


@pytest.mark.usefixtures("case")
def test_calibration_and_drift_have_their_pages(desk: Desk) -> None:
    """With their tables; with a word where there is too little."""
    for number in range(300):
        age = timedelta(days=35 * (number + 0.5) / 300)
        facts = {"event.kind": "order", "order.count_10m": 9 if age < weeks.WEEK else 1}
        recorded(number, at=NOW - age, risk=number % 100, facts=facts)
    for number in range(300, 600):
        recorded(number, at=NOW - timedelta(days=2), facts={"event.kind": "order", "order.count_10m": 9})
    chances.renew(NOW)
    weeks.report(NOW)
    browser = desk("auditors")
    told = browser.get(page(Calibration.objects.get(group="order"))).content.decode()
    assert "as shipped: too few labels" in told
    drift = browser.get(page(DriftReport.objects.get())).content.decode()
    assert "orders in ten minutes" in drift
    assert not [found for found in INLINE if found in told + drift]
    banner = desk("admin").get(reverse("admin:authshield_ruledraft_changelist")).content.decode()
    assert "The latest week differs" in banner
    chances.renew(NOW - timedelta(days=300))
    empty = Calibration.objects.filter(at__lt=NOW, group="login").get()
    assert "labels need two weeks" in browser.get(page(empty)).content.decode()


@pytest.mark.usefixtures("published")
def test_pictures_are_files_that_may_use_their_own_style_and_nothing_else(desk: Desk) -> None:
    """Well-formed, titled, and behind the same permission as their pages."""
    sign_ins(120)
    tuner = desk("tuners")
    tuner.post(RATES, {"login_unknown": "5"})
    chances.renew(clock.now())
    number = Proposal.objects.get().pk
    addresses = [
        reverse("admin:authshield_proposal_standing"),
        reverse("admin:authshield_proposal_picture", args=[number]),
        reverse("admin:authshield_calibration_picture", args=[Calibration.objects.latest("pk").pk]),
    ]
    for address in addresses:
        answer = tuner.get(address)
        assert answer.headers["Content-Type"] == "image/svg+xml"
        root = ET.fromstring(answer.content)  # noqa: S314 - our own
        assert root.find("{http://www.w3.org/2000/svg}title") is not None
        assert desk("clerk" + address[-18:].replace("/", "")).get(address).status_code == 403
    assert tuner.get(reverse("admin:authshield_proposal_picture", args=[number + 1])).status_code == 404


@pytest.mark.usefixtures("published")
def test_the_pages_speak_japanese(desk: Desk) -> None:
    """The rates, the list, and a proposal."""
    sign_ins(120)
    browser = desk("admin")
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = "ja"
    browser.post(RATES, {"login_unknown": "5"})
    for address, word in ((RATES, "しきい値を計算する"), (PROPOSALS, "公開するまで効力はありません")):
        assert word in browser.get(address).content.decode()
    assert "その他の端末からのログイン" in browser.get(page(Proposal.objects.get())).content.decode()
