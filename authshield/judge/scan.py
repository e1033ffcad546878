"""Reads a condition's words before the engine does: finds what a rule may not use, in plain language.

Must not decide what a condition means; that is the engine's part (``cel``). What is refused here is
whatever could be slow (loops), is not needed in a rule (maps, bytes, times), or is a common slip.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MAX_CHARACTERS = 2_000
# The engine gives up at 32 levels; a list around all rules and its own operators need some of them.
MAX_DEPTH = 12
MAX_TOKENS = 500
MAX_SIGNS = 12

FUNCTIONS = frozenset({"size", "int", "double", "string"})
METHODS = frozenset({"startsWith", "endsWith", "contains", "size"})
LOOPS = frozenset(
    {"all", "exists", "exists_one", "existsOne", "map", "filter", "transformList", "transformMap"}
)
KEYWORDS = frozenset({"true", "false", "in"})
SLIPS = {
    "and": 'write "&&"',
    "or": 'write "||"',
    "not": 'write "!" before the condition',
    "is": 'write "=="',
    "true": 'write "true" in small letters',
    "false": 'write "false" in small letters',
    "null": "no field is ever null; compare with its value when missing",
    "none": "no field is ever null; compare with its value when missing",
}

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<comment>//[^\n]*)
    |(?P<triple>[A-Za-z]*(?:\"{3}|'{3}))
    |(?P<string>[A-Za-z]*(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[A-Za-z_]*)
    |(?P<name>[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*)
    |(?P<sign>&&|\|\||[<>=!]=|[-+*/%<>!?:()\[\],.])
    |(?P<wide>[\uFF01-\uFF5E\u3000\u2018\u2019\u201C\u201D]+)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_WIDE = {0x3000: " ", 0x201C: '"', 0x201D: '"', 0x2018: "'", 0x2019: "'"}
_WIDE.update({code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)})


Slip = tuple[int, str, str]
_LOOP = "is a loop, and loops are not allowed"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a condition, and where; line and column count from 1."""

    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """One line for a person."""
        return f"{self.line}:{self.column} {self.message}" + (f" ({self.hint})" if self.hint else "")


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a condition."""

    kind: str
    text: str
    start: int


def tokens(expression: str) -> list[Token]:
    """The words of a condition, without spaces and comments; a dotted name is one word."""
    found = []
    for match in _TOKEN.finditer(expression):
        kind = match.lastgroup or "other"
        if kind not in {"space", "comment"}:
            text = re.sub(r"\s+", "", match[0]) if kind == "name" else match[0]
            found.append(Token(kind, text, match.start()))
    return found


def place(expression: str, start: int) -> tuple[int, int]:
    """Line and column, from 1, of a character."""
    before = expression[:start]
    return before.count("\n") + 1, start - (before.rfind("\n") + 1) + 1


def scan(expression: str, names: Collection[str]) -> list[Problem]:
    """Everything that a condition over these fields may not hold, in the order of the text."""
    if not expression.strip():
        return [Problem(1, 1, "the condition is empty", 'write "true" for a rule that always fires')]
    if len(expression) > MAX_CHARACTERS:
        message = f"the condition has {len(expression)} characters, at most {MAX_CHARACTERS} are allowed"
        return [Problem(1, 1, message, "split it into several rules, or use a list")]
    words = tokens(expression)
    if not words:
        return [Problem(1, 1, "the condition is only a comment")]
    slips = [*_shape(words), *_words(words, names)]
    loops = [slip for slip in slips if slip[1].endswith(_LOOP)]
    return [
        Problem(*place(expression, start), message, hint)
        for start, message, hint in sorted(set(loops or slips))
    ]


def used_names(expression: str, names: Collection[str]) -> frozenset[str]:
    """The declared fields that a condition names."""
    return frozenset(
        part
        for word in tokens(expression)
        if word.kind == "name"
        for part in (word.text, _owner(word))
        if part in names
    )


def _owner(word: Token) -> str:
    return word.text.rpartition(".")[0]


def _shape(words: list[Token]) -> Iterator[Slip]:
    """Length, nesting and runs of signs: what would exceed the engine's own bounds."""
    if len(words) > MAX_TOKENS:
        yield (
            words[MAX_TOKENS].start,
            f"the condition has more than {MAX_TOKENS} words",
            "split it, or use a list",
        )
    depth = choices = run = 0
    for word in words:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(word.text, 0) if word.kind == "sign" else 0
        choices += word.text == "?"
        run = run + 1 if word.text in {"!", "-"} else 0
        if depth > MAX_DEPTH or choices > MAX_DEPTH or run > MAX_SIGNS:
            yield (
                word.start,
                f"the condition is nested more than {MAX_DEPTH} deep",
                "split it into several rules",
            )
            return


