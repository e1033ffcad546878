"""In observe mode everything is decided and recorded, and nobody is stopped."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from authshield.models import Challenge, Hold, JournalEntry, LedgerEntry
from authshield.vocabulary.actions import Action
from authshield.vocabulary.event import Kind
from demo_site.broker.models import Order
from tests.doors.conftest import Tighten
from tests.site import Guest, stranger, work_off


@pytest.fixture(autouse=True)
def _observing(settings: Settings, site: object) -> None:
    del site
    settings.AUTHSHIELD_MODE = "observe"


def test_a_stranger_with_the_password_is_let_in_and_the_verdict_is_kept() -> None:
    """In force it would have been a challenge."""
    assert Guest().sign_in("alice").headers["Location"] == "/"
    thief = stranger()
    assert thief.sign_in("alice").headers["Location"] == "/"
    assert thief.is_signed_in
    work_off()
    last = JournalEntry.objects.filter(kind="login").latest("at")
    assert (last.action, last.final) == ("challenge", "allowed")
    assert not Challenge.objects.exists()


def test_who_has_no_factor_is_let_in_too() -> None:
    """A sign-in that would be hopeless is none as long as nobody is stopped."""
    Guest().sign_in("erin")
    assert stranger().sign_in("erin").headers["Location"] == "/"


def test_an_order_that_would_be_denied_is_placed_and_recorded(tighten: Tighten) -> None:
    """The ledger says what would have happened."""
    tighten(Kind.ORDER, Action.DENY)
    owner = Guest()
    owner.sign_in("alice")
    assert owner.order("1301", quantity="1").status_code == 201
    line = LedgerEntry.objects.get(kind="order")
    assert (line.action, line.final) == ("deny", "allowed")
    assert Order.objects.exists()


def test_an_order_that_would_wait_is_placed(tighten: Tighten) -> None:
    """Nothing is held in observe mode."""
    tighten(Kind.ORDER, Action.HOLD)
    owner = Guest()
    owner.sign_in("alice")
    assert owner.order("1301", quantity="1").status_code == 201
    assert not Hold.objects.exists()


def test_a_page_that_would_be_denied_is_shown(tighten: Tighten) -> None:
    """Pages as well."""
    tighten(Kind.REQUEST, Action.DENY)
    owner = Guest()
    owner.sign_in("alice")
    assert owner.client.get("/orders/").status_code == 200


def test_a_right_password_after_too_many_guesses_is_let_in_and_the_verdict_is_kept() -> None:
    """The limiter counts as it would in force."""
    guest = stranger()
    assert {guest.api_sign_in("dave", "wrong").status_code for _ in range(8)} == {401}
    assert guest.api_sign_in("dave").status_code == 200
    work_off()
    last = JournalEntry.objects.get(kind="login", final="allowed")
    assert last.action == "deny"
    assert "rate_limited" in {reason["code"] for reason in last.reasons}
