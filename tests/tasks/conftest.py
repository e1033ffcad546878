"""The live counters of a worker's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from authshield.measure import Store, default_store
from authshield.tune import rulebook
from tests.ring import publish
from tests.servers import Valkey


@pytest.fixture
def ring_store(valkey: Valkey, settings: Settings) -> Iterator[Store]:
    """The live counters, with the ruleset in force."""
    del valkey
    settings.AUTHSHIELD_STORE_TIMEOUT_SECONDS = 5.0
    publish()
    yield default_store()
    rulebook.forget()
