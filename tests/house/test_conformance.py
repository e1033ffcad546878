"""docs/conformance.md names a test for each statement, or says "not yet"; and the tests that it names exist."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "docs" / "conformance.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| ((?:T\d\.|N-|JP-)\d+) \| .+? \| (.+) \|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
WANTED = {
    *(f"T1.{number}" for number in range(1, 6)),
    *(f"T2.{number}" for number in range(1, 11)),
    *(f"N-{number}" for number in range(1, 22)),
    *(f"JP-{number}" for number in range(1, 14)),
}


def test_every_statement_has_a_row_and_only_one() -> None:
    """None is left out where it is awkward."""
    rows = [name for name, _ in ROW.findall(PAGE)]
    assert sorted(rows) == sorted(WANTED)


def test_every_row_names_a_test_or_says_not_yet() -> None:
    """Words alone show nothing."""
    silent = [name for name, shown in ROW.findall(PAGE) if not NAMED.search(shown) and "not yet" not in shown]
    assert silent == []


def test_the_tests_that_are_named_exist() -> None:
    """In the file that is named, by that name."""
    missing = [
        f"{path}::{name}"
        for path, name in NAMED.findall(PAGE)
        if not (PROJECT / path).exists() or f"def {name}(" not in (PROJECT / path).read_text(encoding="utf-8")
    ]
    assert missing == []
