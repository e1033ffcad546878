"""The public RBA data set: its columns become sign-ins, and bad rows are named."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from authshield.replay.money import Base
from authshield.replay.parse import Setting
from authshield.replay.rba import NOT_USERS, rba_lines
from authshield.replay.reader import Problem, read
from authshield.replay.record import Record
from authshield.vocabulary.event import Login, Network

HEADER = (
    "index,Login Timestamp,User ID,Round-Trip Time [ms],IP Address,Country,Region,City,ASN,User Agent String,"
    "Browser Name and Version,OS Name and Version,Device Type,Login Successful,Is Attack IP,Is Account Takeover"
)
YEN = Setting(Base.of("JPY"), lambda _ip: Network())


def _row(**cells: str) -> str:
    row = {
        "index": "0",
        "Login Timestamp": "2020-02-03 12:43:30.772",
        "User ID": "-42",
        "IP Address": "10.0.65.171",
        "Country": "NO",
        "ASN": "29695",
        "User Agent String": '"Mozilla/5.0 (X11; Linux x86_64, like Gecko)"',
        "Login Successful": "True",
        "Is Attack IP": "False",
        "Is Account Takeover": "False",
    }
    row |= {name.replace("_", " "): value for name, value in cells.items()}
    return ",".join(row.get(name, "") for name in HEADER.split(","))


def _read(path: Path, *rows: str, header: str = HEADER) -> tuple[list[Record], list[Problem]]:
    path.write_text("\n".join([header, *rows]) + "\n")
    problems: list[Problem] = []
    return list(read([path], YEN, problems.append, lines_of=rba_lines)), problems


def test_a_row_becomes_a_sign_in(tmp_path: Path) -> None:
    """User, address, carrier, browser and outcome are taken; a takeover is labelled as fraud."""
    records, problems = _read(tmp_path / "a.csv", _row(), _row(**{"Is Account Takeover": "True"}))
    assert problems == []
    event = records[0].event
    assert (event.account, event.username, event.client.ip) == ("-42", "-42", "10.0.65.171")
    assert (event.network.asn, event.network.country) == (29695, "NO")
    assert event.client.user_agent == "Mozilla/5.0 (X11; Linux x86_64, like Gecko)"
    assert event.subject == Login(succeeded=True)
    assert records[0].time == "2020-02-03T12:43:30.772Z"
    assert [record.label for record in records] == ["legit", "fraud"]
    assert len({record.event.session for record in records}) == 2
    assert records[0].can_pass == records[1].can_pass


@pytest.mark.parametrize("user", sorted(NOT_USERS))
def test_bucket_users_are_no_accounts(tmp_path: Path, user: str) -> None:
    """Their rows count for addresses, and never as anybody's successful sign-in."""
    records, _ = _read(tmp_path / "a.csv", _row(**{"User ID": user}))
    assert records[0].event.account is None
    assert records[0].event.session is None
    assert records[0].event.subject == Login(succeeded=False)


def test_a_failed_row_has_no_session(tmp_path: Path) -> None:
    """As everywhere in the format."""
    records, _ = _read(tmp_path / "a.csv", _row(**{"Login Successful": "False"}))
    assert records[0].event.session is None


def test_whether_an_address_attacked_is_not_used(tmp_path: Path) -> None:
    """The data set's authors learnt that afterwards."""
    calm, _ = _read(tmp_path / "a.csv", _row())
    attack, _ = _read(tmp_path / "a.csv", _row(**{"Is Attack IP": "True"}))
    assert calm == attack


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ({"Login Timestamp": "yesterday"}, "time"),
        ({"Login Timestamp": "2020-02-03"}, "time"),
        ({"User ID": ""}, "User ID"),
        ({"IP Address": "nowhere"}, "ip"),
        ({"ASN": "AS12"}, "ASN"),
        ({"ASN": "9" * 30}, "ASN"),
        ({"ASN": "4294967296"}, "network.asn"),
        ({"Country": "Norway"}, "network.country"),
        ({"Login Successful": "maybe"}, "Login Successful"),
        ({"Is Account Takeover": ""}, "Is Account Takeover"),
        ({"User Agent String": "x" * 200_000}, "line"),
    ],
)
def test_a_bad_row_is_named_and_spoils_no_other(tmp_path: Path, cells: dict[str, str], field: str) -> None:
    """File, line and column, as for lines of JSON."""
    records, problems = _read(tmp_path / "a.csv", _row(), _row(**cells), _row())
    assert len(records) == 2
    assert [(problem.line, problem.field) for problem in problems] == [(3, field)]


def test_empty_cells_are_unknown(tmp_path: Path) -> None:
    """Country and carrier may be missing."""
    records, problems = _read(tmp_path / "a.csv", _row(Country="", ASN=""))
    assert problems == []
    assert records[0].event.network == Network()


def test_a_short_row_is_named(tmp_path: Path) -> None:
    """A row that was cut off is refused."""
    _, problems = _read(tmp_path / "a.csv", "1,2020-02-03 12:43:30.772,-42")
    assert problems[0].line == 2


@pytest.mark.parametrize("header", ["", "a,b,c"])
def test_a_file_without_the_columns_is_named(tmp_path: Path, header: str) -> None:
    """The missing column is said once, however many rows follow."""
    path = tmp_path / "a.csv"
    path.write_text(f"{header}\n{_row()}\n" if header else "")
    problems: list[Problem] = []
    assert list(read([path], YEN, problems.append, lines_of=rba_lines)) == []
    assert [problem.line for problem in problems] == [1]


def test_a_packed_file_is_read(tmp_path: Path) -> None:
    """``.csv.gz`` works as ``.csv`` does."""
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(f"{HEADER}\n{_row()}\n".encode()))
    problems: list[Problem] = []
    assert len(list(read([path], YEN, problems.append, lines_of=rba_lines))) == 1
