"""Who gets in where: strangers, staff without a permission, each role, and the superuser."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from authshield.models import (
    AccountState,
    BoundSession,
    Case,
    Device,
    DeviceKey,
    Hold,
    JournalEntry,
    LedgerEntry,
    LimitDraft,
    ListDraft,
    Notice,
    OutboxTask,
    RuleDraft,
    RulesetVersion,
    Session,
    SessionScore,
    SwitchRow,
)
from tests.admin.conftest import NOW, Desk, make_device, make_hold, make_recorded, make_rule, make_session

LISTS = (
    AccountState,
    BoundSession,
    Case,
    Device,
    DeviceKey,
    Hold,
    JournalEntry,
    LedgerEntry,
    LimitDraft,
    ListDraft,
    Notice,
    OutboxTask,
    RuleDraft,
    RulesetVersion,
    Session,
    SessionScore,
    SwitchRow,
)
READ_ONLY = (
    AccountState,
    BoundSession,
    Case,
    Device,
    DeviceKey,
    Hold,
    JournalEntry,
    LedgerEntry,
    Notice,
    OutboxTask,
    RulesetVersion,
    Session,
    SessionScore,
)


def list_of(model: type) -> str:
    """The address of a table's list."""
    return reverse(f"admin:authshield_{model.__name__.lower()}_changelist")


@pytest.mark.parametrize("model", LISTS)
def test_a_stranger_is_sent_to_the_sign_in(model: type) -> None:
    """Nothing of the desk is shown to somebody who is not signed in."""
    answer = Client().get(list_of(model))
    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]


@pytest.mark.parametrize("model", LISTS)
def test_staff_without_permission_is_refused(model: type, desk: Desk) -> None:
    """Being staff opens no list by itself."""
    assert desk("clerk").get(list_of(model)).status_code == 403


@pytest.mark.parametrize("role", ["analysts", "tuners", "approvers", "auditors", "admin"])
def test_every_role_may_read_every_list(role: str, desk: Desk, published: None) -> None:
    """All roles of the desk read; what they may do differs."""
    del published
    browser = desk(role)
    for model in LISTS:
        assert browser.get(list_of(model)).status_code == 200, model


@pytest.mark.parametrize("model", READ_ONLY)
def test_records_cannot_be_added_by_anybody(model: type, desk: Desk) -> None:
    """Not even a superuser writes a record by hand."""
    answer = desk("admin").get(reverse(f"admin:authshield_{model.__name__.lower()}_add"))
    assert answer.status_code == 403


@pytest.mark.parametrize("kind", [JournalEntry, LedgerEntry])
def test_records_can_be_neither_changed_nor_deleted(kind: type[JournalEntry], desk: Desk) -> None:
    """A superuser's forged form changes nothing, and there is no delete."""
    make_recorded(kind, "e-1")
    row = kind._default_manager.get(event_id="e-1")
    name = kind.__name__.lower()
    browser = desk("admin")
    page = reverse(f"admin:authshield_{name}_change", args=[row.pk])
    assert browser.get(page).status_code == 200
    assert browser.post(page, {"account": "8", "_save": "1"}).status_code == 403
    assert (
        browser.post(reverse(f"admin:authshield_{name}_delete", args=[row.pk]), {"post": "yes"}).status_code
        == 403
    )
    bulk = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    browser.post(list_of(kind), bulk)
    assert kind._default_manager.get(event_id="e-1").account == "7"


STEPS = {
    "analysts": {"hold", "session", "device"},
    "approvers": {"hold"},
    "tuners": set(),
    "auditors": set(),
    "admin": {"hold", "session", "device"},
}


@pytest.mark.parametrize("role", sorted(STEPS))
def test_a_step_is_offered_to_whom_may_do_it_alone(role: str, desk: Desk) -> None:
    """Buttons are hidden from others, and their pages refuse them."""
    things = {
        "hold": (make_hold(), "cancel"),
        "session": (make_session(), "end"),
        "device": (make_device(), "revoke"),
    }
    browser = desk(role)
    for name, (thing, step) in things.items():
        address = reverse(f"admin:authshield_{name}_step", args=[thing.pk, step])
        page = browser.get(reverse(f"admin:authshield_{name}_change", args=[thing.pk]))
        may = name in STEPS[role]
        assert (address in page.content.decode()) is may
        assert browser.get(address).status_code == (200 if may else 403)
        if not may:
            assert browser.post(address, {"reason": "x"}).status_code == 403


def test_an_unknown_thing_or_step_is_not_found(desk: Desk) -> None:
    """A wrong address is a 404, whatever is written in it."""
    hold = make_hold()
    browser = desk("admin")
    for pk, step in ((hold.pk, "destroy"), ("nonsense", "cancel"), ("6" * 400, "cancel")):
        assert browser.get(reverse("admin:authshield_hold_step", args=[pk, step])).status_code == 404


def test_the_index_names_every_list(desk: Desk) -> None:
    """The desk's first page leads everywhere."""
    page = desk("admin").get(reverse("admin:index")).content.decode()
    assert all(list_of(model) in page for model in LISTS)
    assert admin.site.is_registered(Case)


@pytest.mark.parametrize(
    "query", ["q=%00", "q='--", "kind__exact=zz", "at__gte=nonsense", "e=9", "p=-4", "action=%00"]
)
def test_nonsense_in_an_address_is_no_server_error(query: str, desk: Desk) -> None:
    """Whatever is typed into the address bar is answered."""
    make_recorded(LedgerEntry, "e-1")
    assert desk("auditors").get(f"{list_of(LedgerEntry)}?{query}").status_code in {200, 302, 400}


def test_a_drafted_rule_is_deleted_by_a_tuner_and_by_nobody_else(desk: Desk) -> None:
    """Who may not write drafts may not delete them either."""
    rule = make_rule(updated_at=NOW)
    address = reverse("admin:authshield_ruledraft_delete", args=[rule.pk])
    assert desk("approvers").post(address, {"post": "yes"}).status_code == 403
    assert desk("tuners").post(address, {"post": "yes"}).status_code == 302
    assert not RuleDraft.objects.exists()
