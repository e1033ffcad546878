"""The assurance policy at the desk: a profile, rows, publication, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils.timezone import localtime

from authshield.admin.policy import read_draft, values_of
from authshield.judge.profiles import PROFILES
from authshield.models import AssuranceDraft
from authshield.tune import rulebook
from authshield.vocabulary.actions import Strength
from authshield.vocabulary.assurance import Act
from tests.admin.conftest import Desk

PAGE = "admin:authshield_assurancedraft_change"

pytestmark = pytest.mark.usefixtures("published")


def _form(**changes: object) -> dict[str, Any]:
    values = values_of(read_draft(AssuranceDraft.objects.get())) | changes
    until = values.pop("interim_until")
    if until is not None:
        values["interim_until"] = f"{localtime(until):%Y-%m-%d %H:%M:%S}"
    return {name: value for name, value in values.items() if value is not False}


def _send(desk: Desk, **changes: object) -> Any:
    return desk("tuners").post(reverse(PAGE, args=[AssuranceDraft.objects.get().pk]), _form(**changes))


def test_saving_what_is_shown_changes_nothing(desk: Desk) -> None:
    """The shipped profile comes back as it was."""
    assert _send(desk).status_code == 302
    assert rulebook.draft_source().assurance == PROFILES["jsda-2025"]


def test_a_stricter_policy_is_drafted_and_published(desk: Desk) -> None:
    """With the other drafts, under the profile's name; what changes is told before."""
    assert _send(desk, order_required="otp", order_interim="otp").status_code == 302
    assert rulebook.published().assurance == PROFILES["jsda-2025"]  # type: ignore[union-attr]
    page = desk("approvers").get(reverse("admin:authshield_ruledraft_publish"))
    assert "policy order: required" in page.content.decode()
    desk("admin").post(reverse("admin:authshield_ruledraft_publish"), {"reason": "JP-2"})
    assert rulebook.published().assurance.of(Act.ORDER).required == Strength.OTP  # type: ignore[union-attr]


def test_a_weaker_policy_cannot_bear_the_profiles_name(desk: Desk) -> None:
    """It can be the broker's own, and then it says so."""
    answer = _send(desk, withdrawal_required="none", withdrawal_interim="")
    assert (answer.status_code, "weaker than in the profile" in answer.content.decode()) == (200, True)
    own = _send_as(desk, profile="own", withdrawal_required="none", withdrawal_interim="")
    assert own.status_code == 302
    assert rulebook.draft_source().assurance.profile == "own"


def _send_as(desk: Desk, **changes: object) -> Any:
    return desk("admin").post(reverse(PAGE, args=[AssuranceDraft.objects.get().pk]), _form(**changes))


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_another_profile_replaces_the_rows(desk: Desk, profile: str) -> None:
    """One choice, whatever the rows below say."""
    assert _send(desk, profile=profile).status_code == 302
    assert rulebook.draft_source().assurance == PROFILES[profile]


def test_an_interim_without_an_end_is_refused(desk: Desk) -> None:
    """JP-3: it carries a date."""
    answer = desk("tuners").post(
        reverse(PAGE, args=[AssuranceDraft.objects.get().pk]), _form() | {"interim_until": ""}
    )
    assert (answer.status_code, "needs the date on which it ends" in answer.content.decode()) == (200, True)


def test_who_may_not_change_it_only_looks(desk: Desk) -> None:
    """The page opens; nothing is saved."""
    auditor = desk("auditors")
    address = reverse(PAGE, args=[AssuranceDraft.objects.get().pk])
    assert auditor.get(address).status_code == 200
    assert auditor.post(address, _form(order_required="otp")).status_code == 403
