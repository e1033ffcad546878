"""Calls of the interpreter ``scripts/learn.lua``: what teaches a value, gives back to it or marks it. Pure.

A program is the list of its time to live and its ops, which the script describes. Measuring needs none of this.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from authshield.measure.calls import Call, Script
from authshield.measure.generate import FOLDER, FOOT, PROLOGUE, functions_in
from authshield.measure.packing import pack_for_scripts

if TYPE_CHECKING:
    from collections.abc import Mapping

Op = list[Any]
Program = list[Any]


@cache
def learn_script() -> Script:
    """The interpreter."""
    text = (FOLDER / "learn.lua").read_text(encoding="utf-8")
    return Script(PROLOGUE + functions_in(text) + text + FOOT)


def learn_call(
    now_ms: int, tag: int, programs: Mapping[str, Program], entry: tuple[bytes, bytes, bytes] | None = None
) -> Call:
    """A call that runs a program on each key. ``tag`` is the event's; at ``now_ms`` 0 no window ends."""
    args = tuple([pack_for_scripts(program) for program in programs.values()])
    return Call(learn_script(), ("x",) * len(args), tuple(programs), header(now_ms, tag), args, entry)


def header(now_ms: int, tag: int) -> bytes:
    """Time and tag as every script reads them."""
    return (now_ms << 48 | tag).to_bytes(12, "big")
