"""Turns a condition that was found good into the Python expression that means the same.

Must not decide what an operator means (``terms``). No text of a person becomes source: words become nodes, and
literals constants. What is refused stays with the engine, which alone says what a condition means.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from authshield.judge import terms
from authshield.judge.scan import tokens
from authshield.judge.terms import Refused, Term

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from authshield.judge.scan import Token


class Part(NamedTuple):
    """What has to be true, among others, for a condition to be: alike where ``key`` is. ``names`` are its fields."""

    node: ast.expr
    key: str
    names: tuple[str, ...]


def variable(field: str) -> str:
    """The Python name that holds a field; unlike every function's."""
    return field.replace(".", "__")


def translate(expression: str, kinds: Mapping[str, str]) -> tuple[Part, ...]:
    """The same condition in Python: all parts have to be true. Raises ``Refused``. Cost: some 0.5 ms.

    ``kinds`` are the fields' types. The parts are true or false as the engine has it, provided that each variable
    is of exactly its type: ``bool``, ``int`` in 64 bits, ``float``, ``str`` or ``list``, texts clean. Where one
    raises, the engine is to be asked.
    """
    reader = _Reader(tokens(expression), kinds)
    whole = ast.fix_missing_locations(reader.whole())
    return tuple(_part(node, reader.fields) for node in _operands(ast.And, whole))


def _operands(operator: type[ast.boolop], node: ast.expr) -> list[ast.expr]:
    """What ``&&`` or ``||`` joins here, or the one expression that it does not."""
    return node.values if isinstance(node, ast.BoolOp) and isinstance(node.op, operator) else [node]


def _part(node: ast.expr, fields: Mapping[str, str]) -> Part:
    used = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    return Part(node, ast.dump(node), tuple(sorted(fields[one] for one in used if one in fields)))


class _Reader:
    """One pass over the words, in the grammar of CEL, that builds and types the expression as it goes."""

    def __init__(self, words: list[Token], kinds: Mapping[str, str]) -> None:
        self._words, self._at = words, 0
        self._kinds = kinds
        self.fields: dict[str, str] = {}

    def whole(self) -> ast.expr:
        term = self._choice()
        if term.kind != "bool" or self._at != len(self._words):
            raise Refused
        return term.node

    def _next(self) -> Token:
        if self._at == len(self._words):
            raise Refused
        self._at += 1
        return self._words[self._at - 1]

    def _is_next(self, *texts: str) -> bool:
        return self._at < len(self._words) and self._words[self._at].text in texts

    def _take(self, *texts: str) -> str:
        """The next word where it is one of these, else nothing."""
        return self._next().text if self._is_next(*texts) else ""

    def _need(self, text: str) -> None:
        if not self._take(text):
            raise Refused

    def _choice(self) -> Term:
        condition = self._either()
        if not self._take("?"):
            return condition
        yes = self._either()
        self._need(":")
        return terms.chosen(condition, yes, self._choice())

    def _either(self) -> Term:
        return self._joined("||", ast.Or, self._both)

    def _both(self) -> Term:
        return self._joined("&&", ast.And, self._relation)

    def _joined(self, sign: str, operator: type[ast.boolop], part: Callable[[], Term]) -> Term:
        """The engine lets an error on one side pass where the other side decides; here an error asks the engine."""
        first = part()
        nodes = [*_operands(operator, first.node)]
        while self._take(sign):
            term = part()
            if first.kind != "bool" or term.kind != "bool":
                raise Refused
            nodes += _operands(operator, term.node)
        return first if len(nodes) == 1 else Term(ast.BoolOp(operator(), nodes), "bool")

    def _relation(self) -> Term:
        left = self._sum()
        while sign := self._take("in", *terms.COMPARISONS):
            right = self._sum()
            left = terms.member_of(left, right) if sign == "in" else terms.compared(sign, left, right)
        return left

    def _sum(self) -> Term:
        left = self._product()
        while sign := self._take("+", "-"):
            left = terms.calculated(sign, left, self._product())
        return left

    def _product(self) -> Term:
        left = self._unary()
        while sign := self._take("*", "/", "%"):
            left = terms.calculated(sign, left, self._unary())
        return left

    def _unary(self) -> Term:
        if self._take("!"):
            return terms.opposite(self._unary())
        if self._take("-"):
            return terms.negated(self._unary())
        term = self._primary()
        while self._take("."):
            term = self._method(term, self._next().text)
        return term

    def _primary(self) -> Term:
        word = self._next()
        if word.kind == "number":
            return terms.number(word.text)
        if word.kind == "string":
            return terms.text(word.text)
        if word.kind == "name":
            return self._name(word.text)
        if word.text == "(":
            return self._given()
        if word.text == "[":
            return self._literals()
        raise Refused

    def _given(self) -> Term:
        """The one value in a bracket that is open."""
        term = self._choice()
        self._need(")")
        return term

    def _name(self, name: str) -> Term:
        if name in {"true", "false"}:
            return Term(ast.Constant(name == "true"), "bool")
        if not self._is_next("("):
            return self._field(name)
        owner, _, last = name.rpartition(".")
        if owner:
            return self._method(self._field(owner), last)
        self._need("(")
        return terms.called(last, self._given())

    def _field(self, name: str) -> Term:
        if name not in self._kinds:
            raise Refused
        self.fields[variable(name)] = name
        return Term(ast.Name(variable(name), ast.Load()), self._kinds[name])

    def _method(self, owner: Term, name: str) -> Term:
        self._need("(")
        if name == "size":
            self._need(")")
            return terms.size(owner)
        return terms.asked(owner, name, self._given())

    def _literals(self) -> Term:
        found = [self._choice()]
        while self._take(","):
            found.append(self._choice())
        self._need("]")
        return terms.literals(found)
