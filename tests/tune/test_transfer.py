"""Rulesets go out as JSON and come back the same; what is malformed is told by its path."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authshield.errors import RuleError
from authshield.judge import compile_ruleset
from authshield.tune.lint import lint
from authshield.tune.transfer import default_source, source_from_json, source_to_json
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ruleset import (
    Dimension,
    Limit,
    ListEntry,
    Measure,
    Rule,
    RulesetSource,
    Scope,
    State,
    Threshold,
)

KINDS = st.frozensets(st.sampled_from(list(Kind)))
TEXT = st.text(max_size=20)
POINTS = st.floats(0, 1000)
CONSEQUENCE: dict[str, Any] = {
    "points": POINTS,
    "action": st.sampled_from(list(Action)),
    "required": st.sampled_from(list(Strength)),
    "code": TEXT,
    "text": TEXT,
    "state": st.sampled_from(list(State)),
}
DIMENSIONS = st.sampled_from(list(Dimension))
TIMES = st.none() | st.datetimes(timezones=st.just(UTC))
SOURCES = st.builds(
    RulesetSource,
    version=st.integers(0, 1 << 40),
    name=TEXT,
    rules=st.lists(st.builds(Rule, id=TEXT, kinds=KINDS, when=TEXT, **CONSEQUENCE), max_size=3).map(tuple),
    limits=st.lists(
        st.builds(
            Limit,
            id=TEXT,
            kinds=KINDS,
            dimension=DIMENSIONS,
            window_seconds=st.integers(),
            capacity=st.integers(),
            measure=st.sampled_from(list(Measure)),
            distinct_of=st.none() | DIMENSIONS,
            scope=st.sampled_from(list(Scope)),
            refunds_success=st.booleans(),
            also=st.none() | DIMENSIONS,
            burst=st.integers(),
            exempt=st.lists(TEXT, max_size=3).map(tuple),
            frees_cancelled=st.booleans(),
            grows_by=st.integers(),
            progressive=st.booleans(),
            **CONSEQUENCE,
        ),
        max_size=3,
    ).map(tuple),
    lists=st.lists(st.builds(ListEntry, name=TEXT, kind=TEXT, value=TEXT, expires_at=TIMES), max_size=3).map(
        tuple
    ),
    thresholds=st.lists(
        st.builds(
            Threshold,
            kinds=KINDS,
            risk=POINTS,
            action=st.sampled_from(list(Action)),
            required=st.sampled_from(list(Strength)),
        ),
        max_size=3,
    ).map(tuple),
    weights=st.dictionaries(TEXT, st.lists(st.floats(-9, 9), max_size=3).map(tuple), max_size=3),
    parameters=st.dictionaries(TEXT, st.floats(allow_nan=False, allow_infinity=False), max_size=3),
)

RULE = {"id": "a-rule", "kinds": ["order"], "when": "true"}
LIMIT = {"id": "a-limit", "kinds": ["login"], "dimension": "ip", "window_seconds": 600, "capacity": 5}
ENTRY = {"name": "blocked", "kind": "ip", "value": "192.0.2.7"}


@given(SOURCES)
def test_export_and_import_give_the_same_ruleset(source: RulesetSource) -> None:
    """Through the text of a file, whatever is in it."""
    assert source_from_json(json.loads(json.dumps(source_to_json(source)))) == source


def test_the_shipped_ruleset_can_be_published_and_raises_no_warning() -> None:
    """It is what a broker starts from."""
    source = default_source()
    compile_ruleset(source)
    assert lint(source) == []
    assert source_from_json(source_to_json(source)) == source


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ([], "a ruleset is a JSON object, this is []"),
        ({}, "name is missing"),
        ({"name": 5}, "name: expected a text, this is 5"),
        ({"name": "x", "version": "1"}, 'version: expected a whole number, this is "1"'),
        ({"name": "x", "version": True}, "version: expected a whole number, this is true"),
        ({"name": "x", "rule": []}, 'unknown field "rule", did you mean "rules"?'),
        ({"name": "x", "zzz": []}, 'unknown field "zzz"'),
        ({"name": "x", "rules": {}}, "rules: expected a list, this is {}"),
        ({"name": "x", "rules": [1]}, "rules[0]: expected an object, this is 1"),
        ({"name": "x", "rules": [{"id": 1}]}, "rules[0]: id: expected a text, this is 1"),
        ({"name": "x", "rules": [{"id": "r"}]}, "rules[0] r: kinds is missing"),
        (
            {"name": "x", "rules": [RULE | {"kinds": "order"}]},
            "rules[0] a-rule: kinds: expected a list of login",
        ),
        ({"name": "x", "rules": [RULE | {"kinds": ["trade"]}]}, 'this is "trade"'),
        (
            {"name": "x", "rules": [RULE | {"points": "5"}]},
            'rules[0] a-rule: points: expected a number, this is "5"',
        ),
        (
            {"name": "x", "rules": [RULE | {"points": float("inf")}]},
            "points: expected a number, this is Infinity",
        ),
        (
            {"name": "x", "rules": [RULE | {"action": "kill"}]},
            "action: expected one of allow, challenge, hold, deny",
        ),
        (
            {"name": "x", "limits": [LIMIT | {"refunds_success": 1}]},
            "refunds_success: expected true or false",
        ),
        (
            {"name": "x", "limits": [LIMIT | {"capacity": 1.5}]},
            "limits[0] a-limit: capacity: expected a whole number",
        ),
        (
            {"name": "x", "limits": [LIMIT | {"dimension": "planet"}]},
            "dimension: expected one of account, username",
        ),
        (
            {"name": "x", "lists": [ENTRY | {"expires_at": "soon"}]},
            "lists[0] blocked: expires_at: expected a time",
        ),
        ({"name": "x", "lists": [ENTRY | {"expires_at": "2026-01-31T15:00:00"}]}, "expected a time such as"),
        (
            {"name": "x", "lists": [ENTRY | {"expires_at": "0001-01-01T00:00:00+14:00"}]},
            "expected a time such as",
        ),
        ({"name": "x", "parameters": 5}, "parameters: expected an object of numbers"),
        ({"name": "x", "weights": {"who:device": 5}}, "weights: expected an object of lists of numbers"),
        ({"name": "x", "parameters": {"trust_days": "x" * 99}}, "…"),
    ],
)
def test_what_is_malformed_is_told_by_its_path(data: Any, problem: str) -> None:
    """Path, what was expected, what was there."""
    with pytest.raises(RuleError) as caught:
        source_from_json(data)
    assert any(problem in one for one in caught.value.problems), caught.value.problems


def test_all_problems_of_a_file_come_at_once() -> None:
    """One slip in each part, four problems."""
    with pytest.raises(RuleError) as caught:
        source_from_json(
            {"name": 1, "rules": [{}], "lists": [ENTRY | {"kind": 5}], "limits": [LIMIT | {"capacities": 1}]}
        )
    assert len(caught.value.problems) == 6


def test_times_are_read_in_any_zone_and_written_in_utc() -> None:
    """One instant, one text."""
    source = source_from_json({"name": "x", "lists": [ENTRY | {"expires_at": "2026-02-01T00:00:00+09:00"}]})
    assert source.lists[0].expires_at == datetime(2026, 1, 31, 15, tzinfo=UTC)
    assert source_to_json(source)["lists"][0]["expires_at"] == "2026-01-31T15:00:00Z"


ORDER = frozenset({Kind.ORDER})


@pytest.mark.parametrize(
    ("rules", "warning"),
    [
        (
            [Rule("one", ORDER, "order.is_thin", 5), Rule("two", ORDER, "order . is_thin // so", 5)],
            "rules[1] two: the same",
        ),
        ([Rule("one", ORDER, "false", 5)], "never fires"),
        ([Rule("one", ORDER, "true", action=Action.DENY)], "is always true: every order gets deny"),
        ([Rule("one", ORDER, "order.is_thin")], "only recorded"),
        ([Rule("one", ORDER, "order.is_thin", 5, state=State.OFF)], "is off"),
        (
            [Rule("one", frozenset({Kind.LOGIN}), "order.is_thin", 5)],
            "asks for order.…, which login never has",
        ),
        ([Rule("one", ORDER, 'event.kind == "login"', 5)], 'compares event.kind with "login"'),
    ],
)
def test_a_rule_that_hardly_means_what_was_meant_is_pointed_out(rules: list[Rule], warning: str) -> None:
    """A warning, no refusal."""
    source = RulesetSource(1, "x", rules=tuple(rules))
    compile_ruleset(source)
    assert any(warning in one for one in lint(source)), lint(source)


def test_a_limit_that_locks_the_customer_out_is_pointed_out() -> None:
    """Guessing must throttle strangers, not the victim."""
    limit = Limit("a-limit", frozenset({Kind.LOGIN}), Dimension.ACCOUNT, 600, 5, state=State.OFF)
    warnings = lint(RulesetSource(1, "x", limits=(limit,)))
    assert len(warnings) == 3
    assert "locks the customer out" in warnings[1]
