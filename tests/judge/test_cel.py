"""What the desk is told about a condition, and that none of it is the engine's own language."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authshield.judge import diagnose
from authshield.judge.cel import Language, language_of, velocity_name
from authshield.judge.scan import MAX_CHARACTERS
from authshield.vocabulary.event import Kind
from authshield.vocabulary.facts import FACTS, MISSING
from authshield.vocabulary.ruleset import Dimension, Limit
from tests.judge.events import source

LIMIT = Limit("login-failures", frozenset({Kind.LOGIN}), Dimension.ACCOUNT, 600, 5)
SOURCE = source(limits=(LIMIT,))

GOOD = [
    "true // a comment at the end",
    "order.is_thin && !order.symbol_seen",
    "order.value > 1000 || order.portfolio_share >= .5",
    "order.side == 'buy' && order.side.startsWith(\"b\")",
    '"blocked" in lists.ip || size(lists.ip) > 2 || lists.ip.size() == 1',
    "double(order.value) > order.adv_share * 2.0",
    "order.value in [1, 2, 3]",
    "(account.is_cold ? 1 : 2) > 1",
    '"abc".contains(order.side)',
    "order.side in (['buy'])",
    "velocity.login_failures > 3",
    "order\n .is_thin",
    "'日本' == order.symbol",
]

BAD = [
    ("", "1:1 the condition is empty", "always fires"),
    ("   ", "1:1 the condition is empty", "always fires"),
    ("// nothing", "1:1 the condition is only a comment", ""),
    ("order.is_thn", '1:1 unknown field "order.is_thn"', 'did you mean "order.is_thin"?'),
    ("true &&\n  order.valeu > 1", '2:3 unknown field "order.valeu"', "order.value"),
    ("is_trusted", '1:1 unknown field "is_trusted"', "device.is_trusted"),
    ("order", '1:1 unknown field "order"', "a part after a dot"),
    ("foo.bar > 1", '1:1 unknown field "foo.bar"', "every field"),
    ("order.side == buy", '1:15 unknown field "buy"', 'in quotes: "buy"'),
    ("'日本' == order.side && foo", '1:23 unknown field "foo"', "in quotes"),
    ("order.value > 1000.0", '1:13 ">" cannot take a whole number and a decimal', "write 1000)"),
    ("order.value > 1e2", '1:13 ">" cannot take', "write 100)"),
    ("order.value > 0.5", '1:13 ">" cannot take', "double(…) around the field"),
    ("order.portfolio_share > 1", '1:23 ">" cannot take', "write 1.0)"),
    ("1 < order.portfolio_share", '1:3 "<" cannot take', "write 1.0)"),
    ("order.value > order.adv_share", '1:13 ">" cannot take', "around the whole number"),
    ("order.value > 1e300", '1:13 ">" cannot take', "double(…) around the field"),
    ("order.value > 99999999999999999999", "1:15 this number is too large", ""),
    ("order.value", "1:1 a condition has to be true or false, this one is a whole number", "compare"),
    ("lists.ip", "1:1 a condition has to be true or false, this one is a list", ""),
    ("true ? [1] : [2]", "1:1 a condition has to be true or false, this one is a list", ""),
    ("!order.value", '1:1 "!" cannot be used with a whole number', "field > 0"),
    ("order.side[0] == 'b'", '1:11 "[]" cannot be used with a text and a whole number', ""),
    ("order.side + 1 == 'a'", '1:12 "+" cannot be used with a text', ""),
    ("order.is_thin &&", "1:17 the condition ends too early", ""),
    ("((true)", "1:8 the condition ends too early", "a bracket is not closed"),
    ("true)", '1:5 ")" is not expected here', "closing bracket too many"),
    ("order.is_thin true", '1:15 "true" is not expected here', '"&&" or "||"'),
    ("order.value > １０００", '1:15 full-width or curly "１０００"', "write 1000"),
    ("order.is_thin　&& true", "1:14 full-width or curly", "a plain space"),
    ("order.side == “buy”", "1:15 full-width or curly", 'write "'),
    ("order.is_thin = true", '1:15 a single "=" does not compare', 'write "=="'),
    ("order.is_thin & true", '1:15 "&" cannot be used', 'write "&&"'),
    ("order.is_thin and true", '1:15 "and" is not a word', 'write "&&"'),
    ("NOT order.is_thin", '1:1 "NOT" is not a word', '"!" before'),
    ("not(order.is_thin)", '1:1 "not" is not a word', '"!" before'),
    ("order.is_thin == True", '1:18 "True" is not a word', "small letters"),
    ("order.side == null", '1:15 "null" is not a word', "ever null"),
    ("velocity.login-failures > 1", '1:1 unknown field "velocity.login"', "velocity.login_failures"),
    ("lists.ip.exists(x, x == 'a')", '1:1 "exists" is a loop', '"name" in lists.ip'),
    ("[1, 2].map(x, x) == [1]", '1:8 "map" is a loop', "ask a list"),
    ("has(order.value)", '1:1 unknown function "has"', "startsWith"),
    ("order.side.matches('(a+)+$')", '1:1 unknown function "matches"', ""),
    ("ordre.side.startsWith('a')", '1:1 unknown field "ordre.side"', "order.side"),
    ("device.is_trusted()", '1:1 "device.is_trusted" is a field', "brackets away"),
    ("'a'.length > 1", '1:5 "length" cannot follow a dot', ""),
    ("{'a': 1}['a'] == 1", '1:1 "{" cannot be used', ""),
    ("1 > `order.value`", '1:5 "`" cannot be used', ""),
    ("true; false", '1:5 ";" cannot be used', ""),
    ("\x00", '1:1 "character number 0" cannot be used', ""),
    ("order.side == 'buy", "1:15 the text that starts here has no closing quote", ""),
    ("order.side == r'a' || true", "1:15 only plain texts", ""),
    ("order.side == '''a'''", "1:15 only plain texts", ""),
    ("order.value > 1u", '1:15 "1u" is not a number', "0.5"),
    ("(" * 40 + "true" + ")" * 40, "1:13 the condition is nested more than 12 deep", "split"),
    ("!" * 40 + "true", "1:13 the condition is nested more than 12 deep", "split"),
    ("true?true:" * 20 + "true", "the condition is nested more than 12 deep", "split"),
    ("true ||" * 280 + "true", "the condition has more than 500 words", "split"),
    (" " * MAX_CHARACTERS + "true", "1:1 the condition has 2004 characters", "split"),
]


@pytest.mark.parametrize("expression", GOOD)
def test_a_good_condition_has_no_problem(expression: str) -> None:
    """What the language allows is taken."""
    assert diagnose(expression, SOURCE) == []


@pytest.mark.parametrize(("expression", "message", "hint"), BAD)
def test_a_bad_condition_is_told_where_what_and_the_way_out(expression: str, message: str, hint: str) -> None:
    """The first problem names line and column, says what is wrong and how to write it."""
    said = [str(problem) for problem in diagnose(expression, SOURCE)]
    assert message in said[0]
    assert hint in said[0]


@pytest.mark.parametrize("expression", [expression for expression, _, _ in BAD])
def test_nothing_of_the_engine_shows(expression: str) -> None:
    """Messages are one short line each, without the engine's names for things."""
    for problem in diagnose(expression, SOURCE):
        text = str(problem)
        assert "\n" not in text
        assert len(text) < 250
        for word in ("INVALID_ARGUMENT", "<input>", "_&&_", "EOF", "container", "overload", "NUM_INT"):
            assert word not in text


