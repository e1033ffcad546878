"""After a takeover: what the thief added is found whole, removed at once, and unlearnt; the owner's stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from authshield import clock
from authshield.factors import recovery
from authshield.learn import way_back
from authshield.models import (
    AccountState,
    CaseEntry,
    Device,
    FormerAddress,
    Label,
    Notice,
    RecoveryCodes,
    Session,
    TotpFactor,
)
from demo_site.broker.models import BankAccount, ContactDetails, Order
from tests.attacks.conftest import site
from tests.site import Guest, code_of, work_off

__all__ = ["site"]

pytestmark = pytest.mark.usefixtures("site")


def _owner_then_thief() -> tuple[User, Guest, Guest]:
    """Alice at home; then somebody in a session of hers on another device, who adds what thieves add."""
    owner = Guest()
    owner.sign_in("alice")
    work_off()
    alice = User.objects.get(username="alice")
    before = clock.now() - timedelta(hours=1)
    Session.objects.update(started_at=before)
    TotpFactor.objects.update(created_at=before)
    ContactDetails.objects.update(since_at=before)
    BankAccount.objects.update(since_at=before)
    Device.objects.update(first_seen_at=before, trusted_at=before)
    thief = Guest()
    thief.sign_in("alice")
    work_off()
    assert thief.order("1301", quantity="1", order_type="limit", limit_price="2500").status_code == 201
    now = clock.now()
    recovery.generate(alice, now)
    ContactDetails.objects.create(account_id=alice.pk, email="thief@x.example", phone="1", since_at=now)
    BankAccount.objects.create(account_id=alice.pk, number="0001-001-6666666", since_at=now)
    alice.email = "thief@x.example"
    alice.save(update_fields=["email"])
    return alice, owner, thief


def test_what_a_thief_added_is_found_and_removed() -> None:
    """Session, device, codes, contact, bank account, resting order; nothing that was there before."""
    alice, owner, thief = _owner_then_thief()
    account, since = str(alice.pk), clock.now() - timedelta(minutes=10)
    found = way_back.added(account, since)
    assert (len(found.sessions), len(found.devices), len(found.orders)) == (1, 1, 1)
    assert [factor.kind for factor in found.factors] == ["static"]
    assert {record.kind for record in found.records} == {"contact", "bank_account"}
    case = way_back.take_back(account, since, way_back.by_customer(account, ""), clock.now())
    assert way_back.added(account, since).is_empty
    assert not thief.is_signed_in
    assert not owner.is_signed_in
    assert Order.objects.get(limit_price=2500).state == "cancelled"
    assert not RecoveryCodes.objects.filter(user=alice).exists()
    assert TotpFactor.objects.filter(user=alice, confirmed=True).exists()
    assert BankAccount.objects.filter(account_id=alice.pk).count() == 1
    alice.refresh_from_db()
    assert alice.email == "alice@hinode-customers.example"
    assert Device.objects.filter(account=account, revoked_at=None).count() == 1
    assert Label.objects.get(account=account).verdict == "fraud"
    assert CaseEntry.objects.filter(case=case, kind="taken_back:done").count() == 6
    again = way_back.take_back(account, since, way_back.by_customer(account, ""), clock.now())
    assert again.pk == case.pk


def test_the_owner_proves_who_it_is_and_is_back() -> None:
    """The next sign-in asks for the strongest factor, on the known device too; after that it is as before."""
    alice, owner, _thief = _owner_then_thief()
    account = str(alice.pk)
    way_back.take_back(
        account, clock.now() - timedelta(minutes=10), way_back.by_customer(account, ""), clock.now()
    )
    asked = owner.sign_in("alice")
    assert "/security/challenge/" in asked.headers["Location"]
    answer = {"action": "answer", "factor": "totp", "token": code_of("alice")}
    owner.client.post(asked.headers["Location"], answer)
    assert owner.is_signed_in
    assert AccountState.objects.get(account=account).prove_since is None
    owner.client.post("/logout/")
    assert owner.sign_in("alice").headers["Location"] == "/"


def test_a66_both_addresses_hear_of_a_change_and_the_old_one_goes_on_hearing() -> None:
    """A thief who changes the address does not keep the warnings from the owner."""
    alice, _owner, _thief = _owner_then_thief()
    account = str(alice.pk)
    told = Notice.objects.filter(account=account, template="contact_changed").values_list(
        "address", flat=True
    )
    assert set(told) == {"thief@x.example", "alice@hinode-customers.example"}
    assert FormerAddress.objects.get().address == "alice@hinode-customers.example"
    way_back.take_back(
        account, clock.now() - timedelta(minutes=10), way_back.by_customer(account, ""), clock.now()
    )
    back = Notice.objects.filter(account=account, template="taken_back").values_list("address", flat=True)
    assert "alice@hinode-customers.example" in back


def test_only_what_was_there_before_can_tell_the_owner() -> None:
    """A factor that came since proves nothing."""
    alice, _owner, _thief = _owner_then_thief()
    since = clock.now() - timedelta(minutes=10)
    assert way_back.older_factors(alice, since, ("totp", "static")) == ("totp",)
