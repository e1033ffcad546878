"""System checks: unsafe settings, each with an id and a hint to paste. One function a concern.

Only ``E008`` asks the database, and so runs only where checks may (``check --database default``). What needs a
live Redis, worker or clock is for ``manage.py authshield_doctor``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register  # noqa: A004 - Django's names
from django.db import DatabaseError, connections

from authshield.conf import PREFIX, current
from authshield.errors import ConfigurationError, RuleError
from authshield.installation import (
    AUTHENTICATION,
    GUARD,
    MESSAGES,
    MIDDLEWARE,
    check_keys,
    check_values,
    known_names,
    nearest,
    with_guard,
    with_middleware,
)
from authshield.judge import compile_ruleset
from authshield.tune.rulebook import published

E_MIDDLEWARE_MISSING = "authshield.E001"
E_MIDDLEWARE_ORDER = "authshield.E002"
E_BROKER_CLUSTER = "authshield.E004"
E_VISIBILITY_TIMEOUT = "authshield.E005"
E_SIGNED_COOKIES = "authshield.E006"
E_SEALING_KEY = "authshield.E007"
E_RULESET = "authshield.E008"
W_LOCAL_REDIS = "authshield.W010"
W_COOKIES = "authshield.W013"
W_PROXIES = "authshield.W014"
W_GEOIP = "authshield.W015"
W_OTHER_BACKENDS = "authshield.W018"
W_UNKNOWN_SETTING = "authshield.W019"
I_OBSERVE = "authshield.I020"
E_GUARD = "authshield.E021"
E_VALUE = "authshield.E022"
W_GEOIP_FILE = "authshield.W023"
W_SQLITE = "authshield.W024"

SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
SIGNED_COOKIES = "django.contrib.sessions.backends.signed_cookies"
LIMITS_A_TIMEOUT = 4
DEFAULT_VISIBILITY_SECONDS = 3600

AXES = "keep it behind the guard, and let one of both count: AXES_ENABLED = False in enforce mode"
COMPANIONS = {
    "axes.backends.AxesStandaloneBackend": AXES,
    "axes.backends.AxesBackend": AXES,
    "allauth.account.auth_backends.AuthenticationBackend": (
        "keep it behind the guard, with ACCOUNT_RATE_LIMITS = {'login_failed': False}; a sign-in by a social "
        "account asks no password and so passes the guard by"
    ),
}


@register(Tags.security)
def check_middleware(**_: Any) -> Iterator[CheckMessage]:
    """The middleware is there, below what it needs."""
    names = list(settings.MIDDLEWARE)
    if MIDDLEWARE not in names:
        yield Error(f"{MIDDLEWARE} is not in MIDDLEWARE.", hint=_right_order(names), id=E_MIDDLEWARE_MISSING)
        return
    place = names.index(MIDDLEWARE)
    late = [name for name in (SESSIONS, AUTHENTICATION, MESSAGES) if name in names[place:]]
    if late or AUTHENTICATION not in names:
        missing = late or [AUTHENTICATION]
        what = f"{MIDDLEWARE} has to come after {' and '.join(missing)}."
        yield Error(
            what, hint=_right_order([name for name in names if name != MIDDLEWARE]), id=E_MIDDLEWARE_ORDER
        )


@register(Tags.security)
def check_guard(**_: Any) -> Iterator[CheckMessage]:
    """The guard sees every sign-in before a password is hashed."""
    backends = list(settings.AUTHENTICATION_BACKENDS)
    if backends[:1] != [GUARD]:
        right = with_guard([name for name in backends if name != GUARD])
        hint = f"AUTHENTICATION_BACKENDS = {right!r}"
        yield Error(f"{GUARD} is not the first of AUTHENTICATION_BACKENDS.", hint=hint, id=E_GUARD)


@register(Tags.security)
def check_companions(**_: Any) -> Iterator[CheckMessage]:
    """Other apps that guard sign-ins."""
    for name in settings.AUTHENTICATION_BACKENDS:
        if name in COMPANIONS:
            yield Warning(f"{name} guards sign-ins too.", hint=COMPANIONS[name], id=W_OTHER_BACKENDS)


@register(Tags.security)
def check_sessions(**_: Any) -> Iterator[CheckMessage]:
    """A session can be ended on the server."""
    if settings.SESSION_ENGINE == SIGNED_COOKIES:
        yield Error(
            "SESSION_ENGINE keeps sessions in signed cookies, where nobody can end them.",
            hint="SESSION_ENGINE = 'django.contrib.sessions.backends.db'",
            id=E_SIGNED_COOKIES,
        )


@register(Tags.security)
def check_sealing(**_: Any) -> Iterator[CheckMessage]:
    """There is a key to seal with, and it is nothing else's."""
    try:
        check_keys(current().SEALING_KEYS, secret_key=settings.SECRET_KEY)
    except ConfigurationError as error:
        hint = f"{PREFIX}SEALING_KEYS = [os.environ['{PREFIX}SEALING_KEY']]"
        yield Error(str(error), hint=hint, id=E_SEALING_KEY)


