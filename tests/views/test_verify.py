"""The JSON door of a challenge."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from authshield import clock
from authshield.models import Challenge, TotpFactor
from tests.challenging import wrong_code
from tests.views.browsing import at_the_sign_in, code_of, verify

Put = Callable[..., Challenge]


def csrf(client: Client) -> dict[str, str]:
    """The header that a page's script sends."""
    return {"X-CSRFToken": client.cookies["csrftoken"].value}


def test_the_right_code_passes(signed_in: Client, put: Put, app: TotpFactor) -> None:
    """200 with passed, and the challenge is a grant."""
    challenge = put()
    answer = verify(signed_in, challenge, {"factor": "totp", "token": code_of(app)}, **csrf(signed_in))
    assert (answer.status_code, answer.json()) == (200, {"passed": True})
    assert answer["Cache-Control"] == "no-store"
    challenge.refresh_from_db()
    assert challenge.state == Challenge.State.PASSED


def test_a_wrong_code_is_a_problem_with_the_tries_left(signed_in: Client, put: Put, app: TotpFactor) -> None:
    """RFC 9457, and not a word about which part was wrong."""
    body = {"factor": "totp", "token": wrong_code(app, clock.now())}
    answer = verify(signed_in, put(), body, **csrf(signed_in))
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["code"], problem["attempts_left"], problem["status"]) == ("challenge_failed", 4, 401)
    assert set(problem) == {"type", "title", "status", "detail", "code", "attempts_left"}


def test_an_expired_one_is_410(signed_in: Client, put: Put) -> None:
    """With its code."""
    challenge = put()
    Challenge.objects.update(expires_at=clock.now())
    answer = verify(signed_in, challenge, {"factor": "totp", "token": "123456"}, **csrf(signed_in))
    assert (answer.status_code, answer.json()["code"]) == (410, "challenge_expired")


def test_a_signed_in_cookie_needs_its_csrf_token(signed_in: Client, put: Put, app: TotpFactor) -> None:
    """A47: another site cannot answer in her name."""
    challenge = put()
    answer = verify(signed_in, challenge, {"factor": "totp", "token": code_of(app)})
    challenge.refresh_from_db()
    assert (answer.status_code, challenge.attempts) == (403, 0)


def test_before_a_sign_in_a_program_needs_none(alice: User, app: TotpFactor) -> None:
    """It has no session that anybody could borrow."""
    client = Client(enforce_csrf_checks=True)
    challenge = at_the_sign_in(client, str(alice.pk))
    assert verify(client, challenge, {"factor": "totp", "token": code_of(app)}).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("nonsense", 400),
        ("[]", 400),
        ("{}", 400),
        ('{"factor": "totp", "token": 123456}', 400),
        ('{"factor": "totp", "token": ""}', 400),
        ('{"factor": ["totp"], "token": "123456"}', 400),
        ('{"factor": "totp", "token": "123456", "token": "1"}', 400),
        ('{"factor": "totp", "token": "' + "1" * 65 + '"}', 400),
        ('{"factor": "totp", "token": "' + "1" * 20_000 + '"}', 413),
    ],
)
def test_malformed_bodies_change_nothing(signed_in: Client, put: Put, body: str, status: int) -> None:
    """400 or 413 with one message, and no try is counted."""
    challenge = put()
    answer = verify(signed_in, challenge, body, **csrf(signed_in))
    challenge.refresh_from_db()
    assert (answer.status_code, challenge.attempts) == (status, 0)
    assert answer["Content-Type"] == "application/problem+json"


def test_a_form_is_not_json(alice: User) -> None:
    """415: what another site's form could send is not read."""
    client = Client()
    challenge = at_the_sign_in(client, str(alice.pk))
    address = f"/security/api/challenges/{challenge.pk}/verify"
    assert client.post(address, {"factor": "totp", "token": "123456"}).status_code == 415
    assert client.get(address).status_code == 405
