"""The desk's people, and enough of a story to work on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django.fixtures import Settings

from authshield.clock import now as clock_now
from authshield.models import (
    Case,
    CaseEntry,
    Challenge,
    Device,
    Hold,
    JournalEntry,
    LedgerEntry,
    RuleDraft,
    Session,
    SessionScore,
)
from authshield.tune import rulebook
from authshield.vocabulary.event import Kind
from authshield.vocabulary.operation import Operation
from demo_site.broker.people import ROLES

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
ORDER = Operation(
    Kind.ORDER,
    "7",
    {"symbol": "6613", "side": "buy", "quantity": "12000", "order_type": "limit", "limit_price": "250.5"},
).canonical()

Desk = Callable[[str], Client]


@pytest.fixture(autouse=True)
def _nobody_is_guarded(settings: Settings, db: None) -> None:
    """These tests are about the desk's own pages; that it is guarded like every page is tested elsewhere."""
    del db
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.startswith("authshield")]
    settings.AUTHSHIELD_MODE = "observe"
    settings.AUTHSHIELD_ORDER_GATEWAY = "authshield.backends.orders.NoBooks"
    rulebook.forget()


@pytest.fixture
def desk() -> Desk:
    """A browser in which a person of that role is signed in; `admin` is the superuser, `clerk` may do nothing."""

    def sign_in(role: str) -> Client:
        user = User.objects.create_user(role, password="", is_staff=True, is_superuser=role == "admin")
        if role in ROLES:
            ours = Permission.objects.filter(content_type__app_label="authshield")
            views = ours.filter(codename__startswith="view_")
            user.user_permissions.set([*views, *ours.filter(codename__in=ROLES[role])])
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture
def published() -> None:
    """The shipped ruleset, in force and drafted."""
    rulebook.seed_default(NOW)


def make_rule(identifier: str = "r-new", **columns: object) -> RuleDraft:
    """A drafted rule that can be published."""
    values = {"kinds": ["order"], "condition": "order.is_thin", "points": 5, **columns}
    return RuleDraft.objects.create(identifier=identifier, **values)


def rule_form(**fields: object) -> dict[str, object]:
    """What the form of a rule sends."""
    return {
        "identifier": "r-new",
        "state": "on",
        "kinds": ["order"],
        "condition": "order.is_thin && !device.is_trusted",
        "points": "10",
        "action": "allow",
        "required": "none",
        "code": "thin",
        "text": "a thin symbol from a strange device",
        **fields,
    }


def limit_form(**fields: object) -> dict[str, object]:
    """What the form of a limit sends."""
    return {
        "identifier": "orders-5m",
        "state": "on",
        "kinds": ["order"],
        "also": "",
        "dimension": "account",
        "scope": "any",
        "measure": "count",
        "distinct_of": "",
        "capacity": "5",
        "window_seconds": "5 minutes",
        "burst": "0",
        "grows_by": "0",
        "points": "0",
        "action": "deny",
        "required": "none",
        "code": "",
        "text": "",
        **fields,
    }


def errors_of(page: object) -> dict[str, list[str]]:
    """The errors that a form shows, by field."""
    return dict(page.context["adminform"].form.errors)  # type: ignore[attr-defined]


def make_session(sid: str = "sid-1", account: str = "7", **columns: object) -> Session:
    """A signed-in session of an account."""
    values = {
        "started_at": NOW,
        "last_seen_at": NOW,
        "label": "Chrome, Windows",
        "ip": "192.0.2.7",
        **columns,
    }
    return Session.objects.create(sid=sid, account=account, **values)


def make_device(account: str = "7", **columns: object) -> Device:
    """A device of an account."""
    values = {
        "device_hash": "d" * 32,
        "label": "Chrome, Windows",
        "first_seen_at": NOW,
        "last_seen_at": NOW,
        **columns,
    }
    return Device.objects.create(account=account, **values)


def make_hold(**columns: object) -> Hold:
    """A held order of account 7."""
    now = clock_now()
    values = {
        "account": "7",
        "kind": "order",
        "operation": ORDER,
        "digest": "x" * 64,
        "reference": "A-1",
        "risk": 81.4,
        "reasons": [{"code": "thin", "points": 41.0, "text": "thin symbol"}],
        "event_id": "e-1",
        "ruleset_version": 1,
        "created_at": now - timedelta(minutes=5),
        "expires_at": now + timedelta(hours=5),
        **columns,
    }
    return Hold.objects.create(**values)


def make_recorded(model: type[JournalEntry | LedgerEntry], event_id: str, **columns: object) -> None:
    """A row of the journal or the ledger."""
    values = {
        "at": NOW,
        "kind": "login",
        "account": "7",
        "sid": "sid-1",
        "ip": "192.0.2.7",
        "action": "allow",
        "final": "allowed",
        "risk": 12.5,
        "reasons": [{"code": "new", "points": 12.5, "text": "new device"}],
        "facts": {
            "device.is_seen": False,
            "order.portfolio_share": 0.25,
            "lists.ip": ["watched"],
            "zz.odd": 1,
        },
        **columns,
    }
    model._default_manager.create(event_id=event_id, **values)


@pytest.fixture
def case() -> Case:
    """As ``make_case``."""
    return make_case()


def make_case() -> Case:
    """A session that was stopped at its order, and everything that is known of it."""
    row = Case.objects.create(
        account="7",
        sid="sid-1",
        title="New device sells and buys one thin symbol",
        score=81.0,
        reasons=[{"code": "liquidation", "points": 40, "text": "sold 80 % of the portfolio"}],
        opened_at=NOW + timedelta(minutes=3),
    )
    make_session()
    make_session("sid-2")
    make_device()
    make_recorded(JournalEntry, "e-login", at=NOW)
    make_recorded(
        LedgerEntry,
        "e-order",
        at=NOW + timedelta(minutes=2),
        kind="order",
        action="hold",
        final="held",
        operation=ORDER,
    )
    make_hold(sid="sid-1", case=row, created_at=NOW + timedelta(minutes=2))
    Challenge.objects.create(
        account="7",
        binding="sid:sid-1",
        kind="order",
        operation=ORDER,
        digest="x",
        required=2,
        reasons=["new_device"],
        ruleset_version=1,
        event_id="e-order",
        created_at=NOW + timedelta(minutes=1),
        expires_at=NOW + timedelta(minutes=6),
        passed_at=NOW + timedelta(minutes=1, seconds=30),
        factor_used="totp",
    )
    SessionScore.objects.create(
        event_id="e-order",
        model="m1",
        sid="sid-1",
        account="7",
        score=81,
        reasons=[{"code": "liquidation", "points": 81, "text": "sold 80 %"}],
        event_at=NOW,
        scored_at=NOW + timedelta(minutes=3),
    )
    CaseEntry.objects.create(
        case=row,
        at=NOW + timedelta(minutes=4),
        kind="case:noted",
        text="called the customer",
        actor="aoi",
        key="n1",
    )
    return row
