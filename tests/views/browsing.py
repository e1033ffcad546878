"""What a browser does on a challenge's page."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.test import Client, RequestFactory

from authshield import clock, signedin, signin
from authshield.enforce import challenges
from authshield.factors import totp
from authshield.models import Challenge, TotpFactor
from tests.challenging import Asked, decided, event_of


def page_of(challenge: Challenge) -> str:
    """Its address."""
    return f"/security/challenge/{challenge.pk}/"


def send(client: Client, challenge: Challenge, **fields: str) -> Any:
    """Send its form."""
    token = client.cookies["csrftoken"].value
    return client.post(page_of(challenge), {"csrfmiddlewaretoken": token, **fields})


def verify(client: Client, challenge: Challenge, body: object, **headers: str) -> Any:
    """Answer it as a program."""
    address = f"/security/api/challenges/{challenge.pk}/verify"
    return client.post(address, body, content_type="application/json", headers=headers)


def code_of(app: TotpFactor) -> str:
    """What the app shows now."""
    return totp.code_at(app, clock.now())


def at_the_sign_in(client: Client, account: str, asked: Asked | None = None) -> Challenge:
    """A challenge that is put to a browser before anybody is signed in."""
    client.get("/login/")
    request = RequestFactory().get("/login/")
    request.COOKIES.update({name: morsel.value for name, morsel in client.cookies.items()})
    operation = signin._operation(User.objects.get(pk=account))
    now = clock.now()
    return challenges.open_challenge(
        event_of(operation, session="", now=now),
        decided(),
        asked or Asked(),
        operation,
        binding=signedin.binding_of(request),
        return_to="/orders/",
        login_backend="django.contrib.auth.backends.ModelBackend",
        now=now,
    )
