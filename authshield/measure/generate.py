"""The script that measures one kind of event, written from the published limits that count it. Pure.

One section a kind of entity, each with its limits' constants in straight lines: no interpreter, no loop over
limits, few functions. No text that a person typed gets into it: limits are named by digests, values by number.
Cost: about 2 ms a kind of event and version, then kept by the identity of the limits' tuple.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from authshield.measure import generate_bases as bases
from authshield.measure.calls import Script
from authshield.measure.counted import Counted, counted
from authshield.measure.generate_windows import customers_header, window
from authshield.vocabulary.event import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from authshield.measure.keys import Keys
    from authshield.vocabulary.event import Event
    from authshield.vocabulary.ruleset import Limit

ACCOUNT_TTL_MS = 180 * bases.DAY_MS
"""How long an account, and each entry of its profile, is kept without being used."""

SESSION_TTL_MS = 30 * bases.DAY_MS
TTL = {"acct": ACCOUNT_TTL_MS, "sess": SESSION_TTL_MS}
"""Entities with a life of their own; all others live as long as their windows."""

LETTER = {
    "acct": "a",
    "sess": "s",
    "dev": "d",
    "sym": "y",
    "ip": "i",
    "net": "n",
    "asn": "c",
    "cc": "l",
    "fp": "f",
    "side": "e",
    "bank": "b",
    "all": "g",
}
"""A section's name in a call, by kind of entity."""

ACCOUNT_WITH_ORDER, NAME, NAME_FOR_ACCOUNT = "o", "u", "v"
"""An account and the order it places; a user name; one whose account does not exist and that stands for it."""

WIDTHS = {"token": 8, "amount": 7, "share": 7, "side": 1, "traits": bases.TRAITS * bases.TRAIT_BYTES}
"""Bytes of an operand; a list's is 1, any other's a tag of 6."""

FOLDER = Path(__file__).parent / "scripts"

PROLOGUE = r"""
if not redis.REDIS_VERSION_NUM then redis.replicate_commands() end
local call, get, put, map, unmap = redis.call, struct.unpack, struct.pack, cmsgpack.pack, cmsgpack.unpack
local sub, find, byte, floor, ceil = string.sub, string.find, string.byte, math.floor, math.ceil
local ZERO6, ZERO8, ZERO10 = '\0\0\0\0\0\0', '\0\0\0\0\0\0\0\0', '\0\0\0\0\0\0\0\0\0\0'
local NO_ENTRY = ZERO8 .. ZERO8 .. '\0\0\0\0\0'
local ANYBODY, MOST, SLOTS = '\255\255\255\255\255\255', 2 ^ 55, 64
local now, stamp, tag = get('>I6', ARGV[1]), sub(ARGV[1], 1, 12), sub(ARGV[1], 7, 12)
local brief = sub(tag, 1, 4)
"""

_HEAD = r"""
local sections, count, out = ARGV[1], floor((#ARGV[1] - 11) / 2), {}
local values = count > 0 and call('MGET', unpack(KEYS, 1, count))
for k = 1, count do
local value, arg, section = values[k], ARGV[k + 1], byte(sections, 11 + 2 * k)
local fine, v
if value then fine, v = pcall(unmap, value) end
if not fine or type(v) ~= 'table' or not v.x then v = {x = 0} end
local changed, need = false, 0
"""

# The stream is trimmed now and then only: its length is a bound on memory, not a promise.
FOOT = r"""
local reply = map(out)
if KEYS[count + 2] then
  call('XADD', KEYS[count + 1], '*', 'k', ARGV[count + 2], 'b', ARGV[count + 3], 'r', reply)
  if byte(tag, 6) % 16 == 0 and call('XLEN', KEYS[count + 1]) > tonumber(ARGV[count + 4]) then
    call('INCRBY', KEYS[count + 2], call('XTRIM', KEYS[count + 1], 'MAXLEN', '~', ARGV[count + 4]))
  end
end
return reply
"""

