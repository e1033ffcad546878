"""Passkeys of the demo's people, made and used without a browser. Must not stand in for any part of the project."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User

from authshield import clock
from authshield.factors import passkey, passkey_challenges
from tests.authenticator import Authenticator, How

if TYPE_CHECKING:
    from tests.site import Guest

OPTIONS = "/security/api/passkeys/options"
SIGN_IN = "/security/passkeys/sign-in/"
AT_LOCALHOST: dict[str, Any] = {"HTTP_HOST": "localhost:8000"}
"""The one host of the demo on which browsers allow passkeys."""


def enrol(user: User, authenticator: Authenticator | None = None, name: str = "Phone") -> Authenticator:
    """Give somebody a passkey, whatever the pages would ask for first."""
    made = authenticator or Authenticator()
    challenge = passkey_challenges.issue(passkey_challenges.ENROLMENT, "test", clock.now())
    answer = made.create(passkey.creation_options(user, challenge))
    passkey.enrol(user, answer, challenge=challenge, name=name)
    return made


def enrol_person(name: str) -> Authenticator:
    """The same by name."""
    return enrol(User.objects.get(username=name))


def sign_in(guest: Guest, authenticator: Authenticator, how: How | None = None, **fields: str) -> Any:
    """Sign in as the login page's script does."""
    found = guest.client.get(OPTIONS, **AT_LOCALHOST).json()["publicKey"]
    token = authenticator.get(found, how)
    return guest.client.post(SIGN_IN, {"token": token, **fields}, **AT_LOCALHOST)


def options_in(page: Any) -> dict[str, Any]:
    """What a page's script would hand to the browser."""
    found = re.search(r'data-options="([^"]*)"', page.content.decode())
    assert found, page.content.decode()
    options: dict[str, Any] = json.loads(html.unescape(found[1]))
    return options
