"""Every setting: typed, defaulted, with unit and consequence. Read at the first access, never at import.

Rules, limits and thresholds that the desk changes live in the database, not here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from django.conf import settings as django_settings
from django.core.signals import setting_changed

from authshield.errors import ConfigurationError

PREFIX = "AUTHSHIELD_"


@dataclass(frozen=True)
class Settings:
    """The settings of ``AUTHSHIELD_<NAME>``; the comments under each are its documentation."""

    MODE: str = "observe"
    """``observe`` records every decision and stops nobody; ``enforce`` acts on them."""

    REDIS_URL: str = "redis://127.0.0.1:6379/0"
    """Redis or Valkey for counters and the scoring stream: ``redis://``, ``rediss://`` (TLS) or ``unix://``; behind
    Sentinel ``redis+sentinel://host:26379,host:26379/service/0``, a Cluster ``redis+cluster://host:6379,host:6379``;
    both of them also as ``rediss+…``."""

    NAMESPACE: str = "as"
    """First part of every Redis key: sites that share a server need different ones."""

    STORE_TIMEOUT_SECONDS: float = 0.1
    """How long a request waits for Redis before it goes on without (connect and answer, each)."""

    SEALING_KEYS: tuple[str, ...] = ()
    """Keys that seal factors' secrets and sign device cookies, newest first; each at least 32 characters.
    Old ones open what they sealed. None of them may be ``SECRET_KEY``."""

    TRUSTED_PROXIES: tuple[str, ...] = ()
    """Addresses or networks whose ``X-Forwarded-For`` is believed, walked from right to left."""

    FORWARDED_HEADER: str = "X-Forwarded-For"
    """The header in which trusted proxies append the client's address."""

    JA4_HEADER: str = ""
    """Header in which a trusted proxy hands over a JA4 fingerprint; empty: none is read."""

    DEVICE_COOKIE: str = "__Host-authshield-device"
    """Name of the device cookie. Over plain http (development) the ``__Host-`` prefix is left out."""

    DEVICE_COOKIE_SECONDS: int = 400 * 86400
    """Lifetime of the device cookie, renewed at each sign-in; 400 days is the most that browsers keep."""

    PRESENCE_SECONDS: int = 600
    """How long a session that is bound to its device's key shows pages after a proof. The script renews it."""

    REGISTRATION_SECONDS: int = 120
    """How long after a sign-in, or another proof, the browser may register its key with the session."""

    DBSC: bool = False
    """Whether browsers are invited to bind sessions to a key of the machine (device bound session credentials).
    Needs HTTPS; browsers that do not know it ignore it."""

    DBSC_COOKIE_SECONDS: int = 600
    """How long the cookie of such a session lives; the browser renews it by itself."""

    DBSC_EXCLUDE: tuple[str, ...] = ("/static",)
    """Paths that need no such cookie: each request in scope may have to wait for a signature."""

    TRUST_FIRST_DEVICE: bool = False
    """Whether the first sign-in of an account without any history makes its device a trusted one.
    Comfortable for a demo; a broker that is live runs a warm-up in observe mode instead."""

    TRUST_DAYS: int = 21
    """Undisputed days after which a device or network is trusted."""

    GEOIP: tuple[str, ...] = ()
    """Paths of MMDB files, first hit per field wins; none: places and carriers are unknown."""

    ACCOUNT_FIELD: str = "pk"
    """Attribute of the user that is the broker's stable account id."""

    BASE_CURRENCY: str = "JPY"
    """Currency of portfolio values, limits and rules."""

    MARKET_TIME_ZONE: str = "Asia/Tokyo"
    """Clock of the market: hours in rules and days in reports."""

    CHALLENGE_SECONDS: int = 300
    """How long a challenge can be answered."""

    CHALLENGE_ATTEMPTS: int = 5
    """Wrong answers after which a challenge is void."""

    CHALLENGES_OPEN: int = 3
    """Open challenges a session; the oldest is void when one more is opened."""

    GRANT_SECONDS: int = 120
    """How long a passed challenge can be used, once."""

    FACTOR_LOCK_FAILURES: int = 10
    """Wrong answers in a row that lock an authenticator for ``FACTOR_LOCK_SECONDS`` (longer each time)."""

    FACTOR_LOCK_SECONDS: int = 900
    """First lock of an authenticator."""

    FACTOR_DISABLE_FAILURES: int = 50
    """Wrong answers in a row that disable an authenticator until the desk unlocks it or it is enrolled anew."""

    ISSUER: str = "AuthShield"
    """Name of the site in the customer's authenticator app."""

    TOTP_WINDOW: int = 1
    """Steps of 30 seconds that a code may be early or late; 0 is the strict profile."""

    ASSURANCE: str = "jsda-2025"
    """Profile of the assurance policy that the first published ruleset starts with: ``jsda-2025``,
    ``jsda-2025-passkeys``, ``nist-800-63b-4``, ``nist-800-63b-4-aal3`` or ``psd2``. From then on the desk decides."""

    FRESH_PROOF_SECONDS: int = 900
    """How long a proof in the session satisfies a demand on pages. Orders need their own, always."""

    LOGIN_PATH: str = ""
    """Where a person signs in, a path of this site; empty: Django's ``LOGIN_URL``."""

    ORDER_GATEWAY: str = "authshield.backends.orders.NoBooks"
    """Dotted path of the broker's ``OrderGateway``."""

    SESSION_ENDER: str = "authshield.backends.sessions.DjangoSessions"
    """Dotted path of the ``SessionEnder``."""

    GEO_LOCATOR: str = "authshield.backends.geo.MmdbLocator"
    """Dotted path of the ``GeoLocator``."""

    CONTAINMENT_LINKS: bool = False
    """Whether notices carry a signed link that freezes the account, without a sign-in and one way. Off: a mail of a
    broker carries no link (JSDA)."""

    SITE_URL: str = ""
    """Address of the site in such links, ``https://…``: never taken from a request. Empty: no links."""

    FORMER_ADDRESS_DAYS: int = 30
    """How long notices also go to an address that the customer, or a thief, has replaced."""

    CUSTOMER_RECORDS: str = "authshield.backends.records.NoRecords"
    """Dotted path of the ``CustomerRecords``: what of the customer's data can be taken back after a takeover."""

    NOTIFIER: str = "authshield.backends.notify.EmailNotifier"
    """Dotted path of the ``Notifier``."""

    DEVICE_PROMPTER: str = ""
    """Dotted path of a ``DevicePrompter``, such as web push: it tells a customer's trusted devices that something
    waits there for a confirmation. Empty: customers are told by notice alone."""

    QUEUE: str = "authshield"
    """Celery queue of all tasks of this package."""

    STREAM_LENGTH: int = 1_000_000
    """Events that a scoring stream keeps while no worker reads it; older ones are dropped and counted."""

    STREAM_SHARDS: int = 1
    """Streams that events are shared among, by account: as many workers score at the same time."""

    HOLD_SECONDS: int = 86400
    """After this a held operation expires without effect."""

    JOURNAL_DAYS: int = 30
    """Retention of the journal of sign-ins and requests."""

    DEVICE_DAYS: int = 180
    """Retention of a device that is not used any more."""

    LEDGER_DAYS: int = 2557
    """Retention of decisions about money (seven years)."""


