"""A82, A83: staff alone, and staff in place of customers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import NoReverseMatch, reverse

from authshield import clock
from authshield.contain import steps
from authshield.measure.profile import mark_session
from authshield.measure.store import default_store
from authshield.models import AccountState, Approval, Device, TotpFactor
from demo_site.broker.models import Order
from tests.site import Guest, challenge_in, code_of, work_off

pytestmark = pytest.mark.usefixtures("site")


def _staff(name: str) -> Guest:
    guest = Guest()
    signed_in = guest.sign_in(name)
    if "/security/challenge/" in signed_in.headers["Location"]:
        _prove(guest, name, signed_in)
    work_off()
    return guest


def _prove(guest: Guest, name: str, answer: object) -> None:
    fields = {"action": "answer", "factor": "totp", "token": code_of(name)}
    guest.client.post(f"/security/challenge/{challenge_in(answer)}/", fields)


def test_a82_a_release_takes_two_people_and_a_fresh_proof_of_the_second() -> None:
    """Who asks cannot approve; who approves proves it is them; the customer is asked at the next sign-in."""
    alice = User.objects.get(username="alice")
    account = str(alice.pk)
    owner = Guest()
    owner.sign_in("alice")
    work_off()
    steps.freeze(account, "taken over", by="scoring", now=clock.now())
    analyst, approver = _staff("analyst"), _staff("approver")
    ask = reverse("admin:authshield_accountstate_step", args=[account, "unfreeze"])
    assert analyst.client.post(ask, {"reason": "called back"}).status_code == 302
    page = reverse("admin:authshield_approval_step", args=[Approval.objects.get().pk, "approve"])
    assert analyst.client.post(page, {"reason": "called back"}).status_code == 403
    signed_in = approver.client.session["authshield"]["sid"]
    mark_session(default_store(), signed_in, proof_at=clock.now() - timedelta(hours=1))
    first = approver.client.post(page, {"reason": "passport seen"})
    assert AccountState.objects.get(account=account).frozen_at is not None
    _prove(approver, "approver", first)
    assert approver.client.post(page, {"reason": "passport seen"}).status_code == 302
    assert AccountState.objects.get(account=account).frozen_at is None
    asked = owner.sign_in("alice")
    assert "/security/challenge/" in asked.headers["Location"]


def test_a82_nobody_at_the_desk_deletes_or_edits_an_authenticator() -> None:
    """There is no such page; the way there is takes two."""
    admin = _staff("admin")
    factor = TotpFactor.objects.get(user__username="alice")
    address = reverse("admin:authshield_totpfactor_delete", args=[factor.pk])
    assert admin.client.post(address, {"post": "yes"}).status_code == 403
    assert TotpFactor.objects.filter(pk=factor.pk).exists()


def test_a83_the_desks_own_sign_in_is_guarded_as_strictly_as_any() -> None:
    """An unknown device with the right password is asked for a strong factor at the admin's own form too."""
    _staff("analyst")
    Device.objects.update(trusted_at=None, first_seen_at=clock.now() - timedelta(days=1))
    elsewhere = Guest("127.0.0.77")
    fields = {"username": "analyst", "password": "analyst-analyst", "next": "/admin/"}
    answer = elsewhere.client.post("/admin/login/", fields)
    assert challenge_in(answer)
    assert elsewhere.client.get("/admin/").status_code == 302


def test_a83_staff_have_no_account_and_no_way_into_anothers() -> None:
    """Nothing signs staff in as a customer, and what staff sign in to cannot order."""
    admin = _staff("admin")
    assert admin.order("1301", quantity="1").status_code in {401, 403, 404, 422}
    assert not Order.objects.exists()
    for name in ("hijack", "impersonate", "loginas", "login_as"):
        with pytest.raises(NoReverseMatch):
            reverse(name)
