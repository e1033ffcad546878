"""A13: whether a name is somebody's cannot be told: not by text, status or work, at no door that takes a name."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail

from authshield import clock
from authshield.contain import steps
from authshield.models import ListDraft
from authshield.tune import rulebook
from tests.hashes import counted_hashes
from tests.site import Guest, stranger, work_off

pytestmark = pytest.mark.usefixtures("own_site")
LIMIT = 5
NOBODY = "nobody-at-all"


def _account(name: str) -> str:
    return str(get_user_model().objects.get(username=name).pk)


def _freeze(name: str) -> None:
    steps.freeze(_account(name), "a victim called", by="desk", now=clock.now())
    steps.apply_account(_account(name), clock.now())  # what follows a commit, which this test has none of


def _list(name: str) -> None:
    ListDraft.objects.create(name="blocked", kind="account", value=_account(name))
    assert rulebook.sync_lists(None, "mule", clock.now()) is not None
    rulebook.forget()


def _told(answer: Any) -> tuple[int, str, str]:
    body = answer.content.decode()
    token = (answer.context or {}).get("csrf_token")
    body = body.replace(str(token), "") if token else body
    return (
        answer.status_code,
        answer.headers.get("Retry-After", ""),
        re.sub(r'(value|nonce)="[^"]*"', "", body),
    )


@pytest.mark.parametrize("stop", [_freeze, _list])
@pytest.mark.parametrize("password", ["wrong", "dave-dave"])
def test_a13_an_account_that_was_stopped_reads_like_a_name_of_nobody(stop: Any, password: str) -> None:
    """The program's door answers a stranger 401 after one hash, whatever holds for the account."""
    Guest().sign_in("dave")
    work_off()
    stop("dave")
    told = []
    for name in ("dave", NOBODY):
        with counted_hashes() as counted:
            answer = stranger().api_sign_in(name, password)
        told.append((_told(answer), counted.hashes))
    assert told[0] == told[1]
    assert told[0][0][0] == 401
    assert told[0][1] == 1


@pytest.mark.parametrize(("stop", "code"), [(_freeze, "account_frozen"), (_list, "denied")])
def test_a13_the_customers_own_browser_is_told_why(stop: Any, code: str) -> None:
    """Whoever owns the account has to learn that it was stopped."""
    owner = Guest()
    owner.sign_in("dave")
    work_off()
    stop("dave")
    answer = owner.api_sign_in("dave")
    assert (answer.status_code, answer.json()["code"]) == (403, code)


def test_a13_the_lock_notice_is_the_same_for_a_name_of_nobody() -> None:
    """Limits count names, whether somebody has them or not; a frozen account has no other end."""
    _freeze("alice")
    told = {}
    for number, name in enumerate(("dave", "alice", NOBODY)):
        guest = stranger(f"127.0.0.{60 + number}")
        with counted_hashes() as counted:
            answers = [guest.api_sign_in(name, "wrong") for _ in range(LIMIT + 1)]
        told[name] = [(answer.status_code, answer.json()["code"]) for answer in answers]
        assert counted.hashes == LIMIT
    assert told["dave"] == told["alice"] == told[NOBODY]
    assert told["dave"][-1] == (429, "rate_limited")


@pytest.mark.parametrize("door", ["/login/", "/admin/login/"])
def test_a13_the_forms_do_not_tell_either(door: str) -> None:
    """One page and one hash for a wrong password, a frozen account and nobody."""
    _freeze("alice")
    told = []
    for number, name in enumerate(("dave", "alice", NOBODY)):
        guest = stranger(f"127.0.0.{60 + number}")
        with counted_hashes() as counted:
            answer = guest.client.post(door, {"username": name, "password": "wrong"})
        told.append((_told(answer), counted.hashes))
    assert told[0] == told[1] == told[2]
    assert told[0][1] == 1


def test_a13_a_reset_answers_everybody_alike() -> None:
    """Somebody's address and nobody's: the same page; a mail for the one."""
    told = []
    theirs = get_user_model().objects.get(username="alice").email
    for number, address in enumerate((theirs, f"nobody-{theirs}")):
        answer = stranger(f"127.0.0.{60 + number}").client.post("/password/reset/", {"email": address})
        told.append((answer.status_code, answer.headers["Location"]))
    assert told[0] == told[1]
    assert [message.to for message in mail.outbox] == [[theirs]]


def test_a13_a_challenge_that_is_not_there_reads_like_another_persons() -> None:
    """No id tells whether somebody is being challenged."""
    Guest().sign_in("alice")
    asked = stranger().sign_in("alice").headers["Location"]
    answers = [stranger("127.0.0.62").client.get(path) for path in (asked, asked[:-13] + "000000000000/")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert _told(answers[0]) == _told(answers[1])
