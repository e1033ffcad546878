"""``authshield.install(globals(), …)``: the last line of a broker's settings. Sets only what is unset.

Runs while the settings are being read, so it must import neither Django's settings nor any model.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import fields
from difflib import get_close_matches
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from authshield.conf import PREFIX, Settings
from authshield.errors import ConfigurationError

APPS = ("django_otp", "django_otp_webauthn", "authshield")
MIDDLEWARE = "authshield.middleware.AuthShieldMiddleware"
GUARD = "authshield.authentication.GuardBackend"
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
MESSAGES = "django.contrib.messages.middleware.MessageMiddleware"
MODES = ("observe", "enforce")
REDIS_SCHEMES = (
    "redis://",
    "rediss://",
    "unix://",
    "redis+sentinel://",
    "rediss+sentinel://",
    "redis+cluster://",
    "rediss+cluster://",
)
KEY_LENGTH = 32
ORIGINS = "OTP_WEBAUTHN_ALLOWED_ORIGINS"
RP_ID = "OTP_WEBAUTHN_RP_ID"
RP_NAME = "OTP_WEBAUTHN_RP_NAME"
HELPER = "OTP_WEBAUTHN_HELPER_CLASS"
OWN_HELPER = "authshield.factors.passkey_helper.PasskeyHelper"
LOCALHOST = "localhost"
"""The one host on which browsers allow passkeys without https; an address such as 127.0.0.1 is none."""

UNIX_SOCKET = "unix"
"""Stands for a proxy on a unix socket, whose peer has no address."""

Namespace = MutableMapping[str, Any]


def install(
    namespace: Namespace,
    *,
    redis_url: str | None = None,
    sealing_keys: Sequence[str] | None = None,
    trusted_proxies: Sequence[str] | None = None,
    mode: str | None = None,
    origins: Sequence[str] | None = None,
    **more: Any,
) -> None:
    """Install into the settings module whose ``globals()`` are given.

    Adds the apps, the middleware and the sign-in guard in their places, and the ``AUTHSHIELD_…`` settings that
    are given and not set yet. ``more`` are further settings by their names in small letters, such as
    ``geoip=[…]`` or ``order_gateway="…"``. What the settings hold already is never overwritten. It starts in
    observe mode. ``origins`` are those of the site's pages, such as ``https://trade.example.jp``: passkeys work
    on them alone, and belong to the host of the first for good (``OTP_WEBAUTHN_RP_ID``).

    Raises:
        ConfigurationError: something given makes no sense, contradicts what is set, or is missing.
    """
    named = {
        "redis_url": redis_url,
        "sealing_keys": sealing_keys,
        "trusted_proxies": trusted_proxies,
        "mode": mode,
    }
    given = {name: value for name, value in {**named, **more}.items() if value is not None}
    values = {_setting(name): value for name, value in given.items()}
    for name, value in values.items():
        if name in namespace and not _same(namespace[name], value):
            msg = (
                f"{name} is set to {namespace[name]!r}, and authshield.install() is given {value!r}: keep one"
            )
            raise ConfigurationError(
                msg if "SEALING" not in name else f"{name} is set, and given otherwise: keep one"
            )
    merged = {**values, **{name: namespace[name] for name in namespace if name.startswith(PREFIX)}}
    merged.setdefault(f"{PREFIX}MODE", Settings.MODE)
    check_values(merged)
    check_keys(merged.get(f"{PREFIX}SEALING_KEYS", ()), secret_key=namespace.get("SECRET_KEY", ""))
    places = _places(namespace)
    passkeys = _passkeys(namespace, merged, origins)
    namespace.update(merged)
    namespace.update(places)
    namespace.update(passkeys)


def check_values(values: Mapping[str, Any]) -> None:
    """Raise ``ConfigurationError`` for the first value that makes no sense. ``values`` go by full setting names."""
    mode = values.get(f"{PREFIX}MODE", Settings.MODE)
    if mode not in MODES:
        raise ConfigurationError(f"{PREFIX}MODE is {mode!r}: set it to 'observe' or 'enforce'")
    url = values.get(f"{PREFIX}REDIS_URL", Settings.REDIS_URL)
    if not isinstance(url, str) or not url.startswith(REDIS_SCHEMES):
        raise ConfigurationError(
            f"{PREFIX}REDIS_URL is {url!r}: it begins with redis://, rediss:// or unix://, "
            "redis+sentinel:// or redis+cluster://"
        )
    if "+sentinel://" in url and not urlsplit(url).path.strip("/"):
        raise ConfigurationError(
            f"{PREFIX}REDIS_URL names sentinels: end it with the service's name, as …/mymaster"
        )
    for name in ("SEALING_KEYS", "TRUSTED_PROXIES", "GEOIP"):
        value = values.get(PREFIX + name, ())
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise ConfigurationError(f"{PREFIX}{name} is a {type(value).__name__}: make it a list of strings")
    check_proxies(values.get(f"{PREFIX}TRUSTED_PROXIES", ()))


def check_origins(origins: Sequence[str], rp_id: str) -> None:
    """Raise ``ConfigurationError`` for an origin on which no browser would let this site's passkeys be used."""
    if isinstance(origins, str) or not isinstance(origins, Sequence):
        raise ConfigurationError(f"{ORIGINS} is a {type(origins).__name__}: make it a list of strings")
    for origin in origins:
        parts = urlsplit(origin)
        host = parts.hostname or ""
        is_plain = origin == f"{parts.scheme}://{parts.netloc}" and bool(host)
        if not is_plain or not (parts.scheme == "https" or (parts.scheme == "http" and host == LOCALHOST)):
            raise ConfigurationError(
                f"{ORIGINS} holds {origin!r}: an origin is https://, a host name and, if it is not 443, a port; "
                f"without https only http://{LOCALHOST}:8000 and the like"
            )
        if host != rp_id and not host.endswith(f".{rp_id}"):
            raise ConfigurationError(
                f"{ORIGINS} holds {origin!r}, which is outside of {RP_ID} {rp_id!r}: no browser would use a "
                "passkey there"
            )


