"""Where passkeys may be used: guessed where it can be, checked before a browser does, printed and examined."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django.fixtures import Settings

import authshield
from authshield import passkey_checks
from authshield.errors import ConfigurationError
from authshield.installation import HELPER, ORIGINS, OWN_HELPER, RP_ID, RP_NAME

KEY = "k" * 32
SITE = "https://trade.example.jp"
MOBILE = "https://m.trade.example.jp"
WITHOUT = """
import django
from django.conf import settings
apps = ["contenttypes", "auth", "sessions"]
settings.configure(INSTALLED_APPS=[f"django.contrib.{app}" for app in apps] + ["django_otp", "authshield"])
django.setup()
"""
GUESSED = "http://localhost:8000"


def installed(origins: list[str] | None = None, **more: Any) -> dict[str, Any]:
    """The settings of a broker after the call."""
    namespace: dict[str, Any] = {
        "SECRET_KEY": "s" * 50,
        "INSTALLED_APPS": [],
        "MIDDLEWARE": ["django.contrib.auth.middleware.AuthenticationMiddleware"],
        **more,
    }
    authshield.install(namespace, sealing_keys=[KEY], origins=origins)
    return namespace


def test_passkeys_belong_to_the_host_of_the_first_origin() -> None:
    """And its subdomains may use them."""
    namespace = installed([SITE, MOBILE], AUTHSHIELD_ISSUER="Hinode")
    assert namespace[ORIGINS] == [SITE, MOBILE]
    named = (namespace[RP_ID], namespace[RP_NAME], namespace[HELPER])
    assert named == ("trade.example.jp", "Hinode", OWN_HELPER)


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"ALLOWED_HOSTS": ["trade.example.jp", "10.0.0.1", "[::1]", "localhost"]}, [SITE]),
        ({"ALLOWED_HOSTS": ["*"], "CSRF_TRUSTED_ORIGINS": [SITE, "https://*.example.jp"]}, [SITE]),
        ({"ALLOWED_HOSTS": ["trade.example.jp", "other.example.com", "m.trade.example.jp"]}, [SITE, MOBILE]),
        ({"ALLOWED_HOSTS": [".example.jp"]}, [GUESSED]),
        ({}, [GUESSED]),
    ],
)
def test_without_origins_they_are_what_the_settings_name(more: dict[str, Any], found: list[str]) -> None:
    """No wildcard, no address, and nothing outside of the first."""
    assert installed(**more)[ORIGINS] == found


def test_what_is_set_already_stays() -> None:
    """The broker's own lines win, and what contradicts them is refused."""
    own: dict[str, Any] = {RP_ID: "example.jp", ORIGINS: [SITE], RP_NAME: "Own", HELPER: "own.Helper"}
    namespace = installed(**own)
    assert {name: namespace[name] for name in own} == own
    with pytest.raises(ConfigurationError, match="keep one"):
        installed(["https://other.example.jp"], **own)


@pytest.mark.parametrize(
    ("origins", "told"),
    [
        (["http://trade.example.jp"], "without https"),
        (["https://trade.example.jp/login"], "an origin is"),
        (["trade.example.jp"], "an origin is"),
        (["http://127.0.0.1:8000"], "without https"),
        ([SITE, "https://evil.example"], "outside of"),
        (SITE, "make it a list"),
    ],
)
def test_an_impossible_origin_gets_one_clear_error(origins: Any, told: str) -> None:
    """Before a browser says so to a customer."""
    with pytest.raises(ConfigurationError, match=told):
        installed(origins)


@pytest.mark.parametrize("origins", [["https://evil.example"], GUESSED, [f"{GUESSED}/"]])
def test_check_finds_origins_that_do_not_fit(settings: Settings, origins: Any) -> None:
    """Also where nobody called install."""
    settings.OTP_WEBAUTHN_ALLOWED_ORIGINS = origins
    assert passkey_checks.E_ORIGINS in {found.id for found in run_checks()}


def test_check_warns_of_passkeys_for_this_machine_alone(settings: Settings) -> None:
    """At a deployment, and not of a site's own name."""
    found = {message.id for message in run_checks(include_deployment_checks=True)}
    assert passkey_checks.W_LOCALHOST in found
    settings.OTP_WEBAUTHN_RP_ID = "trade.example.jp"
    settings.OTP_WEBAUTHN_ALLOWED_ORIGINS = [SITE]
    found = {message.id for message in run_checks(include_deployment_checks=True)}
    assert not {passkey_checks.W_LOCALHOST, passkey_checks.E_ORIGINS} & found


def test_a_site_without_the_tables_of_passkeys_is_told_so() -> None:
    """In one sentence, with the line that is missing."""
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ImproperlyConfigured: INSTALLED_APPS lacks 'django_otp_webauthn'" in done.stderr
