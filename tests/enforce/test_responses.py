"""Answers that stop or delay somebody, as a page and as JSON."""

import json

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from authshield.enforce import responses
from authshield.enforce.wording import _REFUSALS
from authshield.errors import ChallengeError, InvalidInput, Refused
from authshield.models import Hold
from authshield.vocabulary.actions import Strength
from authshield.vocabulary.event import Kind
from authshield.vocabulary.operation import Operation
from tests.challenging import FIELDS, NOW, Asked, challenged, customer


def page(path: str = "/orders/new/") -> HttpRequest:
    """A browser's request."""
    return RequestFactory().get(path, headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})


def program(path: str = "/api/orders") -> HttpRequest:
    """A program's request."""
    return RequestFactory().post(path, "{}", content_type="application/json")


def problem_of(answer: HttpResponse) -> dict[str, object]:
    """The body of a problem."""
    assert answer["Content-Type"] == "application/problem+json"
    body = json.loads(answer.content)
    assert isinstance(body, dict)
    return body


@pytest.mark.parametrize(
    ("path", "content_type", "accept", "expected"),
    [
        ("/api/orders", "", "text/html", True),
        ("/security/api/challenges/1/verify", "", "", True),
        ("/orders/new/", "", "", False),
        ("/orders/new/", "", "*/*", False),
        ("/orders/new/", "", "application/json", True),
        ("/orders/new/", "application/json", "*/*", True),
        ("/orders/new/", "application/json", "text/html,application/json", False),
        ("/orders/new/", "application/x-www-form-urlencoded", "text/html", False),
    ],
)
def test_programs_are_told_from_browsers(path: str, content_type: str, accept: str, expected: bool) -> None:
    """By path, or by what they send and accept."""
    request = RequestFactory().generic(
        "POST", path, "{}", content_type=content_type, headers={"accept": accept}
    )
    assert responses.wants_json(request) is expected


@pytest.mark.django_db
def test_a_program_is_told_how_to_step_up() -> None:
    """RFC 9470 in the header; the problem's body restates what the proof is bound to."""
    challenge = challenged(customer())
    answer = responses.step_up(program(), challenge)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == (
        'Bearer error="insufficient_user_authentication", acr_values="authshield:otp", max_age=120'
    )
    body = problem_of(answer)
    assert (body["code"], body["status"]) == ("step_up_required", 401)
    assert body["challenge"] == {
        "id": str(challenge.pk),
        "url": f"/security/challenge/{challenge.pk}/",
        "factors": ["totp"],
        "required": "otp",
        "expires_at": "2025-04-14T00:06:02.345Z",
        "binding": {**FIELDS, "kind": "order"},
    }


@pytest.mark.django_db
def test_a_sign_in_asks_for_what_is_enough_there() -> None:
    """Its own strength, and a proof that lasts."""
    user = customer()
    operation = Operation(Kind.LOGIN, str(user.pk), {"username": "alice"})
    answer = responses.step_up(program(), challenged(user, operation, asked=Asked(Strength.ANY)))
    assert 'acr_values="authshield:any", max_age=900' in answer["WWW-Authenticate"]


@pytest.mark.django_db
def test_a_browser_is_led_to_the_challenge() -> None:
    """And nobody keeps the redirect."""
    challenge = challenged(customer())
    answer = responses.step_up(page(), challenge)
    assert (answer.status_code, answer["Location"]) == (302, f"/security/challenge/{challenge.pk}/")
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["denied", "session_ended", "account_frozen"])
def test_a_refusal_says_its_code_and_nothing_of_the_rule(code: str) -> None:
    """To a program a problem, to a person a page; both 403, both kept by nobody."""
    answer = responses.refused(program(), Refused(code))
    assert (answer.status_code, problem_of(answer)["code"]) == (403, code)
    assert set(problem_of(answer)) == {"type", "title", "status", "detail", "code"}
    shown = responses.refused(page(), Refused(code))
    assert shown.status_code == 403
    assert str(_REFUSALS[code].title) in shown.content.decode()
    assert answer["Cache-Control"] == shown["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_too_many_attempts_say_when_to_come_back() -> None:
    """429 with Retry-After, either way."""
    error = Refused("rate_limited", status_code=429, retry_after_seconds=42)
    for answer in (responses.refused(program(), error), responses.refused(page(), error)):
        assert (answer.status_code, answer["Retry-After"]) == (429, "42")


@pytest.mark.parametrize(
    ("error", "members"),
    [
        (ChallengeError("challenge_failed", 401, attempts_left=3), {"attempts_left": 3}),
        (ChallengeError("factor_locked", 429, attempts_left=2, retry_after_seconds=9), {"attempts_left": 2}),
        (ChallengeError("challenge_used", 409), {}),
        (ChallengeError("binding_mismatch", 409), {}),
        (ChallengeError("challenge_expired", 410), {}),
    ],
)
def test_a_challenge_that_cannot_be_used_is_a_problem(error: ChallengeError, members: dict[str, int]) -> None:
    """With the tries left where there can be any."""
    answer = responses.challenge_error(program(), error)
    body = problem_of(answer)
    assert (answer.status_code, body["code"]) == (error.status_code, error.code)
    assert {name: body[name] for name in body if name == "attempts_left"} == members
    assert answer.get("Retry-After") == ("9" if error.retry_after_seconds else None)


@pytest.mark.django_db
def test_input_that_makes_no_sense_is_named() -> None:
    """The field and what was expected; on a page the sentence."""
    error = InvalidInput("must be more than zero", field="quantity")
    answer = responses.invalid(program(), error)
    body = problem_of(answer)
    assert (answer.status_code, body["field"], body["detail"]) == (422, "quantity", "must be more than zero")
    assert "field" not in problem_of(responses.invalid(program(), InvalidInput("no", status_code=400)))
    shown = responses.invalid(page(), error)
    assert shown.status_code == 422
    assert "must be more than zero" in shown.content.decode()


def test_what_waits_is_accepted_and_not_done() -> None:
    """202 with the broker's reference, or the hold's own id where the books gave none."""
    hold = Hold(reference="O-1", created_at=NOW, expires_at=NOW)
    answer = responses.held(program(), hold)
    assert (answer.status_code, json.loads(answer.content)) == (202, {"id": "O-1", "state": "held"})
    hold.reference = ""
    assert json.loads(responses.held(program(), hold).content)["id"] == str(hold.pk)
    shown = responses.held(page(), hold, url="/withdrawals/new/")
    assert (shown.status_code, shown["Location"]) == (302, "/withdrawals/new/")


def test_an_unknown_code_reads_like_malformed_input() -> None:
    """No code without words."""
    assert problem_of(responses.problem("teapot", 418, "short and stout"))["title"] == str(
        _REFUSALS["invalid"].title
    )
