"""docs/attacks.md names every attack that has a test, and no test that there is not."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "attacks.md"
ROW = re.compile(r"^\| (A\d\d) \| .+ \| .+ \| (.+) \|$", re.MULTILINE)
NAMED = re.compile(r"(?<![a-z])a(\d\d)(?=_)")
WANTED = {*range(6, 14), 17, 21, 26, 27, *range(58, 64), 65}
"""Rows that must not lose their tests: guessing, floods, sums of money, and one symbol over many accounts."""


def listed() -> dict[str, set[str]]:
    """The files that the page names for each row."""
    return {row: set(re.findall(r"`(\w+\.py)`", files)) for row, files in ROW.findall(PAGE.read_text())}


def carried_out() -> dict[str, set[str]]:
    """The files with tests of each row: by a test's name, or by the file's where its tests bear none."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in HERE.glob("test_a*.py"):
        names = re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
        rows = {row for name in names for row in NAMED.findall(name)}
        for row in rows or NAMED.findall(f"{path.stem}_"):
            found[f"A{row}"].add(path.name)
    return found


def test_the_page_and_the_tests_agree() -> None:
    """Row by row, file by file."""
    assert listed() == carried_out()


def test_no_wanted_row_is_without_a_test() -> None:
    """Each is carried out by at least one."""
    assert {f"A{number:02}" for number in WANTED} - set(carried_out()) == set()
