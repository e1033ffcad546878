"""``manage.py check``: every unsafe setting is found, by its own id, with a hint to paste."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import CheckMessage, run_checks
from django.db import connection
from pytest_django.fixtures import Settings

from authshield import checks
from authshield.installation import GUARD, MIDDLEWARE
from authshield.models import RulesetVersion
from authshield.tune import rulebook
from tests.admin.conftest import NOW

DOCS = Path(__file__).resolve().parents[2] / "docs" / "install.md"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
BACKEND = "django.contrib.auth.backends.ModelBackend"
SAFE_COOKIES = {"SESSION_COOKIE_SECURE": True, "CSRF_COOKIE_SECURE": True}

UNSAFE: dict[str, list[dict[str, Any]]] = {
    checks.E_MIDDLEWARE_MISSING: [{"MIDDLEWARE": [SESSIONS, AUTHENTICATION]}, {"MIDDLEWARE": []}],
    checks.E_MIDDLEWARE_ORDER: [
        {"MIDDLEWARE": [SESSIONS, MIDDLEWARE, AUTHENTICATION]},
        {"MIDDLEWARE": [MIDDLEWARE, SESSIONS, AUTHENTICATION]},
        {"MIDDLEWARE": [SESSIONS, MIDDLEWARE]},
    ],
    checks.E_BROKER_CLUSTER: [
        {"CELERY_BROKER_URL": "redis+cluster://a:6379"},
        {"CELERY_BROKER_URL": "rediss://a:6379/0?cluster=true"},
    ],
    checks.E_VISIBILITY_TIMEOUT: [
        {"CELERY_BROKER_TRANSPORT_OPTIONS": {"visibility_timeout": 119}},
        {"CELERY_BROKER_TRANSPORT_OPTIONS": {"visibility_timeout": 300}, "CELERY_TASK_TIME_LIMIT": 100},
    ],
    checks.E_SIGNED_COOKIES: [{"SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies"}],
    checks.E_SEALING_KEY: [
        {"AUTHSHIELD_SEALING_KEYS": []},
        {"AUTHSHIELD_SEALING_KEYS": ["short"]},
        {"AUTHSHIELD_SEALING_KEYS": ["s" * 50], "SECRET_KEY": "s" * 50},
    ],
    checks.W_PROXIES: [
        {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"), "AUTHSHIELD_TRUSTED_PROXIES": []},
        {"USE_X_FORWARDED_HOST": True, "AUTHSHIELD_TRUSTED_PROXIES": []},
    ],
    checks.W_GEOIP: [{"AUTHSHIELD_GEOIP": []}],
    checks.W_GEOIP_FILE: [{"AUTHSHIELD_GEOIP": ["/nowhere/city.mmdb"]}],
    checks.W_OTHER_BACKENDS: [
        {"AUTHENTICATION_BACKENDS": [GUARD, name, BACKEND]}
        for name in (
            "axes.backends.AxesStandaloneBackend",
            "axes.backends.AxesBackend",
            "allauth.account.auth_backends.AuthenticationBackend",
        )
    ],
    checks.W_UNKNOWN_SETTING: [{"AUTHSHIELD_SEALING_KEY": "x"}, {"AUTHSHIELD_QWERTY_ZXCVB": 1}],
    checks.I_OBSERVE: [{"AUTHSHIELD_MODE": "observe"}],
    checks.E_GUARD: [{"AUTHENTICATION_BACKENDS": [BACKEND]}, {"AUTHENTICATION_BACKENDS": [BACKEND, GUARD]}],
    checks.E_VALUE: [
        {"AUTHSHIELD_MODE": "enforcing"},
        {"AUTHSHIELD_REDIS_URL": "http://redis/"},
        {"AUTHSHIELD_TRUSTED_PROXIES": ["proxy"]},
        {"AUTHSHIELD_TRUSTED_PROXIES": "10.0.0.1"},
    ],
    checks.W_LOCAL_REDIS: [
        {"AUTHSHIELD_REDIS_URL": "unix:///run/valkey.sock"},
        {"AUTHSHIELD_REDIS_URL": "redis://localhost:6379/0"},
    ],
    checks.W_COOKIES: [
        {**SAFE_COOKIES, "SESSION_COOKIE_SECURE": False},
        {**SAFE_COOKIES, "SESSION_COOKIE_SAMESITE": "None"},
        {**SAFE_COOKIES, "SESSION_COOKIE_HTTPONLY": False},
    ],
}


def found(**options: Any) -> list[CheckMessage]:
    """What our own checks say, the deployment's included."""
    messages = run_checks(include_deployment_checks=True, **options)
    return [message for message in messages if str(message.id).startswith("authshield.")]


