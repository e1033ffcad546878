"""A31, A38, A39: a new password ends what the old one opened, and "everywhere" means everywhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.tokens import default_token_generator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from authshield.models import AccountState, Challenge, Session
from tests.servers import Valkey
from tests.site import Guest, challenge_in, code_of, prove, stranger, work_off

pytestmark = pytest.mark.usefixtures("own_site")
NEW = "a quite new passphrase"
OPEN = (Challenge.State.OPEN, Challenge.State.PASSED)


def _dave() -> Any:
    return get_user_model().objects.get(username="dave")


def _thief() -> Guest:
    """In dave's account with password and code; a second browser of theirs is about to follow."""
    Guest().sign_in("dave")
    assert challenge_in(stranger().sign_in("dave"))
    thief = stranger()
    number = challenge_in(thief.sign_in("dave"))
    thief.client.post(f"/security/challenge/{number}/", {"factor": "totp", "token": code_of("dave")})
    assert thief.is_signed_in
    work_off()
    return thief


def _open_sessions() -> set[str]:
    return set(Session.objects.filter(account=str(_dave().pk), ended_at=None).values_list("sid", flat=True))


def _reset(guest: Guest) -> Any:
    """Follow the link of the mail and send the form."""
    user = _dave()
    link = f"/password/reset/{urlsafe_base64_encode(force_bytes(user.pk))}/"
    form = guest.client.get(link + default_token_generator.make_token(user) + "/").headers["Location"]
    return guest.client.post(form, {"new_password1": NEW, "new_password2": NEW})


def test_a31_a_reset_by_link_ends_every_session_and_challenge() -> None:
    """The thief is out on every node, his half-made sign-in is void, and the link signs nobody in."""
    thief, owner = _thief(), Guest()
    assert _reset(owner).status_code == 302
    assert not _open_sessions()
    assert not Challenge.objects.filter(account=str(_dave().pk), state__in=OPEN).exists()
    assert not thief.is_signed_in
    assert not owner.is_signed_in
    assert AccountState.objects.get(pk=str(_dave().pk)).contact_changed_at is not None


def test_a31_after_a_reset_the_second_factor_is_still_asked_for() -> None:
    """Who reads the mail alone does not get in."""
    Guest().sign_in("dave")
    assert _reset(stranger()).status_code == 302
    assert challenge_in(stranger().sign_in("dave", NEW))


def test_a31_a_link_works_once() -> None:
    """The second use shows that it is over."""
    user = _dave()
    number, token = urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)
    assert _reset(Guest()).status_code == 302
    assert Guest().client.get(f"/password/reset/{number}/{token}/").status_code == 200


def test_a39_the_guarded_change_keeps_the_session_that_made_it() -> None:
    """Whoever else is in is out; whoever changed the password goes on."""
    owner, other = Guest(), Guest()
    assert owner.sign_in("dave").headers["Location"] == "/"
    assert other.sign_in("dave").headers["Location"] == "/"
    work_off()
    assert len(_open_sessions()) == 2
    number = challenge_in(
        owner.client.post("/account/password/", {"old_password": "dave-dave", "new_password": NEW})
    )
    token = {"factor": "totp", "token": code_of("dave")}
    answer = owner.client.post(f"/security/challenge/{number}/", token)
    assert answer.headers["Location"] == "/account/password/"
    assert owner.is_signed_in
    assert not other.is_signed_in
    assert len(_open_sessions()) == 1


def test_a39_a_password_that_staff_set_ends_the_customers_sessions_too() -> None:
    """``set_password`` and ``save``, wherever they are called; hashing anew or saving a name ends nothing."""
    thief, user = _thief(), _dave()
    before = _open_sessions()
    user.first_name = "Dave"
    user.save()
    assert user.check_password("dave-dave")
    assert _open_sessions() == before
    user.set_password(NEW)
    user.save()
    assert not _open_sessions()
    assert not thief.is_signed_in


def test_a38_signed_out_everywhere_holds_for_a_session_that_no_worker_has_seen(site: Valkey) -> None:
    """The worker is away, so no list shows the thief: out they are at once, and for good once it is back."""
    del site
    owner, thief = Guest(), Guest()
    assert owner.sign_in("dave").headers["Location"] == "/"
    token = thief.api_sign_in("dave").json()["token"]
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    assert thief.sign_in("dave").headers["Location"] == "/"
    prove(owner, "dave", "/security/sessions/end-others/")
    owner.client.post("/security/sessions/end-others/")
    assert owner.is_signed_in
    order = {"symbol": "1301", "side": "buy", "quantity": "1", "order_type": "market"}
    assert thief.api("POST", "/api/orders", order, **bearer).json()["code"] == "session_ended"
    assert not thief.is_signed_in
    work_off()
    assert owner.is_signed_in
    assert thief.api("GET", "/api/orders", **bearer).json()["code"] == "session_ended"
    assert thief.sign_in("dave").headers["Location"] == "/"
    assert thief.client.get("/").status_code == 200
    work_off()
    assert Session.objects.filter(account=str(_dave().pk), ended_at=None).count() == 2
