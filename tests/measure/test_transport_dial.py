"""URLs of the settings: what each of them means, and that a wrong one says so."""

from __future__ import annotations

from typing import Any

import pytest
from redis.connection import SSLConnection
from redis.sentinel import SentinelManagedSSLConnection

from authshield.measure.transport_dial import Dialer, Place, read_url


@pytest.mark.parametrize("url", ["redis://u:p@h:1/2", "rediss://h", "unix:///run/redis.sock?db=1"])
def test_one_server_is_left_to_redis_py(url: str) -> None:
    """Whatever it understands is understood."""
    assert read_url(url) == Place("", url)


def test_a_cluster_names_some_of_its_nodes() -> None:
    """The first to be asked; user, password and options hold for all."""
    place = read_url("rediss+cluster://u:p%40@a:1,b,[::1]:3/?ssl_cert_reqs=none")
    assert place.hosts == (("a", 1), ("b", 6379), ("::1", 3))
    assert (place.how, place.is_tls) == ("cluster", True)
    made: Any = Dialer(place, connect_seconds=0.1, answer_seconds=0.2).connection(("c", 4))
    assert isinstance(made, SSLConnection)
    assert (made.host, made.port, made.username, made.password) == ("c", 4, "u", "p@")
    assert (made.socket_connect_timeout, made.socket_timeout) == (0.1, 0.2)


def test_sentinels_have_a_service_a_database_and_a_login_of_their_own() -> None:
    """The URL's password is the master's; theirs are options."""
    url = "rediss+sentinel://u:p@a,b:2/counters/3?sentinel_username=s&sentinel_password=t&ssl_cert_reqs=none"
    place = read_url(url)
    assert (place.how, place.hosts, place.service) == ("sentinel", (("a", 26379), ("b", 2)), "counters")
    assert dict(place.login) == {"username": "s", "password": "t"}
    made: Any = Dialer(place, connect_seconds=0.1, answer_seconds=0.2).connection()
    assert isinstance(made, SentinelManagedSSLConnection)
    assert (made.username, made.password, made.db, made.socket_timeout) == ("u", "p", 3, 0.2)
    asked = made.connection_pool.sentinel_manager.sentinels[0].connection_pool.connection_kwargs
    assert (asked["host"], asked["username"], asked["password"]) == ("a", "s", "t")
    assert asked["socket_timeout"] == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("url", "told"),
    [("redis+sentinel://a:1", "service"), ("redis+cluster://", "empty"), ("redis+cluster://a,,b", "empty")],
)
def test_a_url_that_lacks_something_says_what(url: str, told: str) -> None:
    """Not only once it is connected to."""
    with pytest.raises(ValueError, match=told):
        read_url(url)
