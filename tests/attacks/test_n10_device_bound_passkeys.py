"""N-10: under a policy of AAL3 a synced passkey proves nothing, and one that stays on its device does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User

from authshield import clock
from authshield.judge.profiles import NIST_AAL3
from authshield.tune import rulebook
from demo_site.broker.models import Order
from tests.authenticator import Authenticator
from tests.passkeys import AT_LOCALHOST, enrol, sign_in
from tests.servers import Valkey
from tests.site import Guest, code_of

ORDER = {"symbol": "7203", "side": "buy", "quantity": "1", "order_type": "limit", "limit_price": "101"}


@pytest.fixture
def dave(own_site: Valkey) -> User:
    """He has an app; the desk publishes NIST's third level."""
    del own_site
    source = rulebook.published()
    assert source is not None
    rulebook.publish_source(replace(source, assurance=NIST_AAL3), None, "AAL3", clock.now())
    rulebook.forget()
    return User.objects.get(username="dave")


def _enter(guest: Guest, authenticator: Authenticator) -> Any:
    guest.client.get("/login/", **AT_LOCALHOST)
    return sign_in(guest, authenticator)


def _order(guest: Guest, **extra: str) -> Any:
    return guest.api("POST", "/api/orders", ORDER, **AT_LOCALHOST, **extra)


def _verify(guest: Guest, challenge: dict[str, Any], authenticator: Authenticator) -> Any:
    token = authenticator.get(challenge["publicKey"])
    path = f"/security/api/challenges/{challenge['id']}/verify"
    return guest.api("POST", path, {"factor": "webauthn", "token": token}, **AT_LOCALHOST)


def test_n10_one_that_stays_on_its_device_signs_in_and_orders(dave: User) -> None:
    """Nothing on top of it: a touch to sign in, a touch for each order, and the other one is not even offered."""
    bound = enrol(dave, Authenticator(), name="Key")
    enrol(dave, Authenticator(is_synced=True), name="Cloud")
    guest = Guest()
    assert _enter(guest, bound).headers["Location"] == "/"
    for _ in range(2):
        asked = _order(guest).json()["challenge"]
        assert (asked["factors"], asked["required"]) == (["webauthn"], "phishing_resistant")
        assert len(asked["publicKey"]["allowCredentials"]) == 1
        assert _verify(guest, asked, bound).status_code == 200
        assert _order(guest, HTTP_AUTHSHIELD_CHALLENGE=asked["id"]).status_code == 201
    assert Order.objects.filter(account_id=dave.pk).count() == 2


def test_n10_a_synced_one_does_not_sign_in_nor_order(dave: User) -> None:
    """Not even where its signature is right: the sign-in asks on, the challenge refuses it and says why."""
    bound = enrol(dave, Authenticator(), name="Key")
    synced = enrol(dave, Authenticator(is_synced=True), name="Cloud")
    guest = Guest()
    answer = _enter(guest, synced)
    assert "/security/challenge/" in answer.headers["Location"]
    assert not guest.is_signed_in
    page = guest.client.get(answer.headers["Location"], **AT_LOCALHOST, HTTP_ACCEPT_LANGUAGE="en")
    assert "a passkey that stays on one device" in page.text
    in_japanese = guest.client.get(answer.headers["Location"], **AT_LOCALHOST, HTTP_ACCEPT_LANGUAGE="ja")
    assert "1台の機器" in in_japanese.text
    assert _enter(guest, bound).headers["Location"] == "/"
    asked = _order(guest).json()["challenge"]
    assert _verify(guest, asked, synced).status_code == 401
    assert _order(guest, HTTP_AUTHSHIELD_CHALLENGE=asked["id"]).status_code == 401
    assert not Order.objects.filter(account_id=dave.pk).exclude(state="held").exists()


def test_n10_who_has_only_a_synced_one_looks_on_and_orders_wait(dave: User) -> None:
    """The sign-in takes the best that there is, the code; an order without such a passkey is held."""
    synced = enrol(dave, Authenticator(is_synced=True), name="Cloud")
    guest = Guest()
    answer = _enter(guest, synced)
    guest.client.post(
        answer.headers["Location"], {"factor": "totp", "token": code_of("dave")}, **AT_LOCALHOST
    )
    assert guest.is_signed_in
    assert _order(guest).json()["state"] == "held"


def test_n10_under_the_other_profiles_a_synced_one_is_a_passkey_like_any_other(own_site: Valkey) -> None:
    """Phishing-resistant all the same: NIST's second level takes it."""
    del own_site
    dave = User.objects.get(username="dave")
    synced = enrol(dave, Authenticator(is_synced=True), name="Cloud")
    guest = Guest()
    assert _enter(guest, synced).headers["Location"] == "/"
