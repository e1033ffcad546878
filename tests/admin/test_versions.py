"""Published versions: read, compared, rolled back to; never changed."""

import pytest
from django.urls import reverse

from authshield.models import RuleDraft, RulesetVersion
from authshield.tune import rulebook
from tests.admin.conftest import NOW, Desk, make_rule

VERSIONS = reverse("admin:authshield_rulesetversion_changelist")


def page_of(number: int, name: str = "change", *more: str) -> str:
    """An address of a version."""
    return reverse(f"admin:authshield_rulesetversion_{name}", args=[number, *more])


@pytest.fixture
def two_versions(published: None) -> None:
    """Version 2 has one rule more and one that changed."""
    del published
    make_rule()
    rule = RuleDraft.objects.exclude(pk="r-new").earliest("pk")
    rule.points += 3
    rule.save()
    rulebook.publish(None, "one more", NOW)


@pytest.mark.usefixtures("two_versions")
def test_the_difference_to_another_version_is_a_table(desk: Desk) -> None:
    """Field by field: before and after."""
    page = desk("auditors").get(page_of(1, "diff"), {"with": "2"}).content.decode()
    assert "r-new" in page
    assert "<td>points</td>" in page


@pytest.mark.usefixtures("two_versions")
def test_the_difference_to_the_drafts_is_what_would_be_published(desk: Desk) -> None:
    """Nothing, until somebody drafts."""
    auditor = desk("auditors")
    assert "Nothing differs." in auditor.get(page_of(2, "diff")).content.decode()
    RuleDraft.objects.get(pk="r-new").delete()
    assert "r-new" in auditor.get(page_of(2, "diff")).content.decode()


@pytest.mark.usefixtures("two_versions")
@pytest.mark.parametrize("other", ["99", "x", "-1", "", "１", "1" * 50])
def test_a_version_that_is_none_is_not_found(other: str, desk: Desk) -> None:
    """Nonsense in the address is a 404."""
    assert desk("auditors").get(page_of(1, "diff"), {"with": other}).status_code == 404


@pytest.mark.usefixtures("two_versions")
def test_rolling_back_publishes_the_old_content_anew(desk: Desk) -> None:
    """The page says what changes and asks why; then version 3 holds what version 1 held."""
    approver = desk("approvers")
    step = page_of(1, "step", "roll-back")
    assert step in approver.get(page_of(1)).content.decode()
    asked = approver.get(step).content.decode()
    assert "rule r-new is dropped" in asked
    assert approver.post(step, {"reason": " "}).status_code == 409
    told = approver.post(step, {"reason": "too strict"}, follow=True).content.decode()
    assert "in force again, as version 3" in told
    first, third = rulebook.published(1), rulebook.published(3)
    assert first is not None
    assert third is not None
    assert first.rules == third.rules
    assert RulesetVersion.objects.get(number=3).reason == "too strict"


@pytest.mark.usefixtures("two_versions")
def test_the_version_in_force_is_not_rolled_back_to(desk: Desk) -> None:
    """The button is not there, and its page sends back."""
    approver = desk("approvers")
    step = page_of(2, "step", "roll-back")
    assert step not in approver.get(page_of(2)).content.decode()
    assert approver.post(step, {"reason": "again"}).status_code == 302
    assert RulesetVersion.objects.count() == 2


@pytest.mark.usefixtures("two_versions")
def test_only_who_may_publish_rolls_back(desk: Desk) -> None:
    """Rolling back is publishing."""
    assert desk("tuners").post(page_of(1, "step", "roll-back"), {"reason": "x"}).status_code == 403


@pytest.mark.usefixtures("two_versions")
def test_a_broken_snapshot_breaks_no_page(desk: Desk) -> None:
    """What cannot be read is said on its page; the others open."""
    RulesetVersion.objects.filter(number=1).update(snapshot={"rules": 5})
    approver = desk("approvers")
    for address in (VERSIONS, page_of(1), page_of(1, "diff"), page_of(1, "step", "roll-back")):
        assert approver.get(address).status_code == 200
    assert approver.post(page_of(1, "step", "roll-back"), {"reason": "x"}).status_code == 409
    assert RulesetVersion.objects.count() == 2
