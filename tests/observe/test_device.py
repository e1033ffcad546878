"""The device cookie: recognised if we signed it, otherwise no cookie at all."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from authshield.observe import observe
from authshield.observe.device import device_or_issued, issue_device, read_device
from authshield.record.rows import device_hash
from authshield.vocabulary.event import Kind, Who
from tests.recorded import NOW

NAME = "authshield-device"


def _issued(*, secure: bool = False) -> tuple[str, str]:
    request = RequestFactory().get("/", secure=secure)
    response = HttpResponse()
    issue_device(request, response)
    name = "__Host-" + NAME if secure else NAME
    return device_or_issued(request), response.cookies[name].value


def _read(value: str) -> str | None:
    request = RequestFactory().get("/")
    request.COOKIES[NAME] = value
    return read_device(request)


def test_what_was_issued_is_read_back() -> None:
    """The id comes back, and is not issued anew."""
    device, cookie = _issued()
    assert _read(cookie) == device
    request = RequestFactory().get("/")
    request.COOKIES[NAME] = cookie
    response = HttpResponse()
    issue_device(request, response)
    assert not response.cookies
    assert device_or_issued(request) == device


def test_the_cookie_is_shut_to_scripts_and_other_hosts() -> None:
    """HttpOnly, Lax, whole site; over https with the prefix that pins the host."""
    request = RequestFactory().get("/", secure=True)
    response = HttpResponse()
    issue_device(request, response)
    morsel = response.cookies["__Host-" + NAME]
    assert (morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, "Lax", "/")
    assert morsel["secure"] is True
    assert morsel["domain"] == ""


@pytest.mark.parametrize("change", ["x", "", "v1.", "v1." + "A" * 22 + "." + "0" * 64, "é" * 40, "v2"])
def test_a_forged_cookie_is_none(change: str) -> None:
    """Neither garbage nor a guessed signature becomes an id."""
    assert _read(change) is None


def test_another_id_under_a_good_signature_is_none() -> None:
    """The signature is of one id."""
    device, cookie = _issued()
    assert _read(cookie.replace(device, "B" * 22)) is None


def test_a_retired_key_still_reads_and_a_removed_one_does_not(settings: Settings) -> None:
    """Keys rotate without forgetting devices; what is taken out of the list is forgotten."""
    old, new = "o" * 32, "n" * 32
    settings.AUTHSHIELD_SEALING_KEYS = [old]
    device, cookie = _issued()
    settings.AUTHSHIELD_SEALING_KEYS = [new, old]
    assert _read(cookie) == device
    settings.AUTHSHIELD_SEALING_KEYS = [new]
    assert _read(cookie) is None


def test_an_event_carries_the_hash_under_which_the_desk_sees_the_device() -> None:
    """So that a list of devices can name it; without a device there is none."""
    device, cookie = _issued()
    request = RequestFactory().get("/")
    request.COOKIES[NAME] = cookie
    assert observe(request, Kind.REQUEST, Who("1"), now=NOW).device.key == device_hash(device)
    assert observe(RequestFactory().get("/"), Kind.REQUEST, Who("1"), now=NOW).device.key == ""
