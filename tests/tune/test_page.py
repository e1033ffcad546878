"""The page on rules says what is declared and shipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from authshield.tune.page import fact_table, limit_table, parameter_table, rule_table
from authshield.tune.transfer import default_source
from authshield.vocabulary.event import Kind
from authshield.vocabulary.facts import FACTS
from authshield.vocabulary.ruleset import Dimension, Limit, RulesetSource

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "table", [fact_table(), parameter_table(), rule_table(default_source()), limit_table(default_source())]
)
def test_the_tables_of_the_page_are_those_of_the_code(table: str) -> None:
    """Line for line: whoever changes a rule or a fact prints the page's table anew."""
    missing = [line for line in table.splitlines() if line not in PAGE]
    assert missing == []


def test_every_fact_has_a_row() -> None:
    """No field is left for people to find by luck."""
    assert all(f"| `{fact.name}` |" in PAGE for fact in FACTS)


def test_odd_windows_are_told_in_seconds() -> None:
    """A window of 90 seconds is no whole minute."""
    limit = Limit("odd", frozenset({Kind.LOGIN}), Dimension.IP, 90, 5)
    assert "| 90 s |" in limit_table(RulesetSource(1, "x", limits=(limit,)))