def ids(messages: list[CheckMessage]) -> set[str]:
    """Their ids."""
    return {str(message.id) for message in messages}


def every_id() -> Iterator[str]:
    """All ids that the module names."""
    yield from (value for name, value in vars(checks).items() if re.match(r"[EWI]_[A-Z]", name))


@pytest.fixture
def safe(settings: Settings) -> Settings:
    """Settings that no check has anything to say about."""
    settings.AUTHSHIELD_MODE = "enforce"
    settings.AUTHSHIELD_REDIS_URL = "rediss://redis.example:6379/0"
    settings.OTP_WEBAUTHN_RP_ID = "trade.example.jp"
    settings.OTP_WEBAUTHN_ALLOWED_ORIGINS = ["https://trade.example.jp"]
    for name, value in SAFE_COOKIES.items():
        setattr(settings, name, value)
    return settings


def test_safe_settings_pass_in_silence(safe: Settings) -> None:
    """A check that always warns is read by nobody."""
    del safe
    assert found() == []


@pytest.mark.parametrize(
    ("identifier", "unsafe"), [(identifier, one) for identifier, all_ in UNSAFE.items() for one in all_]
)
def test_each_unsafe_setting_is_found_with_a_hint(
    identifier: str, unsafe: dict[str, Any], safe: Settings
) -> None:
    """Its own id, and a hint to paste."""
    for name, value in unsafe.items():
        setattr(safe, name, value)
    messages = [message for message in found() if message.id == identifier]
    assert messages, ids(found())
    assert all(message.hint and message.msg for message in messages)


def test_the_hint_of_a_misplaced_middleware_is_a_list_that_passes(safe: Settings) -> None:
    """What is pasted cures what was found."""
    safe.MIDDLEWARE = [
        MIDDLEWARE,
        SESSIONS,
        AUTHENTICATION,
        "django.contrib.messages.middleware.MessageMiddleware",
    ]
    (message,) = (one for one in found() if one.id == checks.E_MIDDLEWARE_ORDER)
    right = re.findall(r"'([^']+)'", str(message.hint))
    assert right[-1] == MIDDLEWARE
    safe.MIDDLEWARE = right
    assert checks.E_MIDDLEWARE_ORDER not in ids(found())


def test_an_unknown_name_is_told_its_nearest(safe: Settings) -> None:
    """A slip of the pen does not go unread."""
    safe.AUTHSHIELD_SEALING_KEY = "x"
    (message,) = (one for one in found() if one.id == checks.W_UNKNOWN_SETTING)
    assert "AUTHSHIELD_SEALING_KEYS" in str(message.hint)


@pytest.mark.django_db
def test_a_published_ruleset_that_does_not_compile_is_found(safe: Settings) -> None:
    """Whether its snapshot cannot be read or its rules are wrong; only where the database may be asked."""
    del safe
    rulebook.seed_default(NOW)
    assert checks.E_RULESET not in ids(found(databases=["default"]))
    version = RulesetVersion.objects.get()
    version.snapshot["rules"][0]["when"] = "order.nothing"
    version.save()
    assert checks.E_RULESET in ids(found(databases=["default"]))
    assert checks.E_RULESET not in ids(found())
    RulesetVersion.objects.update(snapshot={"rules": 5})
    (message,) = (one for one in found(databases=["default"]) if one.id == checks.E_RULESET)
    assert message.hint


def test_sqlite_that_begins_as_a_reader_is_found(safe: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `startproject` writes fails beside a worker; the hint is the line that cures it."""
    del safe
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", {})
    messages = [one for one in found() if one.id == checks.W_SQLITE]
    assert len(messages) == (connection.vendor == "sqlite")
    assert all("'transaction_mode': 'IMMEDIATE'" in str(one.hint) for one in messages)


def test_ids_are_unique_triggered_and_documented() -> None:
    """Each id stands for one thing, has a test above, and a line in the documentation."""
    names = list(every_id())
    assert len(names) == len(set(names))
    assert set(names) == {*UNSAFE, checks.E_RULESET, checks.W_SQLITE}
    text = DOCS.read_text()
    assert [name for name in names if name not in text] == []
