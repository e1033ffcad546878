"""Panic switches: on in one form, always with an end, off in one click, never edited."""

from datetime import timedelta

import pytest
from django.urls import reverse

from authshield.clock import now as clock_now
from authshield.models import RuleDraft, SwitchRow
from tests.admin.conftest import Desk

ADD = reverse("admin:authshield_switchrow_add")


def switch_form(**fields: str) -> dict[str, str]:
    """What the form sends."""
    form = {"kind": "observe_all", "target": "", "action": "challenge", "required": "otp"}
    return {**form, "lasts": "3600", "reason": "customers cannot sign in", **fields}


def test_a_switch_ends_by_itself(desk: Desk) -> None:
    """An hour means an hour, and who set it is kept."""
    assert desk("tuners").post(ADD, switch_form()).status_code == 302
    row = SwitchRow.objects.get()
    assert timedelta(minutes=59) < row.expires_at - clock_now() <= timedelta(hours=1)
    assert (row.created_by, row.action, row.required) == ("tuners", "allow", "none")


def test_one_rule_is_switched_off(desk: Desk, published: None) -> None:
    """Any published rule can be chosen."""
    del published
    rule = RuleDraft.objects.earliest("pk")
    assert desk("tuners").post(ADD, switch_form(kind="rule_off", target=rule.pk)).status_code == 302
    assert SwitchRow.objects.get().target == rule.pk


@pytest.mark.parametrize(("action", "required"), [("challenge", "otp"), ("hold", "none"), ("deny", "none")])
def test_a_kind_of_event_is_tightened(action: str, required: str, desk: Desk) -> None:
    """A strength belongs to a challenge alone."""
    form = switch_form(kind="tighten", target="order", action=action)
    assert desk("tuners").post(ADD, form).status_code == 302
    row = SwitchRow.objects.get()
    assert (row.action, row.required) == (action, required)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"lasts": "99999999"}, "lasts"),
        ({"lasts": "-1"}, "lasts"),
        ({"lasts": ""}, "lasts"),
        ({"reason": ""}, "reason"),
        ({"target": "order"}, "target"),
        ({"kind": "rule_off"}, "target"),
        ({"kind": "rule_off", "target": "order"}, "target"),
        ({"kind": "rule_off", "target": "no-such-rule"}, "target"),
        ({"kind": "tighten"}, "target"),
        ({"kind": "tighten", "target": "fill"}, "target"),
        ({"kind": "tighten", "target": "order", "action": "allow"}, "action"),
        ({"kind": "tighten", "target": "login", "action": "hold"}, "action"),
        ({"kind": "tighten", "target": "order", "required": "none"}, "required"),
        ({"kind": "explode"}, "kind"),
    ],
)
def test_a_switch_that_makes_no_sense_gets_an_error_at_its_field(
    fields: dict[str, str], field: str, desk: Desk
) -> None:
    """No end, no reason, or the wrong target: nothing is switched."""
    page = desk("tuners").post(ADD, switch_form(**fields))
    assert page.status_code == 200
    assert field in page.context["adminform"].form.errors
    assert not SwitchRow.objects.exists()


def test_off_means_now(desk: Desk) -> None:
    """One confirmation, no reason needed; a second time it is off already."""
    tuner = desk("tuners")
    tuner.post(ADD, switch_form())
    row = SwitchRow.objects.get()
    step = reverse("admin:authshield_switchrow_step", args=[row.pk, "off"])
    assert "observe only" in tuner.get(step).content.decode()
    assert row.expires_at > clock_now()
    assert "It is off." in tuner.post(step, follow=True).content.decode()
    assert SwitchRow.objects.get().expires_at <= clock_now()
    assert "not possible any more" in tuner.post(step, follow=True).content.decode()


def test_a_switch_is_a_record(desk: Desk) -> None:
    """It is neither edited nor deleted; who may not switch may not switch off."""
    admin = desk("admin")
    admin.post(ADD, switch_form(kind="tighten", target="order"))
    row = SwitchRow.objects.get()
    page = reverse("admin:authshield_switchrow_change", args=[row.pk])
    assert "one kind of event tightened order: challenge" in admin.get(page).content.decode()
    assert admin.post(page, switch_form(lasts="604800")).status_code == 403
    assert (
        admin.post(reverse("admin:authshield_switchrow_delete", args=[row.pk]), {"post": "y"}).status_code
        == 403
    )
    assert (
        desk("auditors").post(reverse("admin:authshield_switchrow_step", args=[row.pk, "off"])).status_code
        == 403
    )
