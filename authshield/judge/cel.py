"""The rule language: the only home of the engine. Nothing of the engine's own words leaves this file.

Conditions are CEL over declared, typed fields. Loops, maps, times and bytes are left out (``scan``), so
that a condition takes microseconds whatever it says, and needs no time limit.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cel_expr_python import cel

from authshield.judge.scan import Problem, Token, place, scan, tokens, used_names
from authshield.judge.terms import Refused
from authshield.judge.translate import Part, translate
from authshield.vocabulary.facts import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from authshield.vocabulary.features import FactValue
    from authshield.vocabulary.ruleset import RulesetSource

_TYPES = {
    "bool": cel.Type.BOOL,
    "int": cel.Type.INT,
    "double": cel.Type.DOUBLE,
    "string": cel.Type.STRING,
    "list<string>": cel.Type.List(cel.Type.STRING),
}
_WORDS = {
    "bool": "true or false",
    "int": "a whole number",
    "double": "a decimal number",
    "string": "a text",
    "list": "a list",
}
_ERROR = re.compile(r"(?:^|: )ERROR: <input>:(\d+):(\d+): (.*)")
_OVERLOAD = re.compile(r"found no matching overload for '(.+?)' applied to '\((.*)\)'")
_INT_BITS = 63
_KEPT = 1024


def velocity_name(limit_id: str) -> str:
    """The field that holds a limit's count: ``velocity.`` and the id, with ``_`` for ``-``."""
    return "velocity." + limit_id.replace("-", "_")


class Condition:
    """One or several compiled conditions. Immutable; may be shared by threads and survives a fork."""

    __slots__ = ("_program", "names")

    def __init__(self, program: Any, names: frozenset[str]) -> None:
        """Made by ``Language`` only."""
        self._program = program
        self.names = names

    def value(self, data: Mapping[str, FactValue]) -> Any:
        """The plain result, None where it cannot be had. Cost: some 0.5 µs a condition and 0.5 µs a field."""
        try:
            result = self._program.eval(data=data)
        except (RuntimeError, TypeError, ValueError):  # a value that is no text at all, for one
            return None
        return None if result.type() == cel.Type.ERROR else result.plain_value()


class Language:
    """The declared fields, and conditions over them."""

    def __init__(self, velocities: Iterable[str] = ()) -> None:
        """``velocities`` are full field names beside the declared facts."""
        kinds: dict[str, str] = {name: fact.type for name, fact in BY_NAME.items()}
        kinds |= dict.fromkeys(velocities, "int")
        self.types = kinds
        self._environment = cel.NewEnv(variables={name: _TYPES[kind] for name, kind in kinds.items()})
        # Every change of a list publishes a version anew, and nearly all its conditions are those of the last.
        self._diagnosed = lru_cache(maxsize=_KEPT)(self._diagnose)
        self._conditions = lru_cache(maxsize=_KEPT)(self._condition)
        self._lists = lru_cache(maxsize=_KEPT)(self._together)
        self._names = lru_cache(maxsize=_KEPT)(self._find_names)
        self._translated = lru_cache(maxsize=_KEPT)(self._translate)

    def diagnose(self, expression: str) -> list[Problem]:
        """All that is wrong with a condition, in the order of the text; empty when it can be used."""
        return list(self._diagnosed(expression))

    def names(self, expression: str) -> frozenset[str]:
        """The fields that a condition names."""
        return self._names(expression)

    def translated(self, expression: str) -> tuple[Part, ...] | None:
        """A condition that ``diagnose`` has nothing to say about, in Python; None where only the engine will do."""
        return self._translated(expression)

    def condition(self, expression: str) -> Condition:
        """Compile a condition that ``diagnose`` has nothing to say about; else ``ValueError``."""
        return self._conditions(expression)

    def together(self, expressions: Sequence[str]) -> Condition | None:
        """Compile several into one that yields a list; None where they are too much for one."""
        return self._lists(tuple(expressions))

    def _diagnose(self, expression: str) -> tuple[Problem, ...]:
        return tuple(scan(expression, self.types) or self._ask_engine(expression))

    def _find_names(self, expression: str) -> frozenset[str]:
        return used_names(expression, self.types)

    def _translate(self, expression: str) -> tuple[Part, ...] | None:
        try:
            return translate(expression, self.types)
        except Refused:
            return None

    def _condition(self, expression: str) -> Condition:
        return self._compile(expression, self.names(expression))

    def _together(self, expressions: tuple[str, ...]) -> Condition | None:
        # Each on its own lines: a comment at the end of one must not swallow the next.
        joined = "[" + ",".join(f"(\n{expression}\n)" for expression in expressions) + "]"
        names = frozenset[str]().union(*map(self.names, expressions))
        try:
            return self._compile(joined, names)
        except ValueError:
            return None

    def _compile(self, expression: str, names: frozenset[str]) -> Condition:
        try:
            return Condition(self._environment.compile(expression), names)
        except RuntimeError as error:
            raise ValueError(expression) from error

    def _ask_engine(self, expression: str) -> list[Problem]:
        try:
            program = self._environment.compile(expression)
        except RuntimeError as error:
            return _translate(expression, str(error))
        kind = str(program.return_type().name())
        if kind == "BOOL":
            return []
        return [
            Problem(1, 1, f"a condition has to be true or false, this one is {_word(kind)}", "compare it")
        ]


