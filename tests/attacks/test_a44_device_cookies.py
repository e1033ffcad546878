"""A44, A45: a device cookie recognises; it proves nothing."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from authshield import clock
from authshield.models import Device, ListDraft
from authshield.tune import rulebook
from tests.servers import Valkey
from tests.site import Guest, challenge_in, stranger, work_off

pytestmark = pytest.mark.usefixtures("own_site")
COOKIE = "authshield-device"


def _cookie_of(guest: Guest) -> str:
    return str(guest.client.cookies[COOKIE].value)


@pytest.mark.parametrize("forged", ["v1.AAAAAAAAAAAAAAAAAAAAAA." + "0" * 64, "x", "v1..", "é"])
def test_a44_a_forged_cookie_is_an_unknown_device(forged: str) -> None:
    """Elsewhere and with a made-up cookie: asked for a code like anybody."""
    Guest().sign_in("alice")
    thief = stranger()
    thief.client.cookies[COOKIE] = forged
    assert challenge_in(thief.sign_in("alice"))


def test_a44_a_cookie_of_another_customer_is_no_trust(site: object) -> None:
    """Mallory's own trusted browser is a stranger's to alice's account."""
    del site
    Guest().sign_in("alice")
    mallory = stranger()
    assert mallory.sign_in("dave").headers["Location"] == "/"
    assert challenge_in(mallory.sign_in("alice"))


def test_a44_a_stolen_cookie_alone_does_not_pass_an_order_that_needs_proof() -> None:
    """With the owner's very cookie, a withdrawal still asks for the code."""
    owner = Guest()
    owner.sign_in("alice")
    thief = stranger()
    thief.client.cookies[COOKIE] = _cookie_of(owner)
    thief.sign_in("alice")
    answer = thief.api("POST", "/api/withdrawals", {"amount": "10000", "bank_account": "0001-1234567"})
    assert answer.status_code in {202, 401, 422}


def test_a45_the_owners_fingerprint_is_not_sufficient() -> None:
    """Every attribute copied, on another network and without the cookie: asked for a code."""
    copy = {"screen": "1920x1080", "timezone": "Asia/Tokyo", "webgl": "g1", "platform": "Win32"}
    owner = Guest()
    owner.client.get("/login/")
    assert owner.api("POST", "/security/api/fingerprint", copy).status_code == 204
    owner.sign_in("alice")
    thief = stranger()
    thief.client.get("/login/")
    thief.api("POST", "/security/api/fingerprint", copy)
    assert challenge_in(thief.sign_in("alice"))


def test_a44_a_device_that_the_desk_lists_is_stopped_under_the_name_it_has_there(own_site: Valkey) -> None:
    """The desk knows a device by its keyed hash alone; on the list "blocked" that is enough."""
    del own_site
    thief = Guest()
    assert thief.api_sign_in("dave").status_code == 200
    work_off()
    shown = Device.objects.get(account=str(get_user_model().objects.get(username="dave").pk)).device_hash
    ListDraft.objects.create(name="blocked", kind="device", value=shown)
    assert rulebook.sync_lists(None, "stolen phone", clock.now()) is not None
    rulebook.forget()
    assert thief.api_sign_in("dave").json()["code"] == "denied"
    assert Guest().api_sign_in("dave").status_code == 200