def _words(words: list[Token], names: Collection[str]) -> Iterator[Slip]:
    for index, word in enumerate(words):
        before = words[index - 1] if index else None
        after = words[index + 1].text if index + 1 < len(words) else ""
        if word.kind == "name":
            is_member = before is not None and before.text == "."
            slip = _name(word, names, is_call=after == "(", is_member=is_member)
        else:
            slip = _other(word, after)
        if slip:
            yield slip


def _other(word: Token, after: str) -> Slip | None:
    text = word.text
    if word.kind == "triple" or (word.kind == "string" and text[0].isalpha()):
        slip = "only plain texts in single or double quotes are allowed", ""
    elif word.kind == "number" and text[-1].isalpha():
        slip = f'"{text}" is not a number', "write whole numbers as 1000, decimal ones as 0.5"
    elif word.kind == "wide":
        slip = f'full-width or curly "{text}"', f"write {text.translate(_WIDE).strip() or 'a plain space'}"
    elif word.kind == "other":
        slip = _stray(text, after)
    else:
        return None
    return word.start, *slip


def _stray(text: str, after: str) -> tuple[str, str]:
    if text == "=" and after != "=":
        return 'a single "=" does not compare', 'write "=="'
    if text in "\"'":
        return "the text that starts here has no closing quote on its line", ""
    shown = text if text.isprintable() else f"character number {ord(text)}"
    return f'"{shown}" cannot be used in a condition', f'write "{text * 2}"' if text in "&|" else ""


def _name(word: Token, names: Collection[str], *, is_call: bool, is_member: bool) -> Slip | None:
    owner, _, last = word.text.rpartition(".")
    if last in LOOPS and is_call:
        return word.start, f'"{last}" {_LOOP}', 'ask a list: "name" in lists.ip'
    if is_call:
        return _call(word, owner, last, names, is_member=is_member)
    if is_member:
        return word.start, f'"{word.text}" cannot follow a dot here', ""
    if word.text in names or word.text in KEYWORDS:
        return None
    if slip := SLIPS.get(word.text.lower()):
        return word.start, f'"{word.text}" is not a word of this language', slip
    return word.start, f'unknown field "{word.text}"', _suggest(word.text, names)


def _call(word: Token, owner: str, last: str, names: Collection[str], *, is_member: bool) -> Slip | None:
    if word.text in KEYWORDS:  # "in (…)" is no call
        return None
    if word.text in names:
        return word.start, f'"{word.text}" is a field, not a function', "leave the brackets away"
    known = METHODS if owner or is_member else FUNCTIONS
    if not owner and (slip := SLIPS.get(last.lower())):
        return word.start, f'"{last}" is not a word of this language', slip
    if last not in known:
        hint = "there are size, int, double, string, and field.startsWith, endsWith, contains"
        return word.start, f'unknown function "{last}"', hint
    if owner and owner not in names:
        return word.start, f'unknown field "{owner}"', _suggest(owner, names)
    return None


def _suggest(text: str, names: Collection[str]) -> str:
    parts = sorted(name for name in names if name.startswith(f"{text}."))
    if parts:
        return f'it needs a part after a dot, such as "{parts[0]}"'
    near = get_close_matches(text, sorted(names), n=1, cutoff=0.6) or _same_ending(text, names)
    if near:
        return f'did you mean "{near[0]}"?'
    if "." not in text:
        return f'if it is a text, write it in quotes: "{text}"'
    return "the page on rules lists every field"


def _same_ending(text: str, names: Collection[str]) -> list[str]:
    return sorted(name for name in names if name.rpartition(".")[2] == text.rpartition(".")[2])
