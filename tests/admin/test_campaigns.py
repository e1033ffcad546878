"""A campaign at the desk: one line in the list, one page with all members, one click for all of them."""

from datetime import timedelta

import pytest
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from authshield.models import CampaignMember, Case, Label, Session, SwitchRow
from tests.admin.books import Books
from tests.admin.conftest import NOW, Desk

CASES = reverse("admin:authshield_case_changelist")


@pytest.fixture(autouse=True)
def _books(settings: Settings) -> None:
    settings.AUTHSHIELD_ORDER_GATEWAY = "tests.admin.books.Books"
    Books.calls.clear()


@pytest.fixture
def campaign(db: None) -> Case:
    """Three accounts that buy one symbol; one of them has a case of its own."""
    del db
    case = Case.objects.create(
        campaign="symbol:7992",
        campaign_seen_at=NOW,
        title="3 of 3 accounts that buy 7992",
        score=88,
        opened_at=NOW,
    )
    for number in range(3):
        at = NOW + timedelta(minutes=number)
        Session.objects.create(sid=f"sid-{number}", account=f"{70 + number}", started_at=at, last_seen_at=at)
        CampaignMember.objects.create(
            case=case, account=f"{70 + number}", sid=f"sid-{number}", event_id="e", at=at, score=60 + number
        )
    Case.objects.create(account="70", sid="sid-0", title="a part", opened_at=NOW, part_of=case)
    return case


def page_of(case: Case) -> str:
    """The case's page."""
    return reverse("admin:authshield_case_change", args=[case.pk])


def step_of(case: Case, name: str) -> str:
    """The page of one of its steps."""
    return reverse("admin:authshield_case_step", args=[case.pk, name])


def test_the_page_shows_all_members_as_a_table_and_a_picture(campaign: Case, desk: Desk) -> None:
    """Accounts on a time line; the table says the same; a part's page leads back."""
    browser = desk("auditors")
    shown = browser.get(page_of(campaign)).content.decode()
    assert shown.count("<circle") == 3
    for words in ("symbol:7992", "Members of the campaign", "70", "71", "72", "Joined at"):
        assert words in shown
    assert "Open orders" not in shown
    part = browser.get(page_of(Case.objects.get(sid="sid-0"))).content.decode()
    assert page_of(campaign) in part


def test_the_page_costs_the_same_however_many_joined(
    campaign: Case, desk: Desk, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """No table is asked once a member."""
    browser = desk("analysts")
    browser.get(page_of(campaign))
    with django_assert_num_queries(15) as counted:
        browser.get(page_of(campaign))
    for number in range(9, 90):
        CampaignMember.objects.create(
            case=campaign, account="9", sid=f"m{number}", event_id="e", at=NOW, score=9
        )
    with django_assert_num_queries(len(counted.captured_queries)):
        assert browser.get(page_of(campaign)).content.decode().count("<circle") == 60


def test_a_campaign_is_one_line_of_the_list(campaign: Case, desk: Desk) -> None:
    """Its parts show when they are asked for, or searched."""
    browser = desk("analysts")
    assert [case.pk for case in browser.get(CASES).context["cl"].result_list] == [campaign.pk]
    assert len(browser.get(CASES, {"parts": "too"}).context["cl"].result_list) == 2
    assert len(browser.get(CASES, {"parts": "campaigns"}).context["cl"].result_list) == 1
    assert [case.sid for case in browser.get(CASES, {"q": "70"}).context["cl"].result_list] == ["sid-0"]


def test_one_click_contains_all(
    campaign: Case, desk: Desk, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    """It says whom it touches first; each session ends, each has a case of its own that is part of it."""
    browser = desk("analysts")
    asked = browser.get(step_of(campaign, "contain")).content.decode()
    assert "3 sessions end:" in asked
    assert "Account 71, session sid-1." in asked
    with django_capture_on_commit_callbacks():
        browser.post(step_of(campaign, "contain"))
    campaign.refresh_from_db()
    assert campaign.state == Case.State.CONTAINED
    assert Session.objects.filter(ended_reason="contained").count() == 3
    assert set(campaign.parts.values_list("sid", "state")) == {(f"sid-{n}", "contained") for n in range(3)}


def test_a_verdict_and_an_end_are_for_all_parts(
    campaign: Case, desk: Desk, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    """Every member's session is labelled; no part stays open behind a closed campaign."""
    browser = desk("analysts")
    with django_capture_on_commit_callbacks():
        browser.post(step_of(campaign, "legit"), {"reason": "a newspaper wrote of it"})
        browser.post(step_of(campaign, "close"), {"reason": "done"})
    assert set(Case.objects.values_list("state", "verdict")) == {("closed", "legit")}
    assert set(Label.objects.values_list("sid", flat=True)) == {"sid-0", "sid-1", "sid-2"}


def test_what_needs_an_account_is_not_offered(campaign: Case, desk: Desk) -> None:
    """A campaign has none: its parts have."""
    browser = desk("analysts")
    shown = browser.get(page_of(campaign)).content.decode()
    assert step_of(campaign, "freeze") not in shown
    assert step_of(campaign, "end-sessions") not in shown


def test_a_guard_is_shown_and_ended_and_not_set_by_hand(desk: Desk) -> None:
    """It is a switch like the desk's own."""
    row = SwitchRow.objects.create(
        kind="symbol",
        target="7992",
        action="hold",
        required="none",
        expires_at=NOW + timedelta(days=999),
        reason="c",
    )
    browser = desk("tuners")
    assert "7992" in browser.get(reverse("admin:authshield_switchrow_changelist")).content.decode()
    assert 'value="symbol"' not in browser.get(reverse("admin:authshield_switchrow_add")).content.decode()
    browser.post(reverse("admin:authshield_switchrow_step", args=[row.pk, "off"]))
    row.refresh_from_db()
    assert row.ended_at is not None
    assert row.expires_at == row.ended_at
