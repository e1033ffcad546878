"""The customer's security centre: own rows alone, every act guarded as it deserves."""

from __future__ import annotations

import re

import pytest

from authshield import clock
from authshield.factors.totp import code_at
from authshield.models import AccountState, Device, Notice, RecoveryCodes, Session, TotpFactor
from demo_site.broker.models import Order
from tests.attacks.conftest import site
from tests.site import Guest, challenge_in, code_of, stranger, work_off

__all__ = ["site"]

pytestmark = pytest.mark.usefixtures("site")


def _signed_in(name: str) -> Guest:
    guest = Guest()
    assert guest.sign_in(name).headers["Location"] == "/"
    work_off()
    return guest


def test_it_shows_sessions_devices_and_activity() -> None:
    """This browser is marked, in both lists."""
    page = _signed_in("alice").client.get("/security/")
    text = page.content.decode()
    assert page.status_code == 200
    assert text.count("this one") == 2
    assert "Sign-in" in text
    assert "Set up an authenticator app" not in text


def test_who_has_no_strong_factor_is_asked_to_enrol() -> None:
    """After a good sign-in, on the page where it belongs."""
    assert "Set up an authenticator app" in _signed_in("erin").client.get("/security/").content.decode()


def _prove(guest: Guest, path: str) -> None:
    """Try an act of the centre that wants a fresh proof, and give it."""
    challenge = challenge_in(guest.client.post(path))
    answer = {"action": "answer", "factor": "totp", "token": code_of("alice")}
    passed = guest.client.post(f"/security/challenge/{challenge}/", answer)
    assert passed.headers["Location"] == "/security/"


def test_a_session_can_be_ended_from_another() -> None:
    """After a fresh proof; the other browser is out at its next request."""
    here, there = _signed_in("alice"), _signed_in("alice")
    sid = Session.objects.latest("started_at").pk
    _prove(here, f"/security/sessions/{sid}/end/")
    assert there.client.get("/").status_code == 200
    assert here.client.post(f"/security/sessions/{sid}/end/").headers["Location"] == "/security/"
    assert not there.is_signed_in
    assert here.is_signed_in


def test_ending_this_session_signs_out() -> None:
    """The person's own session is a session like the others."""
    here = _signed_in("alice")
    sid = Session.objects.get().pk
    assert here.client.post(f"/security/sessions/{sid}/end/").status_code == 302
    assert not here.is_signed_in


def test_all_other_sessions_can_be_ended_at_once() -> None:
    """This one stays."""
    there, here = _signed_in("alice"), _signed_in("alice")
    _prove(here, "/security/sessions/end-others/")
    here.client.post("/security/sessions/end-others/")
    assert here.is_signed_in
    assert not there.is_signed_in


def test_a_proof_in_the_centre_is_good_for_a_quarter_of_an_hour() -> None:
    """One proof for several acts, and none for an order."""
    here = _signed_in("alice")
    others = [_signed_in("alice") for _ in range(2)]
    _prove(here, "/security/sessions/end-others/")
    sids = Session.objects.order_by("started_at").values_list("pk", flat=True)[1:]
    assert [here.client.post(f"/security/sessions/{sid}/end/").headers["Location"] for sid in sids] == [
        "/security/"
    ] * 2
    assert not any(other.is_signed_in for other in others)
    assert (
        here.api(
            "POST", "/api/withdrawals", {"amount": "100", "bank_account": "0005-123-1000001"}
        ).status_code
        == 401
    )


def test_who_has_nothing_to_prove_it_with_ends_sessions_all_the_same() -> None:
    """Nobody is kept from locking a thief out for want of a factor."""
    here, there = _signed_in("erin"), _signed_in("erin")
    here.client.post("/security/sessions/end-others/")
    assert here.is_signed_in
    assert not there.is_signed_in


def test_new_recovery_codes_end_what_was_signed_in_before() -> None:
    """As every change of factors does; the session that makes them goes on, and the customer is told of what."""
    here, there = _signed_in("alice"), _signed_in("alice")
    challenge = challenge_in(here.client.post("/security/recovery/"))
    answer = {"action": "answer", "factor": "totp", "token": code_of("alice")}
    assert here.client.post(f"/security/challenge/{challenge}/", answer).status_code == 200
    assert here.is_signed_in
    assert not there.is_signed_in
    notice = Notice.objects.get(template="contact_changed")
    assert notice.context["field"] == "mfa"
    assert notice.context["at"]


def test_jp3_customers_are_told_when_the_interim_ends() -> None:
    """The date from which a passkey is asked for at every sign-in, as long as it is ahead."""
    here = _signed_in("alice")
    assert "From April 1, 2028 on we ask for a passkey" in here.client.get("/security/").content.decode()


