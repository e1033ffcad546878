"""Named lists: one spelling a value, an end if wanted, in force as soon as they are saved."""

import pytest
from django.urls import reverse

from authshield.models import ListDraft, RulesetVersion
from authshield.tune import rulebook
from tests.admin.conftest import Desk

ADD = reverse("admin:authshield_listdraft_add")


def entry(**fields: str) -> dict[str, str]:
    """What the form sends."""
    form = {"name": "blocked", "kind": "ip", "value": "192.0.2.0/24", "reason": "campaign"}
    return {**form, "expires_at_0": "", "expires_at_1": "", **fields}


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("ip", " 192.0.2.0/24 ", "192.0.2.0/24"),
        ("ip", "2001:DB8::/48", "2001:db8::/48"),
        ("asn", "AS64500", "64500"),
        ("country", "jp", "JP"),
        ("symbol", "brk.b", "BRK.B"),
        ("account", "4711", "4711"),
    ],
)
def test_a_value_is_kept_in_the_spelling_in_which_it_is_compared(
    kind: str, typed: str, kept: str, desk: Desk
) -> None:
    """However it is typed, it will be found."""
    assert desk("tuners").post(ADD, entry(kind=kind, value=typed)).status_code == 302
    row = ListDraft.objects.get()
    assert (row.value, row.added_by) == (kept, "tuners")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"value": "192.0.2.1/24"}, "value"),
        ({"value": "0.0.0.0/0"}, "value"),
        ({"value": "::/0"}, "value"),
        ({"value": "300.1.1.1"}, "value"),
        ({"value": ""}, "value"),
        ({"kind": "asn", "value": "AS99999999999"}, "value"),
        ({"kind": "country", "value": "Japan"}, "value"),
        ({"kind": "symbol", "value": "７２０３"}, "value"),
        ({"kind": "planet", "value": "mars"}, "kind"),
        ({"name": "My list"}, "name"),
        ({"expires_at_0": "2020-01-01", "expires_at_1": "00:00"}, "expires_at"),
        ({"expires_at_0": "soon", "expires_at_1": "00:00"}, "expires_at"),
    ],
)
def test_a_value_that_is_none_gets_one_error_at_its_field(
    fields: dict[str, str], field: str, desk: Desk
) -> None:
    """Nothing is saved and nothing published."""
    page = desk("tuners").post(ADD, entry(**fields))
    assert list(page.context["adminform"].form.errors) == [field]
    assert not ListDraft.objects.exists()
    assert not RulesetVersion.objects.exists()


def test_saving_and_deleting_count_at_once(desk: Desk, published: None) -> None:
    """Each change is a version of its own, and the page says so."""
    del published
    tuner = desk("tuners")
    told = tuner.post(ADD, entry(), follow=True).content.decode()
    assert "In force as version 2." in told
    source = rulebook.published()
    assert source is not None
    assert [(one.name, one.value) for one in source.lists] == [("blocked", "192.0.2.0/24")]
    address = reverse("admin:authshield_listdraft_delete", args=[ListDraft.objects.get().pk])
    tuner.post(address, {"post": "yes"})
    source = rulebook.published()
    assert source is not None
    assert source.lists == ()
    assert source.version == 3


def test_many_are_deleted_in_one_version(desk: Desk, published: None) -> None:
    """The list's own action publishes once."""
    del published
    tuner = desk("tuners")
    for value in ("192.0.2.1", "192.0.2.2"):
        tuner.post(ADD, entry(value=value))
    chosen = list(ListDraft.objects.values_list("pk", flat=True))
    data = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    tuner.post(reverse("admin:authshield_listdraft_changelist"), data)
    source = rulebook.published()
    assert source is not None
    assert (source.lists, source.version) == ((), 4)


def test_a_value_is_in_a_list_once(desk: Desk) -> None:
    """Another spelling of the same value is the same value."""
    tuner = desk("tuners")
    tuner.post(ADD, entry(kind="asn", value="64500"))
    assert tuner.post(ADD, entry(kind="asn", value="AS64500")).status_code == 200
    assert ListDraft.objects.count() == 1


def test_what_cannot_be_published_is_said(desk: Desk, published: None) -> None:
    """Where the ruleset in force is broken, the entry is kept and the desk is told that it does not count."""
    del published
    RulesetVersion.objects.update(snapshot={"rules": 5})
    told = desk("tuners").post(ADD, entry(), follow=True).content.decode()
    assert "Saved, but not in force" in told
