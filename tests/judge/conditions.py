"""Conditions over the declared fields, and facts for them: fitting, absent, and of every odd kind."""

from __future__ import annotations

from collections import UserString
from decimal import Decimal
from enum import IntEnum, StrEnum
from string import Formatter
from typing import Any

from hypothesis import strategies as st

from authshield.vocabulary.event import Kind
from authshield.vocabulary.facts import FACTS
from authshield.vocabulary.ruleset import Dimension, Limit

LIMITS = (Limit("order-count", frozenset({Kind.ORDER}), Dimension.ACCOUNT, 600, 5),)
COUNT = "velocity.order_count"
MOST = (1 << 63) - 1


class Word(StrEnum):
    """A text that is more than a text."""

    BUY = "buy"


class Number(IntEnum):
    """A whole number that is more than one."""

    TWO = 2


FIELDS: dict[str, list[str]] = {"int": [COUNT]}
for _fact in FACTS:
    FIELDS.setdefault(_fact.type, []).append(_fact.name)

LITERALS = {
    "bool": ["true", "false"],
    "int": ["0", "1", "2", "3", "-1", "007", "4611686018427387904", str(MOST), f"-{MOST + 1}", "- 2"],
    "double": ["0.0", "1.0", "-1.5", ".5", "2.5e-1", "1e300", "9007199254740993.0", "-0.0", "1e400"],
    "string": [
        *('""', "'buy'", '"a"', "'ab'", '"日本"', "'é😀'", "'\ue000'", r"'a\nb'", r'"\"\\"'),
        *(r"'\u0061'", r"'\x61b'", "'a//b'", "'\t'", "'&&'"),
    ],
}
VALUES: dict[str, list[Any]] = {
    "bool": [True, False],
    "int": [0, 1, 2, 3, -1, -3, 7, 1 << 62, MOST, -MOST, (1 << 53) + 1],
    "double": [0.0, 0.5, 1.0, -1.5, 0.25, 1e300, -0.0, 2.0**53],
    "string": ["", "buy", "a", "ab", "日本", "é😀", "\ue000", "a\nb", "𐀀", '"\\', "a//b"],
    "list<string>": [[], ["a"], ["buy", "ab"], ["日本", ""]],
}
ODD: list[Any] = [
    *(True, False, 0, 1, 5, 1.0, 5.0, 5.5, -0.0, float("nan"), float("inf"), float("-inf")),
    *(MOST + 1, -MOST - 1, -MOST - 2, 1 << 70, 1 << 2000, None, Decimal(1), Number.TWO, Word.BUY),
    *("x", "\ud800", "a\ud800", "a\0b", "\0", b"a", UserString("a"), ("a",), {"a"}, {"a": 1}),
    *([], ["a"], ["a", 1], ["a", None], ["\ud800"], ["a\0b"], [["a"]], [Word.BUY]),
]
_ABSENT = object()
_PLAIN = ["bool", "int", "double", "string"]
# {same:type} is a part of that type, {some} one of the type that is drawn, {several} a few literals of that.
_FORMS = {
    "bool": [
        "{same:bool} && {same:bool}",
        "{same:bool} || {same:bool}",
        "!{same:bool}",
        "{some} {sign:== != < <= > >=} {some}",
        "{some} in [{several}]",
        "{same:string} in {same:list<string>}",
        "{same:string}.{sign:startsWith endsWith contains}({same:string})",
    ],
    "int": [
        "{same:int} {sign:+ - * / %} {same:int}",
        "-{same:int}",
        "size({same:string})",
        "{same:list<string>}.size()",
        "int({same:double})",
        "int({same:int})",
    ],
    "double": [
        "{same:double} {sign:+ - * /} {same:double}",
        "-{same:double}",
        "double({same:int})",
        "double({same:double})",
    ],
    "string": ["{same:string} + {same:string}", "string({some})"],
    "list<string>": ["{same:list<string>} + {same:list<string>}", "['a', {same:string}]"],
}


@st.composite
def conditions(draw: st.DrawFn, kind: str = "bool", depth: int = 2) -> str:
    """An expression of this type. What brackets are left away may change its meaning, or leave it none."""
    text = draw(_leaves(kind)) if depth == 0 or draw(st.integers(0, 3)) == 0 else draw(_made(kind, depth - 1))
    return f"({text})" if draw(st.booleans()) else text


def _leaves(kind: str) -> st.SearchStrategy[str]:
    fields = st.sampled_from(FIELDS[kind])
    return fields | st.sampled_from(LITERALS[kind]) if kind in LITERALS else fields


@st.composite
def _made(draw: st.DrawFn, kind: str, depth: int) -> str:
    form = draw(st.sampled_from([*_FORMS[kind], f"{{same:bool}} ? {{same:{kind}}} : {{same:{kind}}}"]))
    some = draw(st.sampled_from(_PLAIN))
    made = ""
    for text, field, of, _ in Formatter().parse(form):
        made += text
        if field == "sign":
            made += draw(st.sampled_from(str(of).split()))
        elif field == "several":
            made += ", ".join(draw(st.lists(st.sampled_from(LITERALS[some]) | _leaves(some), max_size=3)))
        elif field:
            made += draw(conditions(str(of or some), depth))
    return made


@st.composite
def facts(draw: st.DrawFn, kinds: dict[str, str]) -> dict[str, Any]:
    """Values for these fields, by fact: nearly all fitting, now and then an odd or an absent one."""
    found = {}
    for name, kind in kinds.items():
        likely = st.sampled_from(VALUES[kind])
        value = draw(st.one_of(likely, likely, likely, likely, st.sampled_from([*ODD, _ABSENT])))
        if value is not _ABSENT:
            found["velocity.order-count" if name == COUNT else name] = value
    return found