def current() -> Settings:
    """The settings in force now; Django's ``override_settings`` counts at once. Cost: below 1 µs."""
    return _read()


def sealing_keys() -> tuple[bytes, ...]:
    """The sealing keys, newest first; raises ``ConfigurationError`` where there is none. Cost: below 1 µs."""
    return _read_keys()


@lru_cache(maxsize=1)
def _read() -> Settings:
    values: dict[str, Any] = {}
    for field in fields(Settings):
        name = PREFIX + field.name
        if hasattr(django_settings, name):
            value = getattr(django_settings, name)
            values[field.name] = tuple(value) if isinstance(field.default, tuple) else value
    return Settings(**values)


@lru_cache(maxsize=1)
def _read_keys() -> tuple[bytes, ...]:
    keys = _read().SEALING_KEYS
    if not keys:
        msg = (
            "AUTHSHIELD_SEALING_KEYS is empty: set it to a list with at least one random string of 32 or more "
            "characters, such as `python -c 'import secrets; print(secrets.token_hex(32))'` prints"
        )
        raise ConfigurationError(msg)
    return tuple(key.encode() for key in keys)


def _forget(*, setting: str, **_: object) -> None:
    if setting.startswith(PREFIX):
        _read.cache_clear()
        _read_keys.cache_clear()


setting_changed.connect(_forget, dispatch_uid="authshield.conf")
