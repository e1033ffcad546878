"""Somebody who is signed in, and challenges that are put to them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from authshield import clock
from authshield.factors import recovery
from authshield.models import Challenge, TotpFactor
from authshield.vocabulary.operation import Operation
from tests.challenging import NOW, Asked, challenged, customer, with_app
from tests.servers import Valkey

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def alice(db: None, valkey: Valkey) -> User:
    """A customer with an authenticator app and recovery codes."""
    del db, valkey
    user = customer()
    with_app(user)
    recovery.generate(user, NOW)
    return user


@pytest.fixture
def app(alice: User) -> TotpFactor:
    """Her authenticator app."""
    app: TotpFactor = TotpFactor.objects.get(user=alice)
    return app


@pytest.fixture
def signed_in(alice: User) -> Client:
    """Her browser, signed in; it needs CSRF tokens like any other."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice, backend=MODEL_BACKEND)
    client.get("/login/")
    return client


@pytest.fixture
def put(signed_in: Client, alice: User) -> Callable[..., Challenge]:
    """Puts a challenge to her signed-in session."""

    def put(operation: Operation | None = None, asked: Asked | None = None) -> Challenge:
        binding = f"sid:{signed_in.session['authshield']['sid']}"
        return challenged(alice, operation, asked=asked, binding=binding, now=clock.now())

    return put
