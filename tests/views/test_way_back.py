"""The customer's way back: a moment, a proof by what was there before, all that came since, one confirmation."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from authshield import clock
from authshield.contain import links
from authshield.factors import recovery
from authshield.models import AccountState, Device, Session, TotpFactor
from demo_site.broker.models import BankAccount, ContactDetails
from tests.attacks.conftest import site
from tests.site import Guest, challenge_in, code_of, work_off

__all__ = ["site"]

pytestmark = pytest.mark.usefixtures("site")


def _taken_over() -> tuple[Guest, Guest, str]:
    """Alice's own browser, the thief's, and the address of the way back since the thief came."""
    before = clock.now() - timedelta(hours=2)
    TotpFactor.objects.update(created_at=before)
    ContactDetails.objects.update(since_at=before)
    BankAccount.objects.update(since_at=before)
    owner = Guest()
    owner.sign_in("alice")
    work_off()
    Session.objects.update(started_at=before)
    Device.objects.update(first_seen_at=before, trusted_at=before)
    thief = Guest()
    thief.sign_in("alice")
    work_off()
    since = Session.objects.latest("started_at").started_at
    return owner, thief, f"/security/way-back/?since={since:%Y-%m-%dT%H:%M}%2B00:00"


def _prove(guest: Guest, address: str) -> str:
    challenge = challenge_in(guest.client.get(address))
    answer = {"action": "answer", "factor": "totp", "token": code_of("alice")}
    passed = guest.client.post(f"/security/challenge/{challenge}/", answer)
    return str(passed.headers["Location"])


def _is_in(guest: Guest) -> bool:
    return guest.is_signed_in


def test_the_owner_sees_what_came_and_removes_it_with_one_confirmation() -> None:
    """Choose a moment, prove it, look, confirm; the own session goes on and the thief's is over."""
    owner, thief, address = _taken_over()
    choice = owner.client.get("/security/way-back/").content.decode()
    assert address.partition("?")[2].replace("%2B00:00", "") in choice
    back = _prove(owner, address)
    assert back.startswith("/security/way-back/?since=")
    page = owner.client.get(back)
    assert "Remove all of this" in page.content.decode()
    assert _is_in(thief)
    done = owner.client.post(
        "/security/way-back/", {"since": back.partition("since=")[2].replace("%2B", "+").replace("%3A", ":")}
    )
    assert "Your account is yours again" in done.content.decode()
    assert _is_in(owner)
    assert not _is_in(thief)


def test_what_the_thief_set_up_proves_nothing() -> None:
    """Codes made since that moment are not asked for; with nothing older the customer is sent to the desk."""
    owner, _thief, address = _taken_over()
    recovery.generate(User.objects.get(username="alice"), clock.now())
    challenge = challenge_in(owner.client.get(address))
    page = owner.client.get(f"/security/challenge/{challenge}/").content.decode()
    assert "Recovery code" not in page
    TotpFactor.objects.all().delete()
    answer = owner.client.get(address)
    assert (answer.status_code, "Please call us" in answer.content.decode()) == (403, True)
    assert owner.client.post(address, {}).status_code == 403


@pytest.mark.parametrize("since", ["", "x", "2001-01-01T00:00", "2999-01-01T00:00"])
def test_a_moment_that_makes_no_sense_is_asked_for_again(since: str) -> None:
    """With a word about it."""
    owner, _thief, _address = _taken_over()
    answer = owner.client.get("/security/way-back/", {"since": since})
    assert (answer.status_code, "within the last 90 days" in answer.content.decode()) == (422, True)


def test_a_link_freezes_without_a_sign_in_and_does_nothing_by_being_opened() -> None:
    """One way: there is no link that lifts anything."""
    owner, _thief, _address = _taken_over()
    account = str(User.objects.get(username="alice").pk)
    address = f"/security/freeze/{links.freeze_token(account, clock.now())}/"
    stranger = Guest("127.0.0.99")
    assert stranger.client.get(address).status_code == 200
    assert _is_in(owner)
    assert stranger.client.get(address[:-6] + "/").status_code == 404
    assert stranger.client.post(address).status_code == 200
    assert not _is_in(owner)
    assert AccountState.objects.get(account=account).frozen_at
