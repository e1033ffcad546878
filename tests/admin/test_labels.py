"""Labels at the desk: a verdict labels the case's session; sessions and events have buttons; all can be undone."""

from __future__ import annotations

import pytest
from django.urls import reverse

from authshield.models import Case, JournalEntry, Label, LabelledEvent, LedgerEntry, Session
from tests.admin.conftest import Desk

LABELS = reverse("admin:authshield_label_changelist")


def step(thing: object, name: str) -> str:
    """The page of a step."""
    meta = thing._meta  # type: ignore[attr-defined]
    return reverse(f"admin:authshield_{meta.model_name}_step", args=[thing.pk, name])  # type: ignore[attr-defined]


def test_a_verdict_labels_the_cases_session_and_another_one_relabels_it(case: Case, desk: Desk) -> None:
    """What closes a case as fraud counts its events as fraud; a second thought counts them otherwise."""
    browser = desk("admin")
    browser.post(step(case, "fraud"), {"reason": "customer confirmed"})
    assert set(LabelledEvent.objects.values_list("event_id", "verdict")) == {
        ("e-login", "fraud"),
        ("e-order", "fraud"),
    }
    browser.post(step(case, "legit"), {"reason": "her daughter"})
    assert set(LabelledEvent.objects.values_list("verdict", flat=True)) == {"legit"}
    assert Label.objects.filter(taken_back_at=None).get().by == "admin"


@pytest.mark.parametrize("model", [Session, LedgerEntry, JournalEntry])
def test_a_session_and_an_event_are_labelled_on_their_pages(
    model: type[Session | LedgerEntry | JournalEntry], case: Case, desk: Desk
) -> None:
    """Says how many events it counts; a button more takes it back."""
    row = model._default_manager.order_by("pk").first()
    browser = desk("analysts")
    told = browser.get(step(row, "label-fraud")).content.decode()
    number = 2 if model is Session else 1
    assert f"{number} event{'s' if number > 1 else ''} count" in told
    browser.post(step(row, "label-fraud"), {"reason": "seen on the phone"})
    assert LabelledEvent.objects.filter(verdict="fraud").count() == number
    browser.post(step(row, "label-back"), {"reason": "the wrong row"})
    assert not LabelledEvent.objects.exists()
    assert case.state == Case.State.OPEN


def test_a_label_is_taken_back_on_its_own_page_too(case: Case, desk: Desk) -> None:
    """A customer's as well; and the list says how many events each counts."""
    browser = desk("admin")
    browser.post(step(case, "fraud"), {"reason": "customer confirmed"})
    assert ">2</td>" in browser.get(LABELS).content.decode()
    counts = browser.get(reverse("admin:authshield_signcount_changelist")).content.decode()
    assert "who:device" in counts
    label = Label.objects.get()
    browser.post(step(label, "take-back"), {"reason": "mistaken"})
    label.refresh_from_db()
    assert (label.taken_back_by, label.taken_back_reason) == ("admin", "mistaken")
    assert not LabelledEvent.objects.exists()


@pytest.mark.usefixtures("case")
def test_labelling_needs_its_permission(desk: Desk) -> None:
    """Whoever may look at everything may not label."""
    row = Session.objects.order_by("pk").first()
    assert desk("auditors").get(step(row, "label-fraud")).status_code == 403
    assert (
        "Label as fraud"
        not in desk("tuners")
        .get(reverse("admin:authshield_session_change", args=[row.pk if row else ""]))
        .content.decode()
    )


@pytest.mark.usefixtures("case")
def test_what_has_no_signs_has_no_label(desk: Desk) -> None:
    """A page that was looked at is neither fraud nor not."""
    row = JournalEntry.objects.create(
        event_id="e-page", at=Case.objects.get().opened_at, kind="request", account="7", sid="sid-1"
    )
    page = desk("admin").get(reverse("admin:authshield_journalentry_change", args=[row.pk]))
    assert "Label as fraud" not in page.content.decode()
