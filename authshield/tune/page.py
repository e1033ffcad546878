"""The tables of the page on rules, made from what is declared and shipped, so that the page cannot lag behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authshield.judge.parameters import PARAMETERS
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.facts import FACTS
from authshield.vocabulary.ruleset import Measure, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from authshield.vocabulary.ruleset import Limit, Rule, RulesetSource


def fact_table() -> str:
    """Every field that a condition may name, as Markdown."""
    rows = [(f"`{one.name}`", one.type, one.unit, _missing(one.missing), one.text) for one in FACTS]
    return _table(("field", "type", "unit", "when unknown", "what it is"), rows)


def parameter_table() -> str:
    """Every parameter with its default and bounds, as Markdown."""
    rows = [
        (f"`{one.name}`", _number(one.default), f"{_number(one.least)} to {_number(one.most)}", one.text)
        for one in PARAMETERS
    ]
    return _table(("parameter", "default", "allowed", "what it is"), rows)


def rule_table(source: RulesetSource) -> str:
    """Every rule of a ruleset, as Markdown."""
    rows = [(f"`{one.id}`", _number(one.points), _consequence(one), one.text) for one in source.rules]
    return _table(("rule", "points", "then", "when, in words"), rows)


def limit_table(source: RulesetSource) -> str:
    """Every limit of a ruleset, as Markdown."""
    rows = [
        (f"`{one.id}`", _counted(one), _capacity(one), _window(one.window_seconds), _consequence(one))
        for one in source.limits
    ]
    return _table(("limit", "counts", "at most", "in", "then"), rows)


def _missing(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "empty" if value in ("", []) else _number(value)


def _number(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else str(value)


def _consequence(one: Rule | Limit) -> str:
    if one.action == Action.ALLOW:
        return "points only"
    if getattr(one, "progressive", False):
        return f"{one.action.word}, each time twice as long"
    return one.action.word + (f" ({one.required.word})" if one.required > Strength.NONE else "")


def _counted(limit: Limit) -> str:
    what = {
        Measure.COUNT: "",
        Measure.SUM: "value of ",
        Measure.DISTINCT: f"different {limit.distinct_of} of ",
        Measure.SHARE: "share of the portfolio of ",
    }
    kinds = ", ".join(sorted(limit.kinds))
    whose = "" if limit.scope == Scope.ANY else f", {limit.scope.replace('_', ' ')}s"
    failed = ", failures only" if limit.refunds_success else ""
    by = f"{limit.dimension} + {limit.also}" if limit.also else limit.dimension
    return f"{what[limit.measure]}{kinds} by {by}{whose}{failed}"


def _capacity(limit: Limit) -> str:
    most = f"{limit.capacity / 100:g} %" if limit.measure == Measure.SHARE else _number(limit.capacity)
    if limit.burst:
        most += f" on average, {_number(limit.burst)} more at once"
    if limit.grows_by:
        most += f", {limit.grows_by} more for each good customer"
    return most


def _window(seconds: int) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds % length == 0:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
