"""Conditions that run as Python: the same answers as the engine's, whatever the condition and the facts."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from authshield.judge import compile_ruleset, diagnose, generate
from authshield.judge.cel import language_of
from authshield.judge.compiled import Program
from authshield.tune.transfer import default_source
from authshield.vocabulary.event import Kind
from authshield.vocabulary.facts import MISSING
from tests.judge.conditions import COUNT, FIELDS, LIMITS, MOST, VALUES, conditions, facts
from tests.judge.events import rule, ruleset, source

SOURCE = source(limits=LIMITS)
LANGUAGE = language_of(SOURCE)
LISTS: dict[str, Any] = {name: [] for name in MISSING if name.startswith("lists.")}

IN_PYTHON = [
    "true // a comment at the end",
    "!(order.is_thin == (1 < 2)) || !!false",
    "order.side == 'buy' && order.side.startsWith(\"b\") && order.side.contains('u')",
    "order.value in [1, 2, -3] || order.side in (['buy']) || order.adv_share in [.5, 1e0]",
    '"blocked" in lists.ip || size(lists.ip) > 2 || lists.ip.size() == 1',
    "double(order.value) > order.adv_share * 2.0 - 1.5 / order.reuse",
    "(account.is_cold ? 1 : 2) > -order.value % 7 + order.adv / 3",
    "('a' in (order.is_thin ? lists.ip : lists.device)) == true",
    "velocity.order_count > 3",
    r"order.symbol + '\n\"日本' == 'x' + order.market",
]
BY_ENGINE = [
    "string(order.value) == '5'",
    "int(order.adv_share) == 5",
    "order.value in [1, 2.0]",
    "order.side in [order.type]",
    "order.value in []",
    "lists.ip == ['a']",
    "'a' in lists.ip + ['b']",
    "lists.ip[0] == 'a'",
    r"order.side == '\u0061'",
    "order.value > -9223372036854775808",
    "order.adv_share < 1e400",
]

NODES: set[type[ast.AST]] = {
    *(
        ast.Module,
        ast.FunctionDef,
        ast.arguments,
        ast.arg,
        ast.Assign,
        ast.If,
        ast.Expr,
        ast.Raise,
        ast.Return,
    ),
    *(
        ast.Name,
        ast.Constant,
        ast.List,
        ast.Subscript,
        ast.Attribute,
        ast.Call,
        ast.IfExp,
        ast.Load,
        ast.Store,
    ),
    *(ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp),
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE),
    *(ast.In, ast.IsNot),
}


# A condition, the facts, and what the engine makes of it: None where the rule fails.
EDGES: list[tuple[str, dict[str, Any], bool | None]] = [
    ("order.value / 2 == -1", {"order.value": -3}, True),
    ("order.value / -2 == -1", {"order.value": 3}, True),
    ("order.value % 2 == -1", {"order.value": -3}, True),
    ("order.value % -2 == 1", {"order.value": 3}, True),
    ("order.value / order.adv == 0", {"order.value": 3, "order.adv": 0}, None),
    ("order.value % order.adv == 0", {"order.value": 3, "order.adv": 0}, None),
    ("order.value + 1 > 0", {"order.value": MOST}, None),
    ("order.value * 2 > 0", {"order.value": 1 << 62}, None),
    ("order.value - 2 < 0", {"order.value": -MOST}, None),
    ("order.value - 1 < 0", {"order.value": -MOST}, True),
    ("1.0 / order.adv_share > 1.0", {"order.adv_share": 0.0}, True),
    ("1.0 / order.adv_share > 1.0", {"order.adv_share": -0.0}, False),
    ("order.adv_share == order.adv_share", {"order.adv_share": float("nan")}, False),
    ("order.adv_share / 2.0 == 0.5", {"order.adv_share": 1}, True),
    ("order.side == 'buy'", {"order.side": "buy\0s"}, True),
    ("'buy' in lists.ip", {"lists.ip": ["buy\0s"]}, True),
    ("order.side == 'a?'", {"order.side": "a\ud800"}, True),
    ("'a?' in lists.ip", {"lists.ip": ["a\ud800"]}, True),
    ("size(order.side) == 1", {"order.side": "😀"}, True),
    ("'\ue000' < order.side", {"order.side": "𐀀"}, True),
    ("order.side.startsWith('ab')", {"order.side": "abc"}, True),
    ("order.side.startsWith('bc')", {"order.side": "abc"}, False),
    ("order.side.endsWith('bc')", {"order.side": "abc"}, True),
    ("order.side.endsWith('ab')", {"order.side": "abc"}, False),
    ("order.side.contains('b')", {"order.side": "abc"}, True),
    ("'abc'.contains(order.side)", {"order.side": "abcd"}, False),
    ("1 < 2 == order.is_thin", {"order.is_thin": True}, True),
    ("true || order.is_thin && false", {"order.is_thin": False}, True),
    ("order.is_thin ? false : order.is_thin ? true : true", {"order.is_thin": False}, True),
    ("order.value - 2 - 1 == 0 && 2 + order.value * 2 == 8", {"order.value": 3}, True),
    ("!order.is_thin == true", {"order.is_thin": False}, True),
    ("-order.value + 3 == 0", {"order.value": 3}, True),
    ("order.is_thin && order.value > 5", {"order.is_thin": False}, False),
    ("order.value > 5 || order.is_thin", {"order.is_thin": True}, True),
    ("order.value > 5 ? true : true", {}, None),
    ("order.is_thin", {}, None),
]


def program(*whens: str) -> Program:
    """The rules of an order, one by condition."""
    rules = [rule(f"rule-{number:02}", when) for number, when in enumerate(whens)]
    return ruleset(*rules, limits=LIMITS).programs[Kind.ORDER]


def ids(answers: tuple[list[Any], list[Any]]) -> list[list[str]]:
    """Which rules matched, and which failed."""
    return [[one.id for one in some] for some in answers]


@pytest.mark.parametrize("when", IN_PYTHON)
def test_what_is_common_in_conditions_runs_as_python(when: str) -> None:
    """None of it is left to the engine."""
    assert diagnose(when, SOURCE) == []
    assert program(when).rest.rules == ()


@pytest.mark.parametrize("when", BY_ENGINE)
def test_what_python_might_see_otherwise_stays_with_the_engine(when: str) -> None:
    """It can be written all the same, and its rule is asked beside those that run as Python."""
    assert diagnose(when, SOURCE) == []
    both = program("order.value >= 5", when, "order.value > 5")
    assert [one.id for one in both.rest.rules] == ["rule-01"]
    given = MISSING | {"order.value": 5, "lists.ip": ["a"]}
    assert ids(both.run(given, LISTS)) == ids(both.whole.run(given, LISTS))


@pytest.mark.parametrize(("when", "given_facts", "expected"), EDGES)
def test_where_languages_differ_the_engine_is_right(
    when: str, given_facts: dict[str, Any], expected: bool | None
) -> None:
    """Signs, bounds, zeros, texts, brackets and absent facts: as CEL has it, and as the engine says."""
    only = program(when)
    assert only.rest.rules == ()
    answers = [["rule-00"] if expected is one else [] for one in (True, None)]
    assert ids(only.run(given_facts, given_facts)) == answers
    assert ids(only.whole.run(given_facts, given_facts)) == answers


def test_all_shipped_rules_run_as_python() -> None:
    """Not one of broker-default is left to the engine, for any kind of event."""
    shipped = compile_ruleset(default_source())
    programs = [*shipped.programs.values(), *shipped.outage_programs.values()]
    assert [one.id for each in programs for one in each.rest.rules] == []
    assert sum(len(each.quick) for each in programs) > 80


@st.composite
def asked(draw: st.DrawFn) -> tuple[list[str], dict[str, Any]]:
    """A few good conditions, with parts in common, and facts for the fields that they name."""
    parts = draw(st.lists(conditions(), min_size=1, max_size=4))
    whens = draw(
        st.lists(
            st.lists(st.sampled_from(parts), min_size=1, max_size=3).map(" && ".join), min_size=1, max_size=4
        )
    )
    assume(not any(diagnose(when, SOURCE) for when in whens))
    names = sorted(frozenset[str]().union(*map(LANGUAGE.names, whens)))
    return whens, draw(facts({name: LANGUAGE.types[name] for name in names}))


@given(asked())
@settings(max_examples=150)
def test_python_answers_as_the_engine_does(case: tuple[list[str], dict[str, Any]]) -> None:
    """The same rules match and the same fail, with fitting, absent and odd facts alike."""
    whens, given_facts = case
    both = program(*whens)
    listed = {name: value for name, value in given_facts.items() if name.startswith("lists.")}
    assert ids(both.run(given_facts, listed)) == ids(both.whole.run(given_facts, listed))


@given(st.data())
@settings(max_examples=100)
def test_the_shipped_rules_answer_as_the_engine_does(data: st.DataObject) -> None:
    """Whatever the facts of an order, a sign-in or a page are."""
    shipped = compile_ruleset(default_source())
    kind = data.draw(st.sampled_from(list(Kind)))
    both = shipped.programs[kind]
    values = {
        name: data.draw(st.sampled_from([*VALUES[LANGUAGE.types[name]], MISSING[name]]))
        for name in sorted(both.names)
        if name in MISSING
    }
    assert ids(both.run(values, values)) == ids(both.whole.run(values, values))


@pytest.mark.parametrize("kind", list(FIELDS))
def test_fitting_facts_never_need_the_engine(kind: str) -> None:
    """Each value of its declared type is understood in Python, a whole number for a decimal one too."""
    form = {"bool": "{0}", "int": "{0} > 1", "double": "{0} > 1.0", "string": "{0} == 'a'"}.get(
        kind, "'a' in {0}"
    )
    name = FIELDS[kind][-1]
    only = program(form.format(name))
    for value in [*VALUES[kind], *([3, -1, 1 << 60] if kind == "double" else [])]:
        given_facts = {"velocity.order-count" if name == COUNT else name: value}
        assert ids(only.whole.run(given_facts, given_facts))[0] == [
            only.quick[number].id for number in only.answer(given_facts, given_facts)
        ]


@pytest.mark.parametrize("value", [None, 1, "5", 5.0, True, 1 << 63, -(1 << 63), [], float("nan")])
def test_a_fact_of_another_type_is_left_to_the_engine(value: object) -> None:
    """Python does not answer, unless the value fits: what is odd is judged in one place."""
    only = program("order.value > 5")
    if type(value) is int and value == 1:
        assert only.answer({"order.value": value}, LISTS) == []
        return
    with pytest.raises(generate.UNANSWERED):
        only.answer({"order.value": value}, LISTS)  # type: ignore[dict-item]


def test_a_fact_that_does_not_matter_is_not_read() -> None:
    """Behind a condition that is false a fact may be anything, or absent: as for the engine."""
    only = program("order.side == 'buy' && order.value > 5")
    assert only.answer({"order.side": "sell"}, LISTS) == []
    assert ids(only.whole.run({"order.side": "sell"}, LISTS)) == [[], []]


def test_nothing_that_was_typed_becomes_code() -> None:
    """The function is made of a few kinds of nodes; texts are in it as constants, and names are the fields'."""
    words = ["__import__('os')", "order.side", "found", "); raise SystemExit #"]
    whens = [*(f'order.side == "{word}" || "{word}" in lists.ip' for word in words), *IN_PYTHON]
    translated = [parts for when in whens if (parts := LANGUAGE.translated(when))]
    assert len(translated) == len(whens)
    tree = generate.tree_of(translated, generate.Fields(LANGUAGE.types, {COUNT: "velocity.order-count"}))
    nodes = list(ast.walk(tree))
    assert {type(node) for node in nodes} <= NODES
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    fields = {name for name in names if "__" in name}
    assert names - fields <= {"facts", "listed", "found", *generate.REACHED}
    assert {name.replace("__", ".") for name in fields} <= LANGUAGE.types.keys()
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    assert attributes <= {"append", "get", "isprintable", "startswith", "endswith"}
    assert set(words) <= {node.value for node in nodes if isinstance(node, ast.Constant)}


@pytest.mark.parametrize("parts", range(1, 40))
def test_any_number_of_parts_is_answered(parts: int) -> None:
    """All of them have to be true, however many there are."""
    both = program(" && ".join(f"order.adv != {number}" for number in range(parts)))
    assert both.answer({"order.adv": parts}, LISTS) == [0]
    assert both.answer({"order.adv": parts - 1}, LISTS) == []


def test_long_conditions_are_answered() -> None:
    """Many parts, alternatives and brackets run as Python too."""
    parts = " && ".join(f"order.adv != {number}" for number in range(100))
    others = " || ".join(f"order.adv == {number}" for number in range(100))
    total = "+".join(["order.adv"] * 20) + " == 100"
    both = program(parts, others, total, "!" * 12 + "order.is_thin", "(" * 12 + "order.is_thin" + ")" * 12)
    assert not both.rest.rules
    for value in (5, 99, 100):
        given_facts = {"order.adv": value, "order.is_thin": value == 5}
        assert both.answer(given_facts, LISTS)
        assert ids(both.run(given_facts, LISTS)) == ids(both.whole.run(given_facts, LISTS))