def test_a_removed_device_is_a_strangers() -> None:
    """Its session ends, and it is asked for a code at the next sign-in away from home."""
    here, there = _signed_in("alice"), _signed_in("alice")
    device = Device.objects.latest("pk")
    _prove(here, f"/security/devices/{device.pk}/remove/")
    here.client.post(f"/security/devices/{device.pk}/remove/")
    assert not there.is_signed_in
    there.client.defaults["REMOTE_ADDR"] = "127.0.0.77"
    assert challenge_in(there.sign_in("alice"))


@pytest.mark.parametrize("path", ["sessions/{sid}/end/", "devices/{device}/remove/"])
def test_a80_other_peoples_rows_do_not_exist(path: str) -> None:
    """404, and nothing happens to them."""
    victim = _signed_in("alice")
    sid, device = Session.objects.get().pk, Device.objects.get().pk
    mallory = _signed_in("dave")
    answer = mallory.client.post("/security/" + path.format(sid=sid, device=device))
    assert answer.status_code == 404
    assert victim.is_signed_in


def test_freezing_stops_everything() -> None:
    """Open orders are cancelled, everybody is out, and the right password opens nothing."""
    owner = _signed_in("alice")
    resting = {"order_type": "limit", "limit_price": "2500"}
    assert owner.order("1301", quantity="1", **resting).status_code == 201
    assert owner.client.get("/security/freeze/").status_code == 200
    assert owner.client.post("/security/freeze/").status_code == 200
    assert AccountState.objects.get().frozen_at
    assert Order.objects.get(limit_price=2500).state == "cancelled"
    assert not owner.is_signed_in
    assert owner.sign_in("alice").status_code == 200
    assert not owner.is_signed_in
    assert owner.api_sign_in("alice").json()["code"] == "account_frozen"


def test_the_first_app_is_enrolled_on_a_trusted_device() -> None:
    """Erin sets up her app; the first code confirms it, and the secret is not shown again."""
    erin = _signed_in("erin")
    assert erin.client.post("/security/totp/begin/").headers["Location"] == "/security/totp/"
    page = erin.client.get("/security/totp/")
    assert "<svg" in page.content.decode()
    assert erin.client.post("/security/totp/", {"token": "000000"}).status_code == 422
    factor = TotpFactor.objects.get(user__username="erin")
    confirmed = erin.client.post("/security/totp/", {"token": code_at(factor, clock.now())})
    assert confirmed.headers["Location"] == "/security/"
    assert TotpFactor.objects.get(user__username="erin").confirmed
    assert "<svg" not in erin.client.get("/security/totp/").content.decode()


def test_a_stranger_in_the_session_cannot_enrol_the_first_app() -> None:
    """A device that the account does not trust: it waits for the desk."""
    _signed_in("erin")
    thief = stranger("127.0.0.1")
    thief.sign_in("erin")
    answer = thief.client.post("/security/totp/begin/")
    assert answer.headers["Location"] == "/security/"
    assert not TotpFactor.objects.filter(user__username="erin").exists()


def test_another_app_needs_the_one_before() -> None:
    """Whoever has a strong factor proves it first; then the page goes on by itself."""
    alice = _signed_in("alice")
    challenge = challenge_in(alice.client.post("/security/totp/begin/"))
    proof = {"factor": "totp", "token": code_of("alice")}
    answer = alice.client.post(f"/security/challenge/{challenge}/", proof)
    assert answer.headers["Location"] == "/security/totp/"
    assert "<svg" in alice.client.get("/security/totp/").content.decode()


def test_the_secret_is_shown_to_the_session_that_made_it_alone() -> None:
    """Another session of the account sees no half-made enrolment."""
    erin = _signed_in("erin")
    erin.client.post("/security/totp/begin/")
    other = _signed_in("erin")
    assert "<svg" not in other.client.get("/security/totp/").content.decode()


def test_recovery_codes_are_shown_once_and_replace_the_old_ones() -> None:
    """Behind the proof; a new set makes the old one worthless."""
    alice = _signed_in("alice")
    assert alice.client.get("/security/recovery/").status_code == 200
    before = RecoveryCodes.objects.get(user__username="alice").hashes
    challenge = challenge_in(alice.client.post("/security/recovery/"))
    proof = {"factor": "totp", "token": code_of("alice")}
    page = alice.client.post(f"/security/challenge/{challenge}/", proof).content.decode()
    assert len(re.findall(r"<code>[a-z0-9-]{17}</code>", page)) == 10
    after = RecoveryCodes.objects.get(user__username="alice").hashes
    assert not set(before) & set(after)


@pytest.mark.parametrize("path", ["", "totp/", "totp/begin/", "recovery/", "freeze/"])
def test_nobody_gets_in_without_signing_in(path: str) -> None:
    """Every page leads to the sign-in."""
    assert Guest().client.get(f"/security/{path}").headers["Location"].startswith("/login/")
