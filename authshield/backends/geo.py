"""Looks addresses up in local MMDB files: the only home of ``maxminddb``. Must not reach the network.

Optional at every step: without the package, a file, or an entry, the field is unknown. Understands the
layouts of MaxMind, DB-IP, IPinfo and ip-location-db.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import Any

from authshield.conf import current
from authshield.vocabulary.event import Network

maxminddb: Any
try:
    import maxminddb
except ImportError:  # the extra `geoip` is not installed
    maxminddb = None

logger = logging.getLogger("authshield.geo")

CACHED_ADDRESSES = 8192
LOOK_AGAIN_SECONDS = 1.0
ENGLISH = "en"
UNKNOWN = Network()
Record = Mapping[str, Any]
Signature = tuple[tuple[str, int], ...]

_ANONYMIZER = (
    "is_anonymous",
    "is_anonymous_proxy",
    "is_anonymous_vpn",
    "is_public_proxy",
    "is_residential_proxy",
    "is_tor_exit_node",
)
_KINDS = {
    "residential": "residential",
    "cable/dsl": "residential",
    "isp": "residential",
    "cellular": "mobile",
    "mobile": "mobile",
    "business": "business",
    "corporate": "business",
    "college": "business",
    "school": "business",
    "government": "business",
    "hosting": "hosting",
    "anonymizer": "anonymizer",
}


class MmdbLocator:
    """The files of ``AUTHSHIELD_GEOIP``: the first that knows a field wins; a changed one is read in a second."""

    def __init__(self) -> None:
        self._signature: Signature | None = None
        self._look_again = 0.0
        self._paths: tuple[str, ...] | None = None
        self._use([])

    def locate(self, ip: str) -> Network:
        """What is known of the address. Cost: below 1 µs, plus 10 µs for a new address."""
        self._follow_files()
        return self._networks(ip)

    def place(self, ip: str, language: str = ENGLISH) -> str:
        """City and country for people, the country's code where it has no name, empty if unknown."""
        self._follow_files()
        return self._places(ip, language)

    def _follow_files(self) -> None:
        paths, tick = current().GEOIP, monotonic()
        if tick < self._look_again and paths is self._paths:
            return
        self._look_again, self._paths = tick + LOOK_AGAIN_SECONDS, paths
        signature = _signature(paths)
        if signature != self._signature:
            self._use([reader for path, _ in signature if (reader := _open(path)) is not None])
            self._signature = signature

    def _use(self, readers: list[Any]) -> None:
        cached = lru_cache(CACHED_ADDRESSES)
        self._networks = cached(lambda address: _network(_look_up(readers, address)))
        told = lru_cache(CACHED_ADDRESSES)
        self._places = told(lambda address, language: _place(_look_up(readers, address), language))


def _place(records: tuple[Record, ...], language: str) -> str:
    city = _name(_first(records, "city"), language)
    country = _name(_first(records, "country"), language) or _code(_first(records, "country", "country_code"))
    return ", ".join(part for part in (city, country) if part)[:100]


def place_of(ip: str, network: Network, locator: object) -> str:
    """A place in words: the locator's own if it has any, else the country's code."""
    if isinstance(locator, MmdbLocator) and (place := locator.place(ip)):
        return place
    return network.country


def place_told(recorded: str, ip: str, language: str, locator: object) -> str:
    """A place that was recorded, in a reader's language as far as the files know its names there.

    As it was recorded where the address has moved since, or nothing was. Cost: as ``MmdbLocator.place``, twice.
    """
    is_known = recorded and ip and isinstance(locator, MmdbLocator) and locator.place(ip) == recorded
    return locator.place(ip, language) if is_known and isinstance(locator, MmdbLocator) else recorded


def _signature(paths: tuple[str, ...]) -> Signature:
    found = []
    for path in paths:
        try:
            found.append((path, Path(path).stat().st_mtime_ns))
        except OSError:
            continue  # `check` says so; a sign-in does not fail for it
    return tuple(found)


def _open(path: str) -> Any:
    if maxminddb is None:
        logger.warning("AUTHSHIELD_GEOIP needs the package maxminddb: pip install authshield[geoip]")
        return None
    try:
        return maxminddb.open_database(path, maxminddb.MODE_AUTO)
    except (maxminddb.InvalidDatabaseError, OSError, ValueError):
        logger.exception("AUTHSHIELD_GEOIP: %s is not a usable MMDB file, its fields are unknown", path)
        return None


def _look_up(readers: list[Any], address: str) -> tuple[Record, ...]:
    if not readers:
        return ()
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ()
    found = []
    for reader in readers:
        try:
            record = reader.get(parsed)
        except (maxminddb.InvalidDatabaseError, ValueError):
            continue  # a damaged entry, or an IPv6 address in a file of IPv4 ones
        if isinstance(record, dict):
            found.append(_flat(record))
    return tuple(found)


def _flat(record: Record) -> Record:
    traits = record.get("traits")
    return {**(traits if isinstance(traits, dict) else {}), **record}


def _network(records: tuple[Record, ...]) -> Network:
    if not records:
        return UNKNOWN
    location = _first(records, "location")
    point: Record = location if isinstance(location, dict) else {}
    return Network(
        asn=_asn(_first(records, "autonomous_system_number", "asn")),
        country=_code(_first(records, "country", "country_code")),
        lat=_number(point.get("latitude", _first(records, "latitude"))),
        lon=_number(point.get("longitude", _first(records, "longitude"))),
        radius_km=_number(point.get("accuracy_radius")) or 0.0,
        kind=_kind(records),
    )


def _first(records: tuple[Record, ...], *names: str) -> Any:
    found = (record.get(name) for record in records for name in names)
    return next((value for value in found if value is not None and value != ""), None)


def _kind(records: tuple[Record, ...]) -> str:
    if any(record.get(name) is True for record in records for name in _ANONYMIZER):
        return "anonymizer"
    if any(record.get("is_hosting_provider") is True for record in records):
        return "hosting"
    word = _first(records, "user_type", "connection_type", "network_kind")
    return _KINDS.get(str(word or "").lower(), "")


def _code(country: Any) -> str:
    code = country.get("iso_code") if isinstance(country, dict) else country
    return code.upper() if isinstance(code, str) and len(code) == 2 and code.isalpha() else ""  # noqa: PLR2004


def _asn(value: Any) -> int:
    digits = str(value or "").upper().removeprefix("AS")
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None


def _name(thing: Any, language: str) -> str:
    names = thing.get("names") if isinstance(thing, dict) else None
    return str(names.get(language) or names.get(ENGLISH, "")) if isinstance(names, dict) else ""
