"""Velocity limits at the desk: what is wrong is said at its field, what is saved is told in sentences."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.urls import reverse
from django.utils.translation import override

from authshield.admin.limit_form import WindowField
from authshield.judge.limits import MAX_WINDOW_SECONDS, faults_of
from authshield.models import LimitDraft, ListDraft
from authshield.tune import rulebook
from authshield.vocabulary.actions import Action
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ruleset import Dimension, Limit, Measure
from tests.admin.conftest import Desk, errors_of, limit_form

ADD = reverse("admin:authshield_limitdraft_add")
LIMITS = reverse("admin:authshield_limitdraft_changelist")
LOGIN, ORDER = frozenset({Kind.LOGIN}), frozenset({Kind.ORDER})
DISTINCT = {"measure": "distinct", "distinct_of": "ip"}
AT_THE_DOOR = {"kinds": ["login"], "dimension": "ip"}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"measure": "distinct"}, "distinct_of"),
        ({"measure": "distinct", "distinct_of": "account"}, "distinct_of"),
        ({"measure": "distinct", "distinct_of": "username"}, "distinct_of"),
        ({**DISTINCT, "also": "ip"}, "distinct_of"),
        ({"distinct_of": "ip"}, "distinct_of"),
        ({"measure": "sum", "kinds": ["login"]}, "measure"),
        ({"measure": "share", "kinds": ["withdrawal"]}, "measure"),
        ({"dimension": "ip", "scope": "unknown_device"}, "scope"),
        ({"also": "ip", "scope": "unknown_device"}, "scope"),
        ({"refunds_success": "on"}, "refunds_success"),
        (
            {**AT_THE_DOOR, **DISTINCT, "dimension": "prefix", "capacity": "2000", "refunds_success": "on"},
            "refunds_success",
        ),
        ({"frees_cancelled": "on", "kinds": ["withdrawal"]}, "frees_cancelled"),
        ({"frees_cancelled": "on", **DISTINCT}, "frees_cancelled"),
        ({"dimension": "username"}, "dimension"),
        ({"dimension": "planet"}, "dimension"),
        ({"kinds": ["login"], "dimension": "session"}, "dimension"),
        ({"also": "account"}, "also"),
        ({"also": "global"}, "also"),
        ({"also": "bank_account"}, "also"),
        ({"window_seconds": "0"}, "window_seconds"),
        ({"window_seconds": "31 days"}, "window_seconds"),
        ({"window_seconds": "10 apples"}, "window_seconds"),
        ({"window_seconds": ""}, "window_seconds"),
        ({"window_seconds": "99999999999999999999"}, "window_seconds"),
        ({"capacity": "-1"}, "capacity"),
        ({"capacity": "0"}, "capacity"),
        ({"capacity": "100000000"}, "capacity"),
        ({"burst": "-1"}, "burst"),
        ({"burst": "5", "measure": "sum"}, "burst"),
        ({"grows_by": "5"}, "grows_by"),
        ({**AT_THE_DOOR, "also": "device", "grows_by": "5"}, "grows_by"),
        ({"progressive": "on", "action": "challenge", "required": "otp"}, "progressive"),
        ({"exempt": ["nowhere"]}, "exempt"),
        ({"action": "challenge"}, "required"),
        ({**AT_THE_DOOR, "action": "hold"}, "__all__"),
    ],
)
def test_a_limit_that_makes_no_sense_gets_one_error_at_its_field(
    fields: dict[str, object], field: str, desk: Desk
) -> None:
    """What is counted, by what, and whose have to fit together; nothing is saved, in either language."""
    browser = desk("tuners")
    for language in ("en", "ja"):
        page = browser.post(ADD, limit_form(**fields), HTTP_ACCEPT_LANGUAGE=language)
        assert {name: len(told) for name, told in errors_of(page).items()} == {field: 1}
    assert not LimitDraft.objects.exists()


def test_every_fault_is_told_in_japanese(desk: Desk) -> None:
    """No word of the faults is left in English, but for what was typed."""
    browser = desk("tuners")
    odd = {
        "also": "account",
        "scope": "unknown_device",
        "burst": "3",
        "measure": "share",
        "kinds": ["withdrawal"],
    }
    page = browser.post(ADD, limit_form(**odd), HTTP_ACCEPT_LANGUAGE="ja")
    errors = errors_of(page)
    assert set(errors) == {"also", "scope", "burst", "measure"}
    assert not [told for texts in errors.values() for told in texts if told.isascii()]
    assert "口座" in errors["also"][0]


def test_a_limit_is_saved_with_all_that_it_has(desk: Desk) -> None:
    """What the form sends is what would be published."""
    ListDraft.objects.create(name="office", kind="ip", value="192.0.2.0/24")
    answer = desk("tuners").post(
        ADD,
        limit_form(
            **AT_THE_DOOR,
            exempt=["office"],
            burst="7",
            grows_by="2",
            progressive="on",
            refunds_success="on",
            window_seconds="1 hour",
        ),
    )
    assert answer.status_code == 302
    limit = rulebook.drafted_limit(LimitDraft.objects.get())
    assert limit == Limit(
        "orders-5m",
        LOGIN,
        Dimension.IP,
        3_600,
        5,
        refunds_success=True,
        burst=7,
        grows_by=2,
        progressive=True,
        exempt=("office",),
    )
    assert list(faults_of(limit)) == []


def test_a_pair_and_a_share_are_saved(desk: Desk) -> None:
    """Orders by account and symbol together, as a share of the portfolio, freed by a cancel."""
    fields = {"also": "symbol_side", "measure": "share", "frees_cancelled": "on", "window_seconds": "30 d"}
    assert desk("tuners").post(ADD, limit_form(**fields)).status_code == 302
    limit = rulebook.drafted_limit(LimitDraft.objects.get())
    assert (limit.also, limit.measure, limit.frees_cancelled) == (Dimension.SYMBOL_SIDE, Measure.SHARE, True)
    assert limit.window_seconds == MAX_WINDOW_SECONDS


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("600", 600),
        ("10 min", 600),
        ("10 minutes", 600),
        ("90s", 90),
        ("1 H", 3600),
        ("30 days", 2592000),
        ("10 分", 600),
        ("2時間", 7200),
        ("1 日", 86400),
        ("30秒", 30),
    ],
)
def test_a_window_is_typed_in_any_unit(typed: str, seconds: int) -> None:
    """In words, in both languages, or in seconds."""
    assert WindowField().clean(typed) == seconds


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("seconds", [1, 61, 600, 7_200, 86_400, 2_592_000])
def test_a_window_that_is_shown_can_be_saved_again(seconds: int, language: str) -> None:
    """The form reads back what it shows."""
    field = WindowField()
    with override(language):
        assert field.clean(field.prepare_value(seconds)) == seconds


def test_a_limit_is_listed_and_shown_in_sentences(desk: Desk) -> None:
    """A list of limits reads like a text, and so does the page of each; in Japanese too."""
    browser = desk("tuners")
    browser.post(ADD, limit_form())
    page = reverse("admin:authshield_limitdraft_change", args=["orders-5m"])
    told = "At most 5 orders per account in any 5 minutes. One more is refused until there is room again."
    assert told in browser.get(LIMITS).content.decode()
    assert told in browser.get(page).content.decode()
    japanese = "口座ごとに、どの 5 分をとっても注文 5 件まで。超えた分は、枠が空くまで拒否します。"
    assert japanese in browser.get(page, HTTP_ACCEPT_LANGUAGE="ja").content.decode()


def test_what_looks_odd_is_pointed_out_before_it_is_published(desk: Desk) -> None:
    """A limit that another one makes useless can be published, and the page that validates says so."""
    browser = desk("tuners")
    validate = reverse("admin:authshield_limitdraft_validate")
    browser.post(ADD, limit_form())
    assert "hardly ever reached" not in browser.get(validate).content.decode()
    browser.post(ADD, limit_form(identifier="useless", capacity="9"))
    page = browser.get(validate).content.decode()
    assert "useless: is hardly ever reached: orders-5m refuses first" in page
    assert "All drafts can be published" in page


def test_a_draft_that_is_no_limit_is_listed_all_the_same(desk: Desk) -> None:
    """A row that was broken by hand breaks no page."""
    LimitDraft.objects.create(identifier="odd", dimension="planet", window_seconds=1, capacity=1)
    assert ">odd<" in desk("tuners").get(LIMITS).content.decode()


def test_the_choices_are_grouped_by_the_events_that_have_them(desk: Desk) -> None:
    """An order has no typed name: the name is offered among what sign-ins have."""
    page = desk("tuners").get(ADD).content.decode()
    names = page.partition('<optgroup label="sign-ins and password resets">')[2].partition("</optgroup>")[0]
    assert 'value="username"' in names
    assert 'value="ip"' not in names


@pytest.mark.django_db(transaction=True)
def test_limits_drafted_before_are_kept_when_the_columns_are_added() -> None:
    """A limit of the older form is migrated to the same limit, and back."""
    label = "authshield"

    def migrate(name: str) -> Any:
        executor = MigrationExecutor(connection)
        executor.migrate([(label, name)])
        return executor.loader.project_state([(label, name)]).apps.get_model(label, "LimitDraft")

    newest = MigrationExecutor(connection).loader.graph.leaf_nodes(label)[0][1]
    try:
        old = migrate("0002_sessions_ended_at")
        old.objects.create(
            identifier="kept", kinds=["order"], dimension="account", window_seconds=60, capacity=5
        )
    finally:
        migrate(newest)
    limit = rulebook.drafted_limit(LimitDraft.objects.get(pk="kept"))
    assert replace(limit, action=Action.DENY) == Limit("kept", ORDER, Dimension.ACCOUNT, 60, 5)
