"""The surroundings of every test are what tests/conftest.py says."""

import socket
from collections.abc import Callable

import pytest
from pytest_django.fixtures import Settings
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.servers import Valkey


def test_no_test_reaches_another_machine() -> None:
    """Neither by address nor by name; an address for documentation would swallow the packets."""
    with socket.socket() as connection, pytest.raises(RuntimeError, match="only this machine"):
        connection.connect(("192.0.2.1", 80))
    with pytest.raises(RuntimeError, match="only this machine"):
        socket.getaddrinfo("example.com", 80)


def test_loopback_stays_open() -> None:
    """Servers of the tests' own can be reached, by address and by name."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        with socket.create_connection(("localhost", address[1]), timeout=5) as connection:
            assert connection.getpeername() == address


@pytest.mark.parametrize("turn", [1, 2])
def test_valkey_is_real_and_empty_for_each_test(valkey: Valkey, settings: Settings, turn: int) -> None:
    """What one test leaves behind the next does not find; the project is configured with it."""
    assert "valkey_version" in valkey.client.info()
    assert valkey.client.dbsize() == 0
    assert valkey.url == settings.AUTHSHIELD_REDIS_URL
    valkey.client.set("left", turn)


def test_a_test_may_stop_a_server_of_its_own(valkey: Valkey, start_own_valkey: Callable[[], Valkey]) -> None:
    """Outages are tried on a second server, so that no other test is hit."""
    own = start_own_valkey()
    assert own.client.ping()
    own.stop()
    with pytest.raises(RedisConnectionError):
        own.client.ping()
    assert valkey.client.ping()
