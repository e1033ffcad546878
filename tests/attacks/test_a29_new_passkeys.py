"""A29: who has no more than a password, or a code that somebody passed on, plants no passkey."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.mail import EmailMessage

from authshield import clock
from authshield.factors import passkey
from authshield.models import Notice, Session
from tests.authenticator import Authenticator, How
from tests.clocks import set_clock
from tests.passkeys import AT_LOCALHOST, enrol_person, options_in, sign_in
from tests.site import Guest, challenge_in, code_of, stranger, work_off

pytestmark = pytest.mark.usefixtures("own_site")
BEGIN, NEW = "/security/passkeys/begin/", "/security/passkeys/new/"


def _passkeys(name: str) -> int:
    return len(passkey.of(User.objects.get(username=name)))


def _confirm(guest: Guest, asked: Any, factor: str, token: str) -> Any:
    path = f"/security/challenge/{challenge_in(asked)}/"
    return guest.client.post(path, {"factor": factor, "token": token}, **AT_LOCALHOST)


def _begin(guest: Guest, name: str) -> Any:
    """As far as the page on which the browser makes it."""
    asked = guest.client.post(BEGIN, **AT_LOCALHOST)
    if "challenge" in asked.headers.get("Location", ""):
        asked = _confirm(guest, asked, "totp", code_of(name))
    return asked


def _make(guest: Guest, how: How | None = None) -> Any:
    answer = Authenticator().create(options_in(guest.client.get(NEW, **AT_LOCALHOST)), how)
    return guest.client.post(NEW, {"token": answer, "name": "Phone"}, **AT_LOCALHOST)


def test_a29_the_owner_adds_the_first_at_home_with_a_fresh_code(mailoutbox: list[EmailMessage]) -> None:
    """On the device that is trusted; whatever else is signed in ends, and the customer is told."""
    owner, other = Guest(), Guest()
    owner.sign_in("carol")
    other.client.cookies = SimpleCookie(owner.client.cookies.output(header="", sep=";"))
    assert other.sign_in("carol").headers["Location"] == "/"
    owner.sign_in("carol")
    assert _begin(owner, "carol").headers["Location"] == NEW
    assert _make(owner).headers["Location"] == "/security/passkeys/"
    assert _passkeys("carol") == 1
    assert not other.is_signed_in
    assert owner.is_signed_in
    work_off()
    assert [mail.subject for mail in mailoutbox if "passkey" in mail.subject]


def test_a29_a_code_that_was_passed_on_plants_no_passkey() -> None:
    """The thief's session was opened by the right password and the code of now, on a device of his own."""
    Guest().sign_in("carol")
    thief = stranger()
    asked = thief.sign_in("carol")
    _confirm(thief, asked, "totp", code_of("carol"))
    assert thief.is_signed_in
    refused = thief.client.post(BEGIN, **AT_LOCALHOST)
    assert refused.status_code == 403
    assert thief.client.get(NEW, **AT_LOCALHOST).headers["Location"] == "/security/passkeys/"
    assert _passkeys("carol") == 0


def test_a29_a_copied_cookie_plants_none_without_a_new_proof() -> None:
    """Who has the owner's cookies is asked for the code, too."""
    owner = Guest()
    owner.sign_in("carol")
    thief = Guest()
    thief.client.cookies = SimpleCookie(owner.client.cookies.output(header="", sep=";"))
    assert "/security/challenge/" in thief.client.post(BEGIN, **AT_LOCALHOST).headers["Location"]
    assert thief.client.get(NEW, **AT_LOCALHOST).headers["Location"] == "/security/passkeys/"
    answer = Authenticator().create({"challenge": "AAAA", "user": {"id": "AAAA"}})
    thief.client.post(NEW, {"token": answer}, **AT_LOCALHOST)
    assert _passkeys("carol") == 0


def test_a29_a_passkey_vouches_for_the_next() -> None:
    """The code of the app, which would do for the first, is not among the ways."""
    enrol_person("carol")
    owner = Guest()
    owner.sign_in("carol")
    page = owner.client.get(owner.client.post(BEGIN, **AT_LOCALHOST).headers["Location"], **AT_LOCALHOST)
    assert "data-passkey" in page.content.decode()
    assert "?factor=totp" not in page.content.decode()
    refused = _begin(owner, "carol")
    assert refused.status_code == 401
    assert _passkeys("carol") == 1


