"""A32, A28: a relay attacker as a program: the right password, the codes of now, a browser profile of his own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User

from authshield.models import Hold, Notice
from demo_site.broker.models import Instrument, Order, Position
from tests.passkeys import AT_LOCALHOST, enrol_person, sign_in
from tests.site import Guest, challenge_in, code_of, stranger, work_off

pytestmark = pytest.mark.usefixtures("own_site")
THIN = "9994"


class Phisher:
    """Whatever the victim types into his page, he passes on at once; a passkey does not answer on his page."""

    def __init__(self, name: str, guest: Guest | None = None) -> None:
        """His browser is nobody's, and elsewhere, unless he has found an exit in the victim's own network."""
        self.name, self.guest = name, guest or stranger()

    def sign_in(self) -> bool:
        """With the password, and with codes where those are among the ways."""
        answer = self.guest.sign_in(self.name)
        if "challenge" in answer.headers.get("Location", ""):
            self._pass_on(challenge_in(answer), page=True)
        return self.guest.is_signed_in

    def order(self, symbol: str, side: str, quantity: int) -> Any:
        """By program, with the code of now where one is asked for."""
        order = {"symbol": symbol, "side": side, "quantity": str(quantity), "order_type": "market"}
        answer = self.guest.api("POST", "/api/orders", order)
        if "challenge" not in answer.json() or not self._pass_on(answer.json()["challenge"]["id"]):
            return answer
        proof = answer.json()["challenge"]["id"]
        return self.guest.api("POST", "/api/orders", order, HTTP_AUTHSHIELD_CHALLENGE=proof)

    def _pass_on(self, number: str, *, page: bool = False) -> bool:
        for factor in ("totp", "static", "email", "webauthn"):
            answer = {"factor": factor, "token": code_of(self.name)}
            if page:
                self.guest.client.post(f"/security/challenge/{number}/", answer)
                if self.guest.is_signed_in:
                    return True
            elif (
                self.guest.api("POST", f"/security/api/challenges/{number}/verify", answer).status_code == 200
            ):
                return True
        return False


def _orders(name: str) -> list[tuple[str, str]]:
    rows = Order.objects.filter(account__user__username=name)
    return [(row.side, row.state) for row in rows]


def _loot(phisher: Phisher) -> list[Any]:
    """Sell everything, then the thin one, then something small and usual."""
    held = Position.objects.filter(account__user__username=phisher.name)
    sales = [(row.instrument_id, "sell", row.quantity) for row in held]
    thin = Instrument.objects.filter(kind="share").order_by("adv_minor")[0].symbol
    return [phisher.order(*one) for one in (*sales, (thin, "buy", 100), ("7203", "buy", 1))]


@pytest.mark.parametrize("logins", [1, 6])
def test_a32_against_a_passkey_the_relay_gets_not_one_order(logins: int) -> None:
    """Neither at a young account nor at one with a history, nor from her own network; not even one share."""
    authenticator = enrol_person("carol")
    owner = Guest()
    for _ in range(logins):
        assert sign_in(owner, authenticator).status_code == 302
    for phisher in (Phisher("carol"), Phisher("carol", Guest())):
        phisher.sign_in()
        answers = _loot(phisher)
        assert {answer.status_code for answer in answers} <= {401, 403, 429}
    assert phisher.guest.is_signed_in
    assert _orders("carol") == []


def test_a32_a_code_opens_no_session_beside_a_passkey() -> None:
    """Where a proof is asked for at the sign-in, the passkey is the only one that counts."""
    authenticator = enrol_person("carol")
    owner = Guest()
    for _ in range(6):
        sign_in(owner, authenticator)
    phisher = Phisher("carol")
    assert not phisher.sign_in()


def test_a32_the_owner_on_a_new_device_at_home_is_asked_once() -> None:
    """With the passkey at the first order; from then on the device is known."""
    authenticator = enrol_person("carol")
    assert sign_in(Guest(), authenticator).status_code == 302
    new = Guest()
    assert new.sign_in("carol").headers["Location"] == "/"
    order = {"symbol": "7203", "side": "buy", "quantity": "1", "order_type": "market"}
    asked = new.api("POST", "/api/orders", order, **AT_LOCALHOST).json()["challenge"]
    assert asked["factors"] == ["webauthn"]
    token = json.loads(authenticator.get(asked["publicKey"]))
    path = f"/security/api/challenges/{asked['id']}/verify"
    assert new.api("POST", path, {"factor": "webauthn", "token": token}, **AT_LOCALHOST).status_code == 200
    grant = {"HTTP_AUTHSHIELD_CHALLENGE": asked["id"], **AT_LOCALHOST}
    assert new.api("POST", "/api/orders", order, **grant).status_code == 201
    assert new.api("POST", "/api/orders", order, **AT_LOCALHOST).status_code == 201


def test_a28_against_codes_alone_the_sale_and_the_thin_buy_are_held() -> None:
    """Dave has an app and no passkey: the relay gets in, and what he sends waits; dave hears of it at once."""
    owner = Guest()
    for _ in range(2):
        owner.sign_in("dave")
    phisher = Phisher("dave")
    assert phisher.sign_in()
    answers = _loot(phisher)
    placed = [(side, state) for side, state in _orders("dave") if state not in {"held", "cancelled"}]
    assert len([answer for answer in answers if answer.status_code == 202]) >= 2
    assert ("sell", "filled") not in placed
    assert placed in ([], [("buy", "filled")])
    assert Hold.objects.filter(account=str(User.objects.get(username="dave").pk)).count() >= 2
    work_off()
    assert Notice.objects.filter(address="dave@hinode-customers.example").exists()