_SAVE_FIXED = "if changed then call('SET', KEYS[k], map(v), 'PX', {ttl}) end"
_SAVE = """if changed then
if v.x < need then v.x = need end
call('SET', KEYS[k], map(v), 'PX', v.x - now)
end"""
_KEEP_FIXED = "changed = true"
_KEEP = "changed = true if need < $until then need = $until end"


Tell = Callable[["Event", "Mapping[str, str]", "Keys"], bytes]
"""Tells an operand of an event, given the event's entities."""


class Section(NamedTuple):
    """What a script does with one kind of entity: what it is given, and which limits it replies."""

    letter: str
    operands: tuple[str, ...]
    limit_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """How a call is put together for one set of entities. Told apart by identity.

    ``runs`` tell what stays the same of a visitor, ``operands`` the rest of all that is to be told; ``arguments``
    pick from both, in this order, what each key is given.
    """

    letters: tuple[str, ...]
    kinds: tuple[str, ...]
    runs: tuple[tuple[Tell, ...], ...]
    operands: tuple[Tell, ...]
    arguments: tuple[Callable[[Sequence[bytes]], Sequence[bytes]], ...]
    shape: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Program:
    """The script of one kind of event.

    ``sections`` by letter; ``wanted`` are the kinds of entity that a limit counts by, ``named`` those and the ones
    that make a pair or whose different values are counted, ``lists`` the operands that tell of lists; ``layouts``
    are kept by set of entities.
    """

    script: Script
    sections: Mapping[str, Section]
    wanted: frozenset[str]
    named: frozenset[str]
    lists: tuple[str, ...]
    layouts: dict[tuple[str | bool, ...], Layout] = field(default_factory=dict)


KEPT = 256
_kept: dict[tuple[int, Kind, int], tuple[tuple[Limit, ...], Program]] = {}


def program(kind: Kind, limits: tuple[Limit, ...], trust_ms: int) -> Program:
    """The program of these limits. Kept by the tuple's identity, which the entry itself keeps from reuse."""
    entry = _kept.get((id(limits), kind, trust_ms))
    if entry is None or entry[0] is not limits:
        if len(_kept) >= KEPT:
            _kept.clear()
        entry = _kept[id(limits), kind, trust_ms] = (limits, _program(kind, limits, trust_ms))
    return entry[1]


def _program(kind: Kind, limits: tuple[Limit, ...], trust_ms: int) -> Program:
    by_entity = counted(limits)
    own, name = by_entity.get("acct", ()), by_entity.pop("name", ())
    asked = {LETTER[entity]: found for entity, found in by_entity.items()}
    asked |= {letter: by_entity.get(entity, ()) for entity, letter in LETTER.items() if entity in _BASED}
    if name:
        asked[NAME] = name
    if name or own:
        asked[NAME_FOR_ACCOUNT] = (*name, *own)
    if kind in _TRADING:
        asked[ACCOUNT_WITH_ORDER] = own
    else:
        del asked[LETTER["sym"]]
    written = {letter: _section(letter, found, kind, trust_ms) for letter, found in asked.items()}
    body = "\nelse".join(f"if section == {ord(letter)} then\n{text}" for letter, (_, text) in written.items())
    text = f"{_HEAD}{body}\nend\nend{FOOT}"
    sections = {letter: section for letter, (section, _) in written.items()}
    wanted = frozenset(by_entity) | ({"name"} if name or own else frozenset())
    script = Script(PROLOGUE + functions_in(text) + text)
    told = {one for section in sections.values() for one in section.operands}
    named = wanted | {one.partition(":")[2] for one in told if one.startswith(("tag:", "pair:"))}
    return Program(script, sections, wanted, named, tuple(one for one in told if one.startswith("list:")))


_AT_ONCE = 40
"""Limits of one Lua function: it has 200 places for locals, and jumps over 131,072 instructions at most."""