@register(Tags.security)
def check_given_values(**_: Any) -> Iterator[CheckMessage]:
    """Values make sense; the keys are ``check_sealing``'s."""
    given = {name: getattr(settings, name) for name in known_names() if hasattr(settings, name)}
    given.pop(f"{PREFIX}SEALING_KEYS", None)
    try:
        check_values(given)
    except ConfigurationError as error:
        yield Error(str(error), hint="Print what is in force: manage.py authshield_settings", id=E_VALUE)


@register(Tags.security)
def check_names(**_: Any) -> Iterator[CheckMessage]:
    """Every ``AUTHSHIELD_…`` setting is one that is read."""
    known = set(known_names())
    for name in dir(settings):
        if name.startswith(PREFIX) and name not in known:
            meant = nearest(name)
            hint = (
                f"Did you mean {meant}?"
                if meant
                else "Remove it; manage.py authshield_settings prints all names."
            )
            yield Warning(f"{name} is no setting of AuthShield.", hint=hint, id=W_UNKNOWN_SETTING)


@register(Tags.security)
def check_broker(**_: Any) -> Iterator[CheckMessage]:
    """Celery's broker is one that Celery can use."""
    url = str(_celery("BROKER_URL", ""))
    if "cluster" in url.lower():
        yield Error(
            "Celery's broker is a Redis Cluster, which Celery does not support.",
            hint="CELERY_BROKER_URL = 'redis://…' of a single server or 'sentinel://…'; the counters may stay "
            f"on the Cluster ({PREFIX}REDIS_URL)",
            id=E_BROKER_CLUSTER,
        )


@register(Tags.security)
def check_visibility(**_: Any) -> Iterator[CheckMessage]:
    """A task that still runs is not handed out a second time."""
    options = _celery("BROKER_TRANSPORT_OPTIONS", {}) or {}
    timeout = options.get("visibility_timeout", DEFAULT_VISIBILITY_SECONDS)
    limit = _celery("TASK_TIME_LIMIT", None) or tasks().TIME_LIMIT
    least = LIMITS_A_TIMEOUT * limit
    if timeout < least:
        yield Error(
            f"Celery's visibility timeout of {timeout} s is under {LIMITS_A_TIMEOUT} task limits of {limit} s.",
            hint=f"CELERY_BROKER_TRANSPORT_OPTIONS = {{'visibility_timeout': {least}}}",
            id=E_VISIBILITY_TIMEOUT,
        )


@register(Tags.security)
def check_proxies(**_: Any) -> Iterator[CheckMessage]:
    """Behind a proxy, the client's address is not the proxy's."""
    signs = [name for name in ("SECURE_PROXY_SSL_HEADER", "USE_X_FORWARDED_HOST") if getattr(settings, name)]
    if signs and not current().TRUSTED_PROXIES:
        yield Warning(
            f"{' and '.join(signs)} tell of a proxy, but {PREFIX}TRUSTED_PROXIES is empty: all have its address.",
            hint=f"{PREFIX}TRUSTED_PROXIES = ['10.0.0.0/8']  # the proxies' own addresses",
            id=W_PROXIES,
        )


