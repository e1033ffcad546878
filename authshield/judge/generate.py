"""Makes one Python function of many conditions. It answers all of them, or leaves all of them to the engine.

Must not build source text: the function is compiled from nodes, and whatever a person typed is in it as a
constant. Nothing is executed while it is made.
"""

from __future__ import annotations

import ast
from collections import Counter
from functools import lru_cache
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

from authshield.judge import exact
from authshield.judge.exact import MOST, Odd
from authshield.judge.translate import Part, variable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from authshield.vocabulary.features import FactValue

    Facts = Mapping[str, FactValue]
    Answer = Callable[[Facts, Facts], list[int]]
    Condition = tuple[Part, ...]

UNANSWERED = (KeyError, ArithmeticError, Odd)
"""What an ``Answer`` raises where the engine has to be asked: an absent fact, an odd one, a division by zero."""

_Node = TypeVar("_Node", bound=ast.AST)
_PLACE = ast.Pass(lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)
_DEEPEST = 12
_KEPT = 1024
_LISTED = "lists."
_CALLED = (
    *(exact.text, exact.texts, exact.decimal, exact.quotient, exact.remainder),
    *(exact.plus, exact.minus, exact.times, exact.negative),
    *(type, len, float, int, str, list),
)
# All that the function can reach besides what it is given.
REACHED: dict[str, object] = {"__builtins__": {}, "Odd": Odd, **{one.__name__: one for one in _CALLED}}


class Fields(NamedTuple):
    """The fields that conditions may name: their types, and for those that count the fact that holds the count."""

    kinds: Mapping[str, str]
    counts: Mapping[str, str]


def answer_of(conditions: Sequence[Condition], fields: Fields) -> Answer:
    """A function of the facts and of the lists' facts: the numbers of the conditions that are true, in any order.

    It raises one of ``UNANSWERED`` where it cannot tell. What conditions have in common is asked once, and
    a fact is read where it is first needed: one that is not read does not matter, as for the engine.

    Cost: some 3 ms for 30 conditions; a call about 1 µs.
    """
    module = compile(tree_of(conditions, fields), "<conditions>", "exec")
    code = next(one for one in module.co_consts if isinstance(one, CodeType))
    return cast("Answer", FunctionType(code, REACHED))


def tree_of(conditions: Sequence[Condition], fields: Fields) -> ast.Module:
    """A module of that one function."""
    numbered = list(enumerate(_commonest_first(conditions)))
    body: list[ast.stmt] = [_placed(ast.Assign([_stored("found")], _placed(ast.List([], ast.Load()))))]
    body += _asked(numbered, fields, set())
    body.append(_placed(ast.Return(_name("found"))))
    names = [_placed(ast.arg("facts")), _placed(ast.arg("listed"))]
    given = ast.arguments([], names, None, [], [], None, [])
    return ast.Module([_placed(ast.FunctionDef("answer", given, body, []))], [])


def _commonest_first(conditions: Sequence[Condition]) -> list[list[Part]]:
    """So that conditions share as much as can be; many parts as few, so that tests do not nest too deep."""
    often = Counter(part.key for parts in conditions for part in parts)
    ordered = (sorted(parts, key=lambda part: -often[part.key]) for parts in conditions)
    return [parts if len(parts) <= _DEEPEST else _joined(parts) for parts in ordered]


def _joined(parts: list[Part]) -> list[Part]:
    first, last = parts[: _DEEPEST - 1], parts[_DEEPEST - 1 :]
    node = _placed(ast.BoolOp(ast.And(), [part.node for part in last]))
    names = {name for part in last for name in part.names}
    return [*first, Part(node, "".join(part.key for part in last), tuple(sorted(names)))]


def _asked(conditions: Sequence[tuple[int, list[Part]]], fields: Fields, read: set[str]) -> list[ast.stmt]:
    """Statements that ask these. ``read`` are the fields read before; those that they always read are put in."""
    statements: list[ast.stmt] = []
    alike: dict[str, list[tuple[int, list[Part]]]] = {}
    for number, parts in conditions:
        if parts:
            alike.setdefault(parts[0].key, []).append((number, parts))
        else:
            statements.append(_placed(ast.Expr(_call_of("found", "append", ast.Constant(number)))))
    for group in alike.values():
        first = group[0][1][0]
        for name in first.names:
            if name not in read:
                statements += _read(name, fields.kinds[name], fields.counts.get(name, ""))
                read.add(name)
        rest = [(number, parts[1:]) for number, parts in group]
        statements.append(_placed(ast.If(first.node, _asked(rest, fields, set(read)), [])))
    return statements


@lru_cache(maxsize=_KEPT)
def _read(name: str, kind: str, count: str) -> tuple[ast.stmt, ...]:
    """Statements that go on only with a value of the declared type, as the engine would take it."""
    value, fact = _name(variable(name)), ast.Constant(name)
    taken: ast.expr = ast.Subscript(
        _name("listed" if name.startswith(_LISTED) else "facts"), fact, ast.Load()
    )
    if count:  # 0 for an event that the limit does not count
        taken = _call_of("facts", "get", ast.Constant(count), ast.Constant(0))
    read = ast.Assign([_stored(variable(name))], taken)
    return ast.fix_missing_locations(read), ast.fix_missing_locations(_checked(value, kind))


def _checked(value: ast.Name, kind: str) -> ast.stmt:
    odd = ast.Raise(_name("Odd"))
    if kind == "bool":
        true, false = (ast.Constant(value=one) for one in (True, False))
        neither = ast.BoolOp(ast.And(), [_is_no(value, true), _is_no(value, false)])
        return ast.If(neither, [odd], [])
    if kind == "int":
        least, most = ast.Constant(-MOST), ast.Constant(MOST)
        bounded = ast.Compare(least, [ast.LtE(), ast.LtE()], [value, most])
        return ast.If(_any(_is_other(value, "int"), ast.UnaryOp(ast.Not(), bounded)), [odd], [])
    if kind == "double":
        return ast.If(
            _is_other(value, "float"), [ast.Assign([_stored(value.id)], _call("decimal", value))], []
        )
    if kind == "string":
        unprintable = ast.UnaryOp(ast.Not(), _call_of(value.id, "isprintable"))
        return ast.If(_any(_is_other(value, "str"), unprintable), [ast.Expr(_call("text", value))], [])
    return ast.If(_any(value, _is_other(value, "list")), [ast.Expr(_call("texts", value))], [])


def _placed(node: _Node) -> _Node:
    """The compiler wants to know where each node stands, and these stand nowhere."""
    return ast.copy_location(node, _PLACE)


def _name(name: str) -> ast.Name:
    return _placed(ast.Name(name, ast.Load()))


def _stored(name: str) -> ast.Name:
    return _placed(ast.Name(name, ast.Store()))


def _call(function: str, given: ast.expr) -> ast.Call:
    return ast.Call(_name(function), [given], [])


def _call_of(owner: str, method: str, *given: ast.expr) -> ast.Call:
    called = _placed(ast.Attribute(_name(owner), method, ast.Load()))
    return _placed(ast.Call(called, [_placed(one) for one in given], []))


def _any(*nodes: ast.expr) -> ast.expr:
    return ast.BoolOp(ast.Or(), list(nodes))


def _is_no(value: ast.expr, other: ast.expr) -> ast.expr:
    return ast.Compare(value, [ast.IsNot()], [other])


def _is_other(value: ast.expr, kind: str) -> ast.expr:
    return _is_no(_call("type", value), _name(kind))