def check_proxies(proxies: Sequence[str]) -> None:
    """Raise ``ConfigurationError`` for a proxy that is neither an address nor a network."""
    for proxy in proxies:
        if proxy == UNIX_SOCKET:
            continue
        try:
            ip_network(proxy, strict=False)
        except ValueError as error:
            msg = (
                f"{PREFIX}TRUSTED_PROXIES holds {proxy!r}, which is no address, no network such as 10.0.0.0/8, "
                f"and not {UNIX_SOCKET!r}"
            )
            raise ConfigurationError(msg) from error


def check_keys(keys: Sequence[str], *, secret_key: str) -> None:
    """Raise ``ConfigurationError`` for a sealing key that is missing, short or shared. Names no key."""
    way_out = "make one with: python -c 'import secrets; print(secrets.token_hex(32))'"
    if not keys:
        raise ConfigurationError(
            f"{PREFIX}SEALING_KEYS is empty, and nothing can be sealed without: {way_out}"
        )
    for place, key in enumerate(keys, start=1):
        if len(key) < KEY_LENGTH:
            msg = f"{PREFIX}SEALING_KEYS: key {place} is shorter than {KEY_LENGTH} characters: {way_out}"
            raise ConfigurationError(msg)
        if key == secret_key:
            msg = f"{PREFIX}SEALING_KEYS: key {place} is SECRET_KEY, which signs other things too: {way_out}"
            raise ConfigurationError(msg)


def known_names() -> tuple[str, ...]:
    """Every setting's full name."""
    return tuple(PREFIX + field.name for field in fields(Settings))


def nearest(name: str) -> str:
    """The known setting that a name most likely means, empty where none is near."""
    return next(iter(get_close_matches(name, known_names(), n=1, cutoff=0.7)), "")


