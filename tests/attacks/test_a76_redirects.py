"""A76: a sign-in never leads to another site, whatever `next` says."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import pytest

from tests.site import Guest, challenge_in, code_of, stranger

EVIL = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "https://evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "@evil.example",
    "//127.0.0.1@evil.example",
    "/\t/evil.example",
    "%2F%2Fevil.example",
    "/%0d%0aLocation:%20https://evil.example",
    "/\r\nSet-Cookie: a=b",
    "\x00//evil.example",
    "ｈttps://evil.example",
]

pytestmark = pytest.mark.usefixtures("own_site")


def leads_home(answer: object) -> bool:
    """Whether a redirect stays on this site and splits no header."""
    target = getattr(answer, "headers")["Location"]  # noqa: B009 - Django's test answer has no type
    parts = urlsplit(target)
    return bool(
        not parts.scheme
        and not parts.netloc
        and target.startswith("/")
        and not target.startswith(("//", "/\\"))
        and not {"\r", "\n", "\t"} & set(target)
    )


def test_a76_a_sign_in_stays_here() -> None:
    """In the form and in the address; no cookie is slipped in."""
    for target in EVIL:
        guest, other = Guest(), Guest()
        fields = {"username": "erin", "password": "erin-erin"}
        assert leads_home(guest.client.post("/login/", {**fields, "next": target})), target
        answer = other.client.post(f"/login/?{urlencode({'next': target})}", fields)
        # An address with a NUL is refused as a whole.
        assert answer.status_code == 400 if "\x00" in target else leads_home(answer), target
        assert "a" not in guest.client.cookies


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_a76_the_way_through_a_challenge_stays_here_too(target: str) -> None:
    """What is remembered until the code has come is a path of this site."""
    Guest().sign_in("dave")
    guest = stranger()
    fields = {"username": "dave", "password": "dave-dave", "next": target}
    number = challenge_in(guest.client.post("/login/", fields))
    token = {"factor": "totp", "token": code_of("dave")}
    answer = guest.client.post(f"/security/challenge/{number}/", token)
    assert answer.status_code == 302
    assert leads_home(answer)
    assert guest.is_signed_in


def test_a76_switching_the_language_stays_here() -> None:
    """The other place that takes a `next`."""
    for target in EVIL:
        answer = Guest().client.post("/i18n/setlang/", {"language": "ja", "next": target})
        assert answer.status_code == 302
        assert leads_home(answer), target


def test_a76_an_own_path_is_kept() -> None:
    """What the person wanted to see comes after the sign-in."""
    fields = {"username": "erin", "password": "erin-erin", "next": "/orders/?a=1"}
    assert Guest().client.post("/login/", fields).headers["Location"] == "/orders/?a=1"
