"""The client's address: nobody but a trusted proxy can choose it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from authshield.errors import ConfigurationError
from authshield.observe.client_ip import client_ip, parse


def _ip(peer: str, forwarded: str | None = None, **headers: Any) -> str:
    extra: dict[str, Any] = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return client_ip(RequestFactory().get("/", REMOTE_ADDR=peer, **{**extra, **headers}))


def test_the_peer_counts_where_no_proxy_is_trusted() -> None:
    """A forged header changes nothing."""
    assert _ip("198.51.100.7", "203.0.113.9") == "198.51.100.7"


def test_the_right_most_untrusted_hop_counts_behind_a_proxy(settings: Settings) -> None:
    """What the client prepends is left of it and never reached."""
    settings.AUTHSHIELD_TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert _ip("10.0.0.2", "6.6.6.6, 203.0.113.9, 10.0.0.1") == "203.0.113.9"


@pytest.mark.parametrize(
    ("hop", "expected"),
    [
        ("203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ('"[2001:db8::1]"', "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        (" 203.0.113.9 ", "203.0.113.9"),
    ],
)
def test_ports_brackets_and_zones_are_read(hop: str, expected: str) -> None:
    """All the ways in which proxies write an address."""
    assert str(parse(hop)) == expected


@pytest.mark.parametrize("garbage", ["unknown", "", "x" * 10_000, "1.2.3", "203.0.113.9.1", "１.２.３.４"])
def test_garbage_ends_the_walk_at_the_last_good_hop(settings: Settings, garbage: str) -> None:
    """An unreadable hop is not walked past: what lies beyond could be anybody's word."""
    settings.AUTHSHIELD_TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert _ip("10.0.0.2", f"6.6.6.6, {garbage}") == "10.0.0.2"


def test_all_hops_trusted_gives_the_left_most(settings: Settings) -> None:
    """A request that began inside the site's own network."""
    settings.AUTHSHIELD_TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert _ip("10.0.0.2", "10.1.1.1, 10.2.2.2") == "10.1.1.1"


def test_a_socket_peer_is_trusted_by_its_name_alone(settings: Settings) -> None:
    """A web server on a unix socket has no address."""
    assert _ip("") == "0.0.0.0"
    settings.AUTHSHIELD_TRUSTED_PROXIES = ["unix"]
    assert _ip("", "203.0.113.9") == "203.0.113.9"


def test_another_header_may_be_named(settings: Settings) -> None:
    """Then the usual one is ignored."""
    settings.AUTHSHIELD_TRUSTED_PROXIES = ["10.0.0.2"]
    settings.AUTHSHIELD_FORWARDED_HEADER = "X-Client-Chain"
    assert _ip("10.0.0.2", "6.6.6.6", HTTP_X_CLIENT_CHAIN="203.0.113.9") == "203.0.113.9"


def test_a_proxy_that_is_no_network_is_named(settings: Settings) -> None:
    """The error says which setting and which value."""
    settings.AUTHSHIELD_TRUSTED_PROXIES = ["proxy.example"]
    with pytest.raises(ConfigurationError, match=r"AUTHSHIELD_TRUSTED_PROXIES.*proxy\.example"):
        _ip("10.0.0.2", "203.0.113.9")


@given(st.text(max_size=300))
def test_no_header_raises(header: str) -> None:
    """Whatever comes in the header, there is an address."""
    assert parse(header) is None or str(parse(header))
