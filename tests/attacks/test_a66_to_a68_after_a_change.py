"""A66 to A68: contact data changed and the account emptied, first uses, and orders that rest overnight."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from authshield import clock
from authshield.contain import playbook, steps
from authshield.contain.cases import open_or_join
from authshield.enforce import holds
from authshield.errors import Refused
from authshield.judge import compile_ruleset, judge
from authshield.measure import measure
from authshield.measure.store import default_store
from authshield.models import Device, Hold, Notice, Session
from authshield.tune.transfer import default_source
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import DeviceSeen, Kind, ProfileChange
from demo_site.broker.models import Order
from tests.measure.making import event, order, with_order
from tests.site import Guest, challenge_in, code_of, work_off

pytestmark = pytest.mark.usefixtures("site")
OLD, NEW = "alice@hinode-customers.example", "thief@x.example"


def _relayed(guest: Guest, answer: object) -> object:
    """Pass a challenge with the code that its owner was made to read out."""
    fields = {"action": "answer", "factor": "totp", "token": code_of("alice")}
    return guest.client.post(f"/security/challenge/{challenge_in(answer)}/", fields)


def _thief() -> Guest:
    """On a device of their own, behind the customer's own network, with a code that was passed on."""
    owner = Guest()
    owner.sign_in("alice")
    work_off()
    earlier = clock.now() - timedelta(days=30)
    Session.objects.update(started_at=earlier)
    Device.objects.update(first_seen_at=earlier)
    thief = Guest()
    signed_in = thief.sign_in("alice")
    if "/security/challenge/" in signed_in.headers["Location"]:
        _relayed(thief, signed_in)
    changed = thief.client.post("/account/contact/", {"email": NEW, "phone": "090-9999-9999"})
    _relayed(thief, changed)
    assert User.objects.get(username="alice").email == NEW
    return thief


def test_a66_the_old_address_hears_of_the_change_and_of_what_waits() -> None:
    """The thief's address does not keep the owner from knowing."""
    thief = _thief()
    changed = Notice.objects.filter(template="contact_changed").values_list("address", flat=True)
    assert set(changed) == {OLD, NEW}
    assert thief.order("7203", "sell", "700").status_code == 202
    held = Notice.objects.filter(template="operation_held").values_list("address", flat=True)
    assert OLD in held


def test_a66_a_large_order_and_a_withdrawal_wait_after_the_change() -> None:
    """Whatever code comes with them."""
    thief = _thief()
    assert thief.order("1301", quantity="1").status_code in {201, 401}
    assert thief.order("7203", "sell", "700").status_code == 202
    money = thief.api("POST", "/api/withdrawals", {"amount": "100000", "bank_account": "0005-123-1000001"})
    assert money.status_code == 202
    assert set(Hold.objects.values_list("kind", flat=True)) == {"order", "withdrawal"}


def test_a67_first_uses_are_sensitive_acts() -> None:
    """Margin, or a key for programs, from a terminal that the account does not trust: not by the session alone."""
    ruleset, store = compile_ruleset(default_source()), default_store()
    stranger = DeviceSeen("a-new-terminal")
    margin = with_order(replace(order(), device=stranger), account_type="margin")
    decision = judge(margin, measure(margin, ruleset, store, stream=False), ruleset)
    assert decision.action >= Action.CHALLENGE
    assert "order-first-margin" in decision.rules
    key = event(Kind.PROFILE_CHANGE, ProfileChange("api_key"), device=stranger)
    decision = judge(key, measure(key, ruleset, store, stream=False), ruleset)
    assert decision.required >= Strength.PHISHING_RESISTANT
    assert "assurance" in decision.rules


def test_a67_the_customer_hears_of_a_new_terminal() -> None:
    """By mail, with where and what, and no link."""
    _thief()
    notice = Notice.objects.filter(template="new_device").first()
    assert notice is not None
    assert (notice.address, notice.context["label"]) == (OLD, "Chrome, Windows")


def test_a68_orders_that_rest_are_looked_at_before_they_execute() -> None:
    """What a thief left for the morning waits once the session is contained, and nothing of a frozen account goes."""
    owner = Guest()
    owner.sign_in("alice")
    work_off()
    resting = {"order_type": "limit", "limit_price": "2500"}
    assert owner.order("1301", quantity="1", **resting).status_code == 201
    session = Session.objects.get()
    now = clock.now()
    case = open_or_join(session.account, session.sid, title="night", score=90.0, reasons=(), now=now)
    playbook.contain(str(case.pk), now)
    assert Order.objects.get(limit_price=2500).state == "held"
    hold = Hold.objects.get()
    assert hold.required == Strength.OOB
    steps.freeze(session.account, "taken over", by="desk", now=now)
    with pytest.raises(Refused):
        holds.release(hold, by="analyst", reason="?", now=now)
    assert Order.objects.get(limit_price=2500).state == "held"