@lru_cache(maxsize=16)
def _language(velocities: frozenset[str]) -> Language:
    return Language(sorted(velocities))


def language_of(source: RulesetSource) -> Language:
    """The language of a ruleset: all facts, and the count of each of its limits."""
    return _language(frozenset(velocity_name(limit.id) for limit in source.limits))


def diagnose(expression: str, source: RulesetSource) -> list[Problem]:
    """What is wrong with a condition of this ruleset, for the editor; empty when it can be used."""
    return language_of(source).diagnose(expression)


def _word(kind: str) -> str:
    return _WORDS.get(kind.lower().partition("(")[0].partition("<")[0], "something else")


def _translate(expression: str, text: str) -> list[Problem]:
    """The engine's report in plain words. After a first syntax error the others only follow from it."""
    problems = []
    for line, column, message in _ERROR.findall(text):
        at = int(line), int(column)
        if message.startswith("Syntax error"):
            return [Problem(*at, *_syntax(expression, at, message))]
        problems.append(Problem(*at, *_types_clash(expression, at, message)))
    return problems or [Problem(1, 1, "the condition is too complicated", "split it into several rules")]


def _syntax(expression: str, at: tuple[int, int], message: str) -> tuple[str, str]:
    opened = sum(expression.count(mark) for mark in "([")
    closed = sum(expression.count(mark) for mark in ")]")
    if "'<EOF>'" in message.partition("expecting")[0]:
        return "the condition ends too early", "a bracket is not closed" if opened > closed else ""
    word = next((word for word in tokens(expression) if place(expression, word.start) == at), None)
    what = f'"{word.text}" is not expected here' if word else "this cannot be understood"
    return (
        what,
        "there is a closing bracket too many" if closed > opened else 'perhaps "&&" or "||" is missing',
    )


def _types_clash(expression: str, at: tuple[int, int], message: str) -> tuple[str, str]:
    clash = _OVERLOAD.match(message)
    if not clash:
        known = {"invalid int literal": "this number is too large"}
        return known.get(message, "this cannot be used here"), ""
    name, kinds = clash[1].strip("_").replace("[_]", "[]"), [kind.strip() for kind in clash[2].split(",")]
    shown = " and ".join(_word(kind) for kind in kinds)
    if sorted(kinds) == ["double", "int"]:
        return f'"{name}" cannot take {shown} together', _decimal_hint(expression, at)
    hint = "compare it, such as field > 0" if name in {"&&", "||", "!"} else ""
    return f'"{name}" cannot be used with {shown}', hint


def _decimal_hint(expression: str, at: tuple[int, int]) -> str:
    """Which of the two numbers to write differently: the one that is a literal beside the operator."""
    words = tokens(expression)
    index = next(i for i, word in enumerate(words) if place(expression, word.start) == at)
    beside: list[Token] = [word for word in words[max(index - 1, 0) : index + 2] if word.kind == "number"]
    if not beside:
        return "write double(…) around the whole number"
    number = beside[-1].text
    if number.isdigit():
        return f"write {number}.0"
    whole = float(number)
    if whole.is_integer() and whole < 2**_INT_BITS:
        return f"write {int(whole)}"
    return "write double(…) around the field"