def test_all_problems_come_at_once_and_in_order() -> None:
    """Two unknown fields on two lines are two problems."""
    found = diagnose("foo.a > 1 &&\n bar.b", SOURCE)
    assert [(problem.line, problem.column) for problem in found] == [(1, 1), (2, 2)]


def test_every_fact_can_be_named_with_its_type() -> None:
    """Each declared fact compiles where its type fits, and only there."""
    fitting = {
        "bool": "{0}",
        "int": "{0} > 1",
        "double": "{0} > 1.0",
        "string": "{0} == 'a'",
        "list<string>": "'a' in {0}",
    }
    for fact in FACTS:
        for kind, form in fitting.items():
            assert (diagnose(form.format(fact.name), SOURCE) == []) == (kind == fact.type), (fact.name, kind)


def test_a_limit_declares_its_count() -> None:
    """The id's hyphens become underscores, since a hyphen is a minus in a condition."""
    assert velocity_name("login-failures") == "velocity.login_failures"
    assert diagnose("velocity.login_failures > 1", source()) != []


def test_conditions_that_are_too_much_for_one_list_stay_apart() -> None:
    """The engine's refusal of a huge list is no error."""
    assert Language().together(["order.value > 1"] * 20_000) is None


def test_a_condition_that_was_not_diagnosed_is_refused() -> None:
    """Compiling does not trust its caller."""
    with pytest.raises(ValueError, match="nothing"):
        Language().condition("order.nothing > 1")


@given(st.text(max_size=80))
def test_no_text_breaks_the_diagnosis(text: str) -> None:
    """Whatever is typed, there are problems with a place in the text, or it compiles."""
    language = language_of(SOURCE)
    problems = language.diagnose(text)
    for problem in problems:
        assert 1 <= problem.line <= text.count("\n") + 1
        assert problem.column >= 1
    if not problems:
        language.condition(text)


WORDS = [
    "true",
    "false",
    "order.value",
    "order.side",
    "order.is_thin",
    "lists.ip",
    "1",
    "1.5",
    "'a'",
    "==",
    ">",
    "&&",
    "||",
]
WORDS += [
    "!",
    "(",
    ")",
    "[",
    "]",
    "?",
    ":",
    "+",
    "-",
    "/",
    "%",
    "in",
    ",",
    ".",
    "size",
    "double",
    "startsWith",
    "foo",
    "x'a'",
]


@given(st.lists(st.sampled_from(WORDS), max_size=40))
def test_what_is_taken_is_safe_in_a_list_of_others(words: list[str]) -> None:
    """A condition that was taken alone yields one answer of its own among others, whatever it is made of."""
    language = Language()
    expression = " ".join(words)
    if language.diagnose(expression):
        return
    together = language.together(["true", expression, "false"])
    alone = language.condition(expression)
    assert together is not None
    facts = {name: MISSING[name] for name in together.names}
    answer = alone.value(facts)
    assert together.value(facts) == (None if answer is None else [True, answer, False])


def test_the_slowest_condition_is_quick() -> None:
    """The most that length and depth allow takes far less than a millisecond."""
    language = Language()
    expression = " || ".join(["order.side+order.side==order.type+'x'"] * 45)
    assert language.diagnose(expression) == []
    condition = language.condition(expression)
    facts = dict.fromkeys(condition.names, "a" * 500)
    started = time.perf_counter()
    for _ in range(20):
        condition.value(facts)
    assert time.perf_counter() - started < 0.2
