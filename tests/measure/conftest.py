"""A store on the real server, empty at the start of each test."""

from collections.abc import Iterator

import pytest

from authshield.measure import Store
from tests.servers import Valkey


@pytest.fixture
def store(valkey: Valkey) -> Iterator[Store]:
    """A store of its own; patient, because the machine may be busy with other tests."""
    made = Store(valkey.url, namespace="test", timeout_seconds=5.0)
    yield made
    made.close()