_BASED = frozenset({"acct", "sess", "dev", "sym"})
_TRADING = frozenset({Kind.ORDER, Kind.ORDER_CHANGE})
_FIXED = {LETTER["acct"]: "acct", ACCOUNT_WITH_ORDER: "acct", LETTER["sess"]: "sess"}


def _section(letter: str, limits: tuple[Counted, ...], kind: Kind, trust_ms: int) -> tuple[Section, str]:
    operands, base = _base(letter, kind, trust_ms)
    places: dict[str, int] = {}
    end = 1
    for operand in operands:
        places[operand], end = end, end + width(operand)

    def at(operand: str) -> int:
        nonlocal end
        if operand not in places:
            places[operand], end = end, end + width(operand)
        return places[operand]

    ttl = TTL.get(_FIXED.get(letter, ""))
    keep, header = _KEEP if ttl is None else _KEEP_FIXED, customers_header(limits)
    lines = [base]
    before, after = (
        ("do local function some() ", "end some() end") if len(limits) > _AT_ONCE else ("do ", "end")
    )
    for first in range(0, len(limits), _AT_ONCE):
        numbered = list(enumerate(limits[first : first + _AT_ONCE]))
        results = ", ".join(f"c{number}, w{number}" for number, _ in numbered)
        lines.append(f"{before}local {results}")
        lines += [window(one, number, at, keep=keep, header=header) for number, one in numbered]
        lines.append(f"base = base .. put('>{'dd' * len(numbered)}', {results}) {after}")
    has_attributes = letter in _FIXED
    lines += [
        "out[k] = base .. (v.a or '')" if has_attributes else "out[k] = base",
        _SAVE if ttl is None else _SAVE_FIXED.format(ttl=ttl),
    ]
    return Section(letter, tuple(places), tuple(one.id for one in limits)), "\n".join(lines)


def _base(letter: str, kind: Kind, trust_ms: int) -> tuple[tuple[str, ...], str]:
    """What every event asks of this entity: its operands, and the lines that make ``base``."""
    if letter in {LETTER["acct"], ACCOUNT_WITH_ORDER}:
        with_order = letter == ACCOUNT_WITH_ORDER
        text = bases.account(
            with_order=with_order,
            places_order=kind is Kind.ORDER,
            ttl_ms=ACCOUNT_TTL_MS,
            trust_ms=trust_ms,
        )
        return (bases.ORDER if with_order else bases.BROWSER), text
    if letter == LETTER["sess"]:
        return ("device",), bases.session(starts=kind is Kind.LOGIN)
    if letter == LETTER["dev"]:
        return bases.DEVICE, bases.device()
    if letter == LETTER["sym"]:
        return ("pair:acct",), bases.symbol()
    # A name without an account has no devices: whoever tries it is a stranger.
    return (), "local known, base = false, ''" if letter == NAME_FOR_ACCOUNT else "local base = ''"


def width(operand: str) -> int:
    """Bytes of an operand."""
    return 1 if operand.startswith("list:") else WIDTHS.get(operand, 6)


_FUNCTION = re.compile(r"^local function (\w+)\(.*?^end$", re.MULTILINE | re.DOTALL)
_CALLED = re.compile(r"\b(\w+)\(")


@cache
def _functions() -> tuple[tuple[str, str, frozenset[str]], ...]:
    """Name, text and what it calls, of each function of ``rows.lua``; the last first."""
    text = (FOLDER / "rows.lua").read_text(encoding="utf-8")
    found = [(one[1], one[0], frozenset(_CALLED.findall(one[0]))) for one in _FUNCTION.finditer(text)]
    return tuple(reversed(found))


def functions_in(text: str) -> str:
    """Those functions of ``rows.lua`` that a script calls, with those that they call, in their order."""
    called, found = set(_CALLED.findall(text)), list[str]()
    for name, function, calls in _functions():
        if name in called:
            called |= calls
            found.append(function)
    return "\n".join(reversed(found)) + "\n"
