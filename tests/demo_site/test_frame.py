"""What holds for every answer: headers, languages, errors; signing in and out, a forgotten password."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.core import mail

from tests.servers import Valkey
from tests.site import Guest

pytestmark = pytest.mark.usefixtures("site")


@pytest.mark.parametrize(
    "path", ["/login/", "/admin/login/", "/api/orders", "/nothing", "/static/broker/site.css"]
)
def test_every_answer_has_the_headers(path: str) -> None:
    """Pages, the desk, the API, errors and files alike."""
    answer = Guest().client.get(path)
    answer.close()
    headers = answer.headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "form-action 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"]


def test_no_page_has_inline_script_or_style(alice: Guest) -> None:
    """The policy would block it."""
    for path in ("/", "/orders/new/?symbol=7203", "/orders/", "/login/"):
        text = alice.client.get(path).text
        assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=", text), path


def test_the_desk_says_that_it_is_a_demo() -> None:
    """Its pages are Django's own, and have the note all the same."""
    assert "manage.py demo_otp" in Guest().client.get("/admin/login/").text


def test_the_language_is_switched_and_kept() -> None:
    """By a form that works without script."""
    guest = Guest()
    answer = guest.client.post("/i18n/setlang/", {"language": "ja", "next": "/login/"})
    assert answer.headers["Location"] == "/login/"
    assert '<html lang="ja">' in guest.client.get("/login/").text


def test_errors_are_pages_in_the_sites_frame() -> None:
    """404 and a missing CSRF token."""
    guest = Guest()
    missing = guest.client.get("/nothing/")
    assert (missing.status_code, "There is no such page" in missing.text) == (404, True)
    strict = Guest()
    strict.client.handler.enforce_csrf_checks = True
    assert strict.client.post("/login/", {"username": "alice", "password": "alice-alice"}).status_code == 403


def test_every_failed_sign_in_says_the_same() -> None:
    """A wrong password, an unknown name and nonsense give one message; names are not told."""
    texts = set()
    for name, password in (("alice", "wrong"), ("nobody", "wrong"), ("ali\x00ce", "x")):
        answer = Guest().client.post("/login/", {"username": name, "password": password})
        texts.add(re.findall(r'id="failed">([^<]+)<', answer.text)[0])
        assert name not in re.sub(r"<dl>.*</dl>|<aside.*?</aside>", "", answer.text, flags=re.DOTALL)
    assert len(texts) == 1


def test_signing_out_needs_a_post(alice: Guest) -> None:
    """A link or picture signs nobody out."""
    assert alice.client.get("/logout/").status_code == 405
    assert alice.is_signed_in
    assert alice.client.post("/logout/").headers["Location"] == "/login/"
    assert not alice.is_signed_in


def test_a_forgotten_password_is_set_by_a_link_that_works_once(alice: Guest) -> None:
    """The same answer for every address; sessions end with the old password."""
    guest = Guest()
    for address in ("alice@hinode-customers.example", "nobody@hinode-customers.example"):
        answer = guest.client.post("/password/reset/", {"email": address})
        assert answer.headers["Location"] == "/password/reset/sent/"
    (message,) = mail.outbox
    (path,) = re.findall(r"http://testserver(/password/reset/\S+)", str(message.body))
    form = guest.client.get(path).headers["Location"]
    new = {"new_password1": "correct horse battery", "new_password2": "correct horse battery"}
    assert guest.client.post(form, new).headers["Location"] == "/password/reset/done/"
    assert User.objects.get(username="alice").check_password("correct horse battery")
    assert not alice.is_signed_in
    assert "used before" in guest.client.get(path, follow=True).text


def test_a_site_behind_no_known_host_does_not_answer(site: Valkey) -> None:
    """Links in mail can't be pointed elsewhere."""
    del site
    answer = Guest().client.post(
        "/password/reset/", {"email": "alice@hinode-customers.example"}, HTTP_HOST="evil.example"
    )
    assert answer.status_code == 400
    assert mail.outbox == []
