"""What the operators, functions and literals of a condition are in Python, by the types they take.

Must not guess: where Python could mean anything else it is ``Refused``, and the engine answers the condition.
"""

from __future__ import annotations

import ast
import re
from typing import NamedTuple

from authshield.judge.exact import MOST, is_clean

PLAIN = frozenset({"bool", "int", "double", "string"})
COMPARISONS: dict[str, type[ast.cmpop]] = {
    "==": ast.Eq,
    "!=": ast.NotEq,
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
}
# Whole numbers are bounded and divide otherwise than Python's (``exact``); the rest is IEEE, or joins texts.
_WHOLE_SIGNS = {"+": "plus", "-": "minus", "*": "times", "/": "quotient", "%": "remainder"}
_SIGNS: dict[tuple[str, str], type[ast.operator]] = {
    ("double", "+"): ast.Add,
    ("double", "-"): ast.Sub,
    ("double", "*"): ast.Mult,
    ("double", "/"): ast.Div,
    ("string", "+"): ast.Add,
}
_METHODS = {"startsWith": "startswith", "endsWith": "endswith"}
_WHOLE = re.compile(r"[0-9]+")
_DECIMAL = re.compile(r"[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"\\": "\\", '"': '"', "'": "'", "n": "\n", "r": "\r", "t": "\t"}


class Refused(Exception):  # noqa: N818 - no error: the engine answers such a condition
    """This condition stays with the engine."""


class Term(NamedTuple):
    """A Python expression, and its type as declared, or ``set<…>`` for a list of literals."""

    node: ast.expr
    kind: str


def _call(function: str, *given: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(function, ast.Load()), list(given), [])


def called(name: str, given: Term) -> Term:
    """A function of one value."""
    if name == "size":
        return size(given)
    if name == "double" and given.kind == "int":
        return Term(_call("float", given.node), "double")
    if name == given.kind and name in PLAIN:
        return given
    raise Refused


def asked(owner: Term, method: str, given: Term) -> Term:
    """A method of a text that takes another one."""
    if owner.kind != "string" or given.kind != "string":
        raise Refused
    if method == "contains":
        return Term(ast.Compare(given.node, [ast.In()], [owner.node]), "bool")
    if method not in _METHODS:
        raise Refused
    bound = ast.Attribute(owner.node, _METHODS[method], ast.Load())
    return Term(ast.Call(bound, [given.node], []), "bool")


def chosen(condition: Term, yes: Term, no: Term) -> Term:
    """One of two values of one type."""
    if condition.kind != "bool" or yes.kind != no.kind or yes.kind not in {*PLAIN, "list<string>"}:
        raise Refused
    return Term(ast.IfExp(condition.node, yes.node, no.node), yes.kind)


def opposite(term: Term) -> Term:
    """What is true where this is false."""
    if term.kind != "bool":
        raise Refused
    return Term(ast.UnaryOp(ast.Not(), term.node), "bool")


def literals(terms: list[Term]) -> Term:
    """A list of literals of one type. There is no literal that is not equal to itself."""
    kind = terms[0].kind
    values = [term.node.value for term in terms if isinstance(term.node, ast.Constant)]
    if kind not in PLAIN or len(values) < len(terms) or any(term.kind != kind for term in terms):
        raise Refused
    # The node is typed for what can be written in source; a compiler takes a constant set as well.
    return Term(ast.Constant(frozenset(values)), f"set<{kind}>")  # type: ignore[arg-type]


def size(term: Term) -> Term:
    """How long a text or a list is."""
    if term.kind not in {"string", "list<string>"}:
        raise Refused
    return Term(_call("len", term.node), "int")


def compared(sign: str, left: Term, right: Term) -> Term:
    """Two values of one type, compared."""
    if left.kind != right.kind or left.kind not in PLAIN:
        raise Refused
    return Term(ast.Compare(left.node, [COMPARISONS[sign]()], [right.node]), "bool")


def member_of(left: Term, right: Term) -> Term:
    """Whether a value is in a list."""
    is_list = left.kind == "string" and right.kind == "list<string>"
    if not is_list and right.kind != f"set<{left.kind}>":
        raise Refused
    return Term(ast.Compare(left.node, [ast.In()], [right.node]), "bool")


def calculated(sign: str, left: Term, right: Term) -> Term:
    """Two numbers of one type, or two texts, joined by a sign."""
    if left.kind != right.kind:
        raise Refused
    if left.kind == "int":
        return Term(_call(_WHOLE_SIGNS[sign], left.node, right.node), "int")
    operator = _SIGNS.get((left.kind, sign))
    if operator is None:
        raise Refused
    return Term(ast.BinOp(left.node, operator(), right.node), left.kind)


def negated(term: Term) -> Term:
    """The same number below zero."""
    if term.kind not in {"int", "double"}:
        raise Refused
    if isinstance(term.node, ast.Constant) and isinstance(term.node.value, int | float):
        return Term(ast.Constant(-term.node.value), term.kind)
    if term.kind == "int":
        return Term(_call("negative", term.node), "int")
    return Term(ast.UnaryOp(ast.USub(), term.node), "double")


def number(text: str) -> Term:
    """A number literal."""
    if _WHOLE.fullmatch(text) and int(text) <= MOST:
        return Term(ast.Constant(int(text)), "int")
    if _DECIMAL.fullmatch(text) and float(text) < float("inf"):
        return Term(ast.Constant(float(text)), "double")
    raise Refused


def text(quoted: str) -> Term:
    """A text literal. The rarer escapes are left to the engine."""
    inside = quoted[1:-1]
    if not is_clean(inside) or any(mark not in _ESCAPED for mark in _ESCAPE.findall(inside)):
        raise Refused
    return Term(ast.Constant(_ESCAPE.sub(lambda found: _ESCAPED[found[1]], inside)), "string")
