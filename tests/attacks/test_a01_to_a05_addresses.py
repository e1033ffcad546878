"""A01-A05: whose address counts. A thief cannot open a fresh budget by claiming another one."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from authshield.clock import now
from authshield.measure.store import default_store
from authshield.observe import observe
from authshield.vocabulary.event import Kind, Who
from tests.site import Guest, stranger

pytestmark = pytest.mark.usefixtures("own_site")
LIMIT = 5


def _guess(guest: Guest, times: int, **headers: Any) -> list[int]:
    return [guest.api_sign_in("dave", "wrong", **headers).status_code for _ in range(times)]


def test_a01_rotating_forwarded_addresses_open_no_budget() -> None:
    """Without a trusted proxy the peer counts, whatever the header says."""
    guest = stranger()
    statuses = [
        guest.api_sign_in("dave", "wrong", HTTP_X_FORWARDED_FOR=f"203.0.113.{n}").status_code
        for n in range(8)
    ]
    assert statuses == [401] * LIMIT + [429] * 3


@pytest.mark.parametrize(
    "forwarded",
    [
        "6.6.6.6, 203.0.113.9",
        "203.0.113.9",
        "unknown, 203.0.113.9:4711",
        "[::ffff:203.0.113.9]:80",
        "x" * 10_000 + ",203.0.113.9",
        "6.6.6.6,,, ,203.0.113.9",
    ],
)
def test_a02_the_right_most_untrusted_hop_counts(settings: Settings, forwarded: str) -> None:
    """Whatever the client prepends, the address that the own proxy saw is the one."""
    settings.AUTHSHIELD_TRUSTED_PROXIES = ["127.0.0.77"]
    request = RequestFactory().get("/", REMOTE_ADDR="127.0.0.77", HTTP_X_FORWARDED_FOR=forwarded)
    assert observe(request, Kind.REQUEST, Who(), now=now()).client.ip == "203.0.113.9"


@pytest.mark.parametrize("forwarded", ["unknown", "\x00", "fe80::1%eth0", "1.2.3.4.5", "," * 500])
def test_a02_a_garbled_header_is_no_error(settings: Settings, forwarded: str) -> None:
    """A sign-in with it is answered like any other."""
    settings.AUTHSHIELD_TRUSTED_PROXIES = ["127.0.0.77"]
    assert stranger().api_sign_in("dave", "wrong", HTTP_X_FORWARDED_FOR=forwarded).status_code == 401


@pytest.mark.parametrize(
    "header", ["HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_TRUE_CLIENT_IP", "HTTP_CF_CONNECTING_IP"]
)
def test_a03_other_address_headers_are_ignored(header: str) -> None:
    """Each names another address on every try; the budget ends all the same."""
    guest = stranger()
    statuses = [
        guest.api_sign_in("dave", "wrong", **{header: f"for=203.0.113.{n}"}).status_code for n in range(6)
    ]
    assert statuses == [401] * LIMIT + [429]


def test_a04_edge_signals_count_from_trusted_peers_alone(settings: Settings) -> None:
    """Sent straight to the origin they are dropped, and dropped means unknown, not good."""
    settings.AUTHSHIELD_JA4_HEADER = "CloudFront-Viewer-JA4-Fingerprint"
    value = "t13d1516h2_8daaf6152771_b186095e22b6"
    request = RequestFactory().get("/", HTTP_CLOUDFRONT_VIEWER_JA4_FINGERPRINT=value)
    assert observe(request, Kind.REQUEST, Who(), now=now()).client.ja4 == ""
    settings.AUTHSHIELD_TRUSTED_PROXIES = ["127.0.0.1"]
    assert observe(request, Kind.REQUEST, Who(), now=now()).client.ja4 == value


def test_a05_hopping_inside_one_block_is_one_source() -> None:
    """A /64 belongs to one household, and a mapped address is the same as the plain one."""
    keys = default_store().keys
    from authshield.measure.keys import entities  # noqa: PLC0415 - next to its use

    def source(address: str) -> str:
        request = RequestFactory().get("/", REMOTE_ADDR=address)
        event = observe(request, Kind.LOGIN, Who(username="dave"), now=now())
        return keys.entity("ip", entities(event)["ip"])

    assert source("2001:db8::1") == source("2001:db8::ffff:1") != source("2001:db8:0:1::1")
    assert source("::ffff:203.0.113.9") == source("203.0.113.9")