def with_middleware(middleware: Sequence[str]) -> list[str]:
    """A middleware list with ours in its place: after authentication and messages."""
    if MIDDLEWARE in middleware:
        return list(middleware)
    before = [place for place, name in enumerate(middleware) if name in {AUTHENTICATION, MESSAGES}]
    if AUTHENTICATION not in middleware:
        msg = (
            f"MIDDLEWARE has no {AUTHENTICATION!r}, which AuthShield needs: add it, and call "
            "authshield.install(globals(), …) on the last line of the settings"
        )
        raise ConfigurationError(msg)
    at = max(before) + 1
    return [*middleware[:at], MIDDLEWARE, *middleware[at:]]


def with_guard(backends: Sequence[str]) -> list[str]:
    """Authentication backends with the guard in front; one that is there already stays where it is."""
    return list(backends) if GUARD in backends else [GUARD, *backends]


def _places(namespace: Namespace) -> dict[str, list[str]]:
    for name in ("INSTALLED_APPS", "MIDDLEWARE"):
        if not isinstance(namespace.get(name), (list, tuple)):
            msg = f"{name} is no list yet: call authshield.install(globals(), …) on the last line of the settings"
            raise ConfigurationError(msg)
    apps = list(namespace["INSTALLED_APPS"])
    has_ours = any(app.startswith("authshield.apps.") for app in apps)
    missing = [app for app in APPS if app not in apps and not (app == "authshield" and has_ours)]
    return {
        "INSTALLED_APPS": [*apps, *missing],
        "MIDDLEWARE": with_middleware(namespace["MIDDLEWARE"]),
        "AUTHENTICATION_BACKENDS": with_guard(namespace.get("AUTHENTICATION_BACKENDS", [MODEL_BACKEND])),
    }


def _passkeys(
    namespace: Namespace, merged: Mapping[str, Any], origins: Sequence[str] | None
) -> dict[str, Any]:
    """The settings of django-otp-webauthn that are not set yet."""
    if origins is not None and ORIGINS in namespace and not _same(namespace[ORIGINS], origins):
        msg = f"{ORIGINS} is set to {namespace[ORIGINS]!r}, and authshield.install() is given {origins!r}: keep one"
        raise ConfigurationError(msg)
    usable = namespace.get(ORIGINS) or origins or guessed_origins(namespace)
    rp_id = str(namespace.get(RP_ID) or urlsplit(next(iter(usable), "")).hostname or LOCALHOST)
    check_origins(usable, rp_id)
    values = {
        ORIGINS: list(usable),
        RP_ID: rp_id,
        RP_NAME: merged.get(f"{PREFIX}ISSUER", Settings.ISSUER),
        HELPER: OWN_HELPER,
    }
    return {name: value for name, value in values.items() if not namespace.get(name)}


def guessed_origins(namespace: Mapping[str, Any]) -> list[str]:
    """The https origins that Django's own settings name; for a site that names none, that of its own runserver."""
    trusted = [origin for origin in namespace.get("CSRF_TRUSTED_ORIGINS", ()) if "*" not in origin]
    hosts = [host for host in namespace.get("ALLOWED_HOSTS", ()) if host[:1] not in {"*", "."}]
    named = [origin for origin in trusted if origin.startswith("https://")]
    named += [f"https://{host}" for host in hosts if "." in host and not _is_address(host)]
    first = urlsplit(named[0]).hostname if named else None
    same = [
        origin for origin in dict.fromkeys(named) if f".{urlsplit(origin).hostname}".endswith(f".{first}")
    ]
    return same or [f"http://{LOCALHOST}:8000"]


def _is_address(host: str) -> bool:
    return host.startswith("[") or host.replace(".", "").isdigit()


def _setting(option: str) -> str:
    name = PREFIX + option.upper()
    if name not in known_names():
        hint = nearest(name)
        meant = f"; did you mean {hint.removeprefix(PREFIX).lower()!r}?" if hint else ""
        raise ConfigurationError(f"authshield.install() knows no option {option!r}{meant}")
    return name


def _same(first: Any, second: Any) -> bool:
    if isinstance(first, (list, tuple)) and isinstance(second, (list, tuple)):
        return list(first) == list(second)
    return bool(first == second)
