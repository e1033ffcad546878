"""Write demo.mmdb: `python -m demo_site.geo.make`. Every place in it is real, every carrier made up.

Loopback addresses stand for people in different places: a script that binds its socket to 127.2.0.9 comes from
Sapporo, one on 127.0.0.66 from a data centre in Singapore. Must not be needed at run time.
"""

from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet

PATH = Path(__file__).parent / "demo.mmdb"
CITIES = {
    "tokyo": ("JP", "Tokyo", "東京", 35.68, 139.69, 20),
    "osaka": ("JP", "Osaka", "大阪", 34.69, 135.50, 30),
    "sapporo": ("JP", "Sapporo", "札幌", 43.06, 141.35, 20),
    "singapore": ("SG", "Singapore", "シンガポール", 1.35, 103.82, 20),
    "amsterdam": ("NL", "Amsterdam", "アムステルダム", 52.37, 4.89, 20),
    "frankfurt": ("DE", "Frankfurt", "フランクフルト", 50.11, 8.68, 20),
    "": ("US", "", "", 37.75, -97.82, 1000),
}
COUNTRIES = {
    "JP": ("Japan", "日本"),
    "SG": ("Singapore", "シンガポール"),
    "US": ("United States", "アメリカ合衆国"),
    "NL": ("Netherlands", "オランダ"),
    "DE": ("Germany", "ドイツ"),
}
# Network, city, number and name of the carrier, kind. The most specific network wins, whatever the order.
NETWORKS = (
    ("127.0.0.0/8", "", 64510, "Prairie Home Fiber", "residential"),
    ("127.0.0.0/24", "singapore", 64511, "Straits Hosting", "hosting"),
    ("127.0.0.1/32", "tokyo", 64496, "Kanda Hikari", "residential"),
    ("127.1.0.0/16", "osaka", 64497, "Naniwa Mobile", "mobile"),
    ("127.2.0.0/16", "sapporo", 64498, "Kita Net", "residential"),
    ("192.0.2.0/24", "frankfurt", 64499, "Main Rechenzentrum", "hosting"),
    ("198.51.100.0/24", "amsterdam", 64500, "Tulip Relay", "anonymizer"),
    ("203.0.113.0/24", "tokyo", 64512, "Sumida Broadband", "residential"),
    ("::1/128", "tokyo", 64496, "Kanda Hikari", "residential"),
    ("2001:db8::/32", "osaka", 64513, "Yodo Six", "residential"),
)


def write(path: Path) -> None:
    """Write the file. Cost: milliseconds."""
    writer = MMDBWriter(
        ip_version=6,
        ipv4_compatible=True,
        database_type="AuthShield-Demo-City-ASN",
        languages=["en", "ja"],
        description="AuthShield demo: made-up carriers on loopback and documentation networks",
    )
    for network, city, asn, carrier, kind in sorted(NETWORKS, key=_prefix_length):
        writer.insert_network(IPSet([network]), _record(city, asn, carrier, kind))
    writer.to_db_file(str(path))


def _prefix_length(row: tuple[str, str, int, str, str]) -> int:
    return int(row[0].rpartition("/")[2])


def _record(city: str, asn: int, carrier: str, kind: str) -> dict[str, Any]:
    country, name_en, name_ja, latitude, longitude, radius = CITIES[city]
    record: dict[str, Any] = {
        "country": {"iso_code": country, "names": dict(zip(("en", "ja"), COUNTRIES[country], strict=True))},
        "location": {"latitude": latitude, "longitude": longitude, "accuracy_radius": radius},
        "autonomous_system_number": asn,
        "autonomous_system_organization": carrier,
        "traits": {
            "user_type": kind,
            "is_hosting_provider": kind == "hosting",
            "is_anonymous": kind == "anonymizer",
        },
    }
    if name_en:
        record["city"] = {"names": {"en": name_en, "ja": name_ja}}
    return record


if __name__ == "__main__":
    write(PATH)
