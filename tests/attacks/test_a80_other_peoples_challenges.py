"""A80: somebody else's challenges, by their ids."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from authshield import clock
from authshield.models import Challenge, TotpFactor
from tests.challenging import challenged, customer, with_app
from tests.servers import Valkey
from tests.views.browsing import code_of
from tests.views.conftest import MODEL_BACKEND


@pytest.fixture
def mallory(db: None, valkey: Valkey) -> Client:
    """A signed-in customer with an authenticator app of her own."""
    del db, valkey
    user = customer("mallory")
    with_app(user)
    client = Client()
    client.force_login(user, backend=MODEL_BACKEND)
    return client


@pytest.fixture
def of_alice(db: None) -> Challenge:
    """A challenge that was put to alice."""
    del db
    alice = customer()
    with_app(alice)
    return challenged(alice, now=clock.now())


def without_ids(answer: Any) -> str:
    """The page without what differs at each call: the CSRF token, the nonce, the address that was asked for."""
    differs = r'value="[A-Za-z0-9]{64}"|nonce="[^"]+"|[0-9a-f]{8}-[0-9a-f-]{27}'
    return re.sub(differs, "", answer.content.decode())


def test_a80_somebody_elses_challenge_does_not_exist(mallory: Client, of_alice: Challenge) -> None:
    """404 like an id that never was, on the page and for programs, and nothing happens to it."""
    page = f"/security/challenge/{of_alice.pk}/"
    door = f"/security/api/challenges/{of_alice.pk}/verify"
    never = "/security/challenge/00000000-0000-4000-8000-000000000000/"
    app = TotpFactor.objects.get(user__username="mallory")
    answers = [
        mallory.get(page),
        mallory.post(page, {"factor": "totp", "token": code_of(app)}),
        mallory.post(page, {"action": "cancel"}),
        mallory.post(page, {"action": "extend"}),
        mallory.post(page, {"action": "send"}),
        mallory.post(door, {"factor": "totp", "token": code_of(app)}, content_type="application/json"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 6
    assert without_ids(answers[0]) == without_ids(mallory.get(never))
    before = of_alice.expires_at
    of_alice.refresh_from_db()
    assert (of_alice.state, of_alice.attempts, of_alice.expires_at) == ("open", 0, before)


def test_a80_without_a_session_it_does_not_exist_either(
    client: Client, of_alice: Challenge, mallory: Client
) -> None:
    """Nor for another browser of the same person: a challenge belongs to the session that it was put to."""
    del mallory
    page = f"/security/challenge/{of_alice.pk}/"
    assert client.get(page).status_code == 404
    client.force_login(User.objects.get(username="alice"), backend=MODEL_BACKEND)
    assert client.get(page).status_code == 404
