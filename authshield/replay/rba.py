"""The public RBA login data set (Wiefling et al. 2022) as sign-ins: its CSV columns become lines of our format.

Must not use ``Is Attack IP``: it is what the data set's authors learnt afterwards. docs/replay.md tells the mapping.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO

from authshield.replay.fields import Body, FieldError, show

# Not people (card of the data set): attempts on names that do not exist, and a robot that tries again and again.
NOT_USERS = frozenset({"-4324475583306591935", "6998943612473066845"})
COLUMNS = (
    "Login Timestamp",
    "User ID",
    "IP Address",
    "Country",
    "ASN",
    "User Agent String",
    "Login Successful",
    "Is Account Takeover",
)
# Used where they are there: nothing that decides reads them, an evaluation draws attackers from the same city.
PLACE = ("Region", "City")
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
# The set knows no factors. That everybody has these two and passes lets every sign-in teach, whoever made it.
_FACTORS = ["email", "totp"]


def rba_lines(stream: BinaryIO) -> Iterator[tuple[int, Body | FieldError]]:
    """Each row, with its line's number, as an object of our format or as what is wrong with it."""
    rows = csv.reader(line.decode("utf-8-sig", "replace") for line in stream)
    places: dict[str, int] = {}
    while True:
        try:
            row = next(rows, None)
            if row is None:
                break
            if places:
                yield rows.line_num, _body(row, places, rows.line_num)
            else:
                places = _places(row)
        except FieldError as error:
            yield rows.line_num, error
            if not places:
                return
        except csv.Error as error:
            yield rows.line_num, FieldError("line", "a row of CSV", show(str(error)))
    if not places:
        yield 1, FieldError("line", "the names of the columns", "an empty file")


def _places(header: list[str]) -> dict[str, int]:
    for column in COLUMNS:
        if column not in header:
            raise FieldError("line", f"a column named {column!r}", f"the columns {show(', '.join(header))}")
    return {column: header.index(column) for column in COLUMNS + PLACE if column in header}


def _body(row: list[str], places: dict[str, int], number: int) -> Body:
    if len(row) <= max(places.values()):
        raise FieldError("line", f"at least {max(places.values()) + 1} columns", str(len(row)))
    cell = {column: row[place].strip() for column, place in places.items()}
    user = cell["User ID"]
    if not user:
        raise FieldError("User ID", "an id", "nothing")
    succeeded = _flag(cell, "Login Successful")
    is_user = user not in NOT_USERS
    return {
        "id": f"rba-{number}",
        "time": _time(cell["Login Timestamp"]),
        "kind": "login",
        "account": user if is_user else None,
        "username": user,
        "session": f"rba-{number}" if succeeded and is_user else None,
        "ip": cell["IP Address"],
        "user_agent": cell["User Agent String"],
        "device": {"id": None, "proof": None},
        "network": {"asn": _asn(cell["ASN"]), "country": cell["Country"] or None},
        "place": "/".join(cell.get(column, "") for column in PLACE),
        "outcome": "success" if succeeded and is_user else "failure",
        "method": "password",
        "enrolled": _FACTORS,
        "can_pass": _FACTORS,
        "label": "fraud" if _flag(cell, "Is Account Takeover") else "legit",
    }


def _time(written: str) -> str:
    """``2020-02-03 12:43:30.772`` is UTC; what is not of that form is left for the reader to refuse."""
    date, _, clock = written.partition(" ")
    return f"{date}T{clock}Z" if clock else written


def _asn(written: str) -> int | None:
    if not written:
        return None
    if not (written.isascii() and written.isdigit()) or len(written) > len(str(2**32)):
        raise FieldError("ASN", "a whole number", show(written))
    return int(written)


def _flag(cell: dict[str, str], column: str) -> bool:
    value = _FLAGS.get(cell[column].lower())
    if value is None:
        raise FieldError(column, "True or False", show(cell[column]))
    return value
