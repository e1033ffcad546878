"""Takes out of an account's profile what an event had taught it, and puts it back; each once, however often asked.

Exact for what is counted: uses of devices, networks, hours and symbols, sign-ins, orders and habits. Must not decide
what is to be unlearnt, and must not be the truth of it: the database says which events were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from authshield.measure.generate import TTL
from authshield.measure.lessons import PROFILE
from authshield.measure.programs import learn_call

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from authshield.measure.programs import Program
    from authshield.measure.store import Store


@dataclass(frozen=True, slots=True)
class Taught:
    """What one event taught. ``fields`` pair a profile field and the value's tag; ``counts`` name what it added to.

    ``since_ms`` is when its session began: what was known before stays known. ``is_first_margin`` and ``has_place``
    say that it made the account one that trades on margin, and that it noted where the account was.
    """

    event_id: str
    at_ms: int
    since_ms: int
    fields: tuple[tuple[str, int], ...]
    counts: tuple[str, ...]
    is_first_margin: bool = False
    has_place: bool = False


def unlearn(store: Store, account: str, taught: Sequence[Taught]) -> None:
    """Take these lessons out. Raises ``StoreUnavailable``. Cost: 1 round trip."""
    _run(store, account, taught, _without)


def relearn(store: Store, account: str, taught: Sequence[Taught]) -> None:
    """Put them back, trust and the last place apart. Raises ``StoreUnavailable``. Cost: 1 round trip."""
    _run(store, account, taught, _with)


def _run(
    store: Store, account: str, taught: Sequence[Taught], write: Callable[[Taught, int], Program]
) -> None:
    key = store.keys.entity("acct", account)
    store.run([learn_call(0, 0, {key: write(one, store.keys.event(one.event_id))}) for one in taught])


def _without(one: Taught, tag: int) -> Program:
    program: Program = [TTL["acct"], ["o", tag]]
    program += [["d", f"p:{field}", member, one.since_ms] for field, member in one.fields]
    program += [["j", name, -1] for name in one.counts]
    if one.is_first_margin:
        program.append(["s", {"margin": 0}])
    if one.has_place:
        program.append(["p", one.at_ms])
    return program


def _with(one: Taught, tag: int) -> Program:
    program: Program = [TTL["acct"], ["a", tag]]
    for field, member in one.fields:
        program.append(["t", f"p:{field}", PROFILE[field], member, one.at_ms, one.at_ms, 0, 1])
    program += [["j", name, 1] for name in one.counts]
    if one.is_first_margin:
        program.append(["s", {"margin": 1}])
    return program