@register(Tags.security)
def check_geoip(**_: Any) -> Iterator[CheckMessage]:
    """Places and carriers can be known."""
    paths = current().GEOIP
    if not paths:
        yield Warning(
            f"{PREFIX}GEOIP is empty: rules on network.country, network.asn, network.kind and network.travel_kmh "
            "never match.",
            hint=f"{PREFIX}GEOIP = ['/var/lib/GeoIP/GeoLite2-City.mmdb', '/var/lib/GeoIP/GeoLite2-ASN.mmdb']",
            id=W_GEOIP,
        )
    for path in paths:
        if not Path(path).is_file():
            hint = f"Put the file there, or take it out of {PREFIX}GEOIP."
            yield Warning(f"{PREFIX}GEOIP names {path!r}, which is not there.", hint=hint, id=W_GEOIP_FILE)


@register(Tags.security)
def check_sqlite(**_: Any) -> Iterator[CheckMessage]:
    """SQLite begins as a reader, and gives up at once where a worker writes before it does."""
    for one in connections.all():
        if one.vendor == "sqlite" and "transaction_mode" not in one.settings_dict["OPTIONS"]:
            yield Warning(
                f"Database {one.alias!r} is SQLite that begins as a reader: beside a worker, orders fail.",
                hint=f"DATABASES[{one.alias!r}]['OPTIONS'] = {{'transaction_mode': 'IMMEDIATE', "
                "'init_command': 'PRAGMA journal_mode=WAL;'}",
                id=W_SQLITE,
            )


@register(Tags.security)
def check_mode(**_: Any) -> Iterator[CheckMessage]:
    """Observe mode stops nobody; that should be known."""
    if current().MODE == "observe":
        yield Info(
            "AuthShield observes: it records every decision and stops nobody.",
            hint=f"{PREFIX}MODE = 'enforce'  # once the recorded decisions look right",
            id=I_OBSERVE,
        )


@register(Tags.security, deploy=True)
def check_local_redis(**_: Any) -> Iterator[CheckMessage]:
    """Web nodes share their counters."""
    url = urlsplit(current().REDIS_URL)
    if url.scheme == "unix" or url.hostname in {"localhost", "127.0.0.1", "::1"}:
        yield Warning(
            "The counters are on a Redis of this machine alone: other web nodes would count apart.",
            hint=f"{PREFIX}REDIS_URL = 'rediss://…'  # one that all web nodes and workers reach",
            id=W_LOCAL_REDIS,
        )


@register(Tags.security, deploy=True)
def check_cookies(**_: Any) -> Iterator[CheckMessage]:
    """Session cookies stay where they belong."""
    wanted = {
        "SESSION_COOKIE_SECURE": (True,),
        "CSRF_COOKIE_SECURE": (True,),
        "SESSION_COOKIE_HTTPONLY": (True,),
        "SESSION_COOKIE_SAMESITE": ("Lax", "Strict"),
    }
    for name, values in wanted.items():
        value = getattr(settings, name)
        if value not in values:
            yield Warning(f"{name} is {value!r}.", hint=f"{name} = {values[0]!r}", id=W_COOKIES)


@register(Tags.database)
def check_ruleset(databases: Sequence[str] | None = None, **_: Any) -> Iterator[CheckMessage]:
    """The published ruleset compiles. Cost: 1 query."""
    if not databases:
        return
    try:
        source = published()
    except DatabaseError:  # the tables are not there yet: `migrate` checks before it makes them
        return
    except RuleError as error:
        yield _broken_ruleset(error)
        return
    try:
        if source is not None:
            compile_ruleset(source)
    except RuleError as error:
        yield _broken_ruleset(error)


def _broken_ruleset(error: RuleError) -> CheckMessage:
    hint = "Roll back to a version that does, in the admin under “published rulesets”."
    return Error(f"The published ruleset does not compile: {error}", hint=hint, id=E_RULESET)


def _right_order(names: list[str]) -> str:
    try:
        return f"MIDDLEWARE = {with_middleware(names)!r}"
    except ConfigurationError as error:
        return str(error)


def _celery(name: str, default: Any) -> Any:
    """A setting of Celery: under the prefix that its own documentation uses with Django, or of the app in use."""
    return getattr(settings, f"CELERY_{name}", None) or tasks().celery_value(name.lower()) or default


def tasks() -> Any:
    """The Celery entry points, imported when they are asked for: a web process has no need of Celery."""
    from authshield import tasks as entry_points  # noqa: PLC0415 - see above

    return entry_points
