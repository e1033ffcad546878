"""Places and carriers come from local files, and are unknown where those say nothing."""

import os
from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet
from pytest_django.fixtures import Settings

from authshield.backends import geo
from authshield.backends.geo import MmdbLocator, place_of
from authshield.vocabulary.event import Network

TOKYO: dict[str, Any] = {
    "country": {"iso_code": "JP", "names": {"en": "Japan", "ja": "日本"}},
    "city": {"names": {"en": "Tokyo", "ja": "東京"}},
    "location": {"latitude": 35.68, "longitude": 139.69, "accuracy_radius": 20},
}


def write(path: Path, **records: dict[str, Any]) -> str:
    """Write a file of networks; ``_`` stands for the dot and ``__`` for the slash of a network."""
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Test")
    for name, record in records.items():
        network = name.removeprefix("n").replace("__", "/").replace("_", ".")
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(path))
    return str(path)


def test_the_first_file_that_knows_a_field_wins(tmp_path: Path, settings: Settings) -> None:
    """City from one file and carrier from another make one answer."""
    city = write(tmp_path / "city.mmdb", n192_0_2_0__24=TOKYO)
    asn = write(
        tmp_path / "asn.mmdb",
        n192_0_2_0__24={"autonomous_system_number": 64496, "country": {"iso_code": "US"}},
    )
    settings.AUTHSHIELD_GEOIP = [city, asn]
    locator = MmdbLocator()
    assert locator.locate("192.0.2.7") == Network(64496, "JP", 35.68, 139.69, 20.0, "")
    assert locator.place("192.0.2.7") == "Tokyo, Japan"


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ({"traits": {"user_type": "residential"}}, "residential"),
        ({"traits": {"connection_type": "Cellular"}}, "mobile"),
        ({"traits": {"user_type": "college"}}, "business"),
        ({"traits": {"user_type": "residential", "is_hosting_provider": True}}, "hosting"),
        ({"traits": {"is_hosting_provider": True, "is_tor_exit_node": True}}, "anonymizer"),
        ({"is_anonymous_proxy": True}, "anonymizer"),
        ({"traits": {"is_anonymous": False, "user_type": "something new"}}, ""),
        ({"traits": "not a map"}, ""),
    ],
)
def test_the_kind_of_network_is_read_from_what_files_call_it(
    tmp_path: Path, settings: Settings, record: dict[str, Any], kind: str
) -> None:
    """Anonymisers before data centres before what the customers are; a word that is new is unknown."""
    settings.AUTHSHIELD_GEOIP = [write(tmp_path / "kind.mmdb", n192_0_2_0__24=record)]
    assert MmdbLocator().locate("192.0.2.7").kind == kind


def test_flat_layouts_are_understood(tmp_path: Path, settings: Settings) -> None:
    """Files of IPinfo and ip-location-db have no nested maps."""
    record = {"country_code": "jp", "asn": "AS64500", "latitude": "0.0", "longitude": "x"}
    settings.AUTHSHIELD_GEOIP = [write(tmp_path / "flat.mmdb", n192_0_2_0__24=record)]
    locator = MmdbLocator()
    assert locator.locate("192.0.2.7") == Network(64500, "JP", 0.0, None, 0.0, "")
    assert locator.place("192.0.2.7") == "JP"


def test_what_no_file_knows_is_unknown(tmp_path: Path, settings: Settings) -> None:
    """An address outside, one that is none, a missing and a damaged file: nothing is guessed, nothing fails."""
    broken = tmp_path / "broken.mmdb"
    broken.write_bytes(b"no database")
    odd = {"country": {"iso_code": "JAPAN"}, "autonomous_system_number": "AS²"}
    good = write(tmp_path / "good.mmdb", n192_0_2_0__24=odd)
    settings.AUTHSHIELD_GEOIP = [str(tmp_path / "missing.mmdb"), str(broken), good]
    locator = MmdbLocator()
    for address in ("198.51.100.1", "not an address", "", "192.0.2.1"):
        assert locator.locate(address) == Network()
        assert locator.place(address) == ""


def test_an_ipv6_address_in_a_file_of_ipv4_ones_is_unknown(tmp_path: Path, settings: Settings) -> None:
    """The reader's refusal is no failure of a sign-in."""
    path = tmp_path / "four.mmdb"
    writer = MMDBWriter(ip_version=4, database_type="Test")
    writer.insert_network(IPSet(["192.0.2.0/24"]), TOKYO)
    writer.to_db_file(str(path))
    settings.AUTHSHIELD_GEOIP = [str(path)]
    assert MmdbLocator().locate("2001:db8::1") == Network()


def test_a_file_that_changes_is_read_anew(tmp_path: Path, settings: Settings) -> None:
    """An update of the data counts once the files are looked at again, every second, without a restart."""
    path = tmp_path / "city.mmdb"
    settings.AUTHSHIELD_GEOIP = [write(path, n192_0_2_0__24=TOKYO)]
    locator = MmdbLocator()
    assert locator.locate("192.0.2.7").country == "JP"
    write(path, n192_0_2_0__24={"country": {"iso_code": "SG"}})
    os.utime(path, ns=(1, 1))
    locator._look_again = 0.0
    assert locator.locate("192.0.2.7").country == "SG"


def test_without_the_package_everything_is_unknown(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra is optional: a site without it signs people in all the same."""
    settings.AUTHSHIELD_GEOIP = [write(tmp_path / "city.mmdb", n192_0_2_0__24=TOKYO)]
    monkeypatch.setitem(vars(geo), "maxminddb", None)
    assert MmdbLocator().locate("192.0.2.7") == Network()


def test_a_locator_without_words_gives_the_country() -> None:
    """A broker's own locator need not know names of places."""
    assert place_of("192.0.2.7", Network(country="JP"), object()) == "JP"