@pytest.mark.parametrize("path", ["/security/totp/begin/", "/security/recovery/"])
def test_a29_nor_does_a_code_bring_in_other_factors_beside_a_passkey(path: str) -> None:
    """No factor comes in by a weaker one than the account has."""
    enrol_person("carol")
    owner = Guest()
    owner.sign_in("carol")
    asked = owner.client.post(path, **AT_LOCALHOST)
    assert _confirm(owner, asked, "totp", code_of("carol")).status_code == 401


def test_a29_a_passkey_is_removed_by_a_passkey() -> None:
    """And with it goes what it opened."""
    authenticator = enrol_person("carol")
    user = User.objects.get(username="carol")
    (one,) = passkey.of(user)
    path = f"/security/passkeys/{one.pk}/remove/"
    owner = Guest()
    owner.sign_in("carol")
    assert (
        _confirm(owner, owner.client.post(path, **AT_LOCALHOST), "totp", code_of("carol")).status_code == 401
    )
    asked = owner.client.post(path, **AT_LOCALHOST)
    page = owner.client.get(asked.headers["Location"], **AT_LOCALHOST)
    done = _confirm(owner, asked, "webauthn", authenticator.get(options_in(page)))
    assert done.headers["Location"] == "/security/passkeys/"
    assert passkey.of(user) == []
    assert Notice.objects.filter(template="passkey_removed").exists()


def test_a29_nobody_removes_anothers() -> None:
    """It is as if it were not there."""
    enrol_person("carol")
    (one,) = passkey.of(User.objects.get(username="carol"))
    other = Guest()
    other.sign_in("alice")
    assert other.client.post(f"/security/passkeys/{one.pk}/remove/", **AT_LOCALHOST).status_code == 404
    assert _passkeys("carol") == 1


def test_a29_one_leave_is_one_passkey() -> None:
    """Used twice, by the same answer or another, in another session or too late: none."""
    owner = Guest()
    owner.sign_in("carol")
    _begin(owner, "carol")
    page = owner.client.get(NEW, **AT_LOCALHOST)
    first, second = (Authenticator().create(options_in(page)) for _ in range(2))
    kept = owner.client.session["authshield_passkey"]
    assert owner.client.post(NEW, {"token": first}, **AT_LOCALHOST).status_code == 302
    session = owner.client.session
    session["authshield_passkey"] = kept
    session.save()
    assert owner.client.post(NEW, {"token": second}, **AT_LOCALHOST).status_code == 409
    assert _passkeys("carol") == 1


def test_a29_without_any_factor_the_password_has_to_be_fresh() -> None:
    """Erin's first, on her device: right after the sign-in, not a day later."""
    owner = Guest()
    owner.sign_in("erin")
    assert owner.client.post(BEGIN, **AT_LOCALHOST).headers["Location"] == NEW
    assert _make(owner).status_code == 302
    assert _passkeys("erin") == 1


def test_a29_an_enrolment_without_user_verification_is_none() -> None:
    """A tap alone is no person."""
    owner = Guest()
    owner.sign_in("erin")
    owner.client.post(BEGIN, **AT_LOCALHOST)
    assert _make(owner, How(flags=1)).status_code == 401
    assert _passkeys("erin") == 0
    assert Session.objects.filter(ended_at__gt=clock.now()).count() == 0


def test_a29_a_password_of_this_morning_brings_in_none() -> None:
    """Erin's browser was left open: she signs in again first."""
    with set_clock() as standing:
        owner = Guest()
        owner.sign_in("erin")
        standing.go_on(16 * 60)
        refused = owner.client.post(BEGIN, **AT_LOCALHOST)
        assert refused.status_code in {302, 403}
        assert "new" not in refused.headers.get("Location", "")
        owner.sign_in("erin")
        assert owner.client.post(BEGIN, **AT_LOCALHOST).headers["Location"] == NEW


def test_a29_who_has_e_mail_alone_proves_that_first() -> None:
    """Bob's code by e-mail confirms no order, and yet the password alone is less."""
    owner = Guest()
    owner.sign_in("bob")
    asked = owner.client.post(BEGIN, **AT_LOCALHOST)
    assert _confirm(owner, asked, "email", "00000000").status_code == 401
    assert _passkeys("bob") == 0


def test_a29_staff_add_theirs_too() -> None:
    """At the desk's own sign-in the passkey is offered as it is to customers."""
    desk = Guest()
    assert b'data-passkey="login"' in desk.client.get("/admin/login/", **AT_LOCALHOST).content
    authenticator = enrol_person("analyst")
    assert sign_in(desk, authenticator, next="/admin/").headers["Location"] == "/admin/"
    assert desk.client.get("/admin/", **AT_LOCALHOST).status_code == 200
