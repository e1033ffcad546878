"""A store on the real server, empty at the start of each test; or on each version that there is."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from authshield.measure import Store
from tests.servers import Valkey, programs, start_valkey


@pytest.fixture
def store(valkey: Valkey) -> Iterator[Store]:
    """A store of its own; patient, because the machine may be busy with other tests."""
    made = Store(valkey.url, namespace="test", timeout_seconds=5.0)
    yield made
    made.close()


@pytest.fixture(params=programs())
def any_server(request: pytest.FixtureRequest) -> Iterator[Valkey]:
    """A server of each version."""
    with tempfile.TemporaryDirectory(prefix="authshield-") as folder:
        server = start_valkey(Path(folder), programs()[request.param])
        yield server
        server.stop()


@pytest.fixture
def any_store(any_server: Valkey) -> Iterator[Store]:
    """A store on each of them."""
    made = Store(any_server.url, namespace="test", timeout_seconds=5.0)
    yield made
    made.close()
