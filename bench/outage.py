"""What each does with its requests while Redis has stopped, or has frozen. Must not wait for ever."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from bench.conductor import VariantProcess, on_core, valkey_in
from bench.variants import LOGIN, ORDER, PAGE, TYPO, VARIANTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PEOPLE, CALLS = 6, 6
PATIENCE_SECONDS = 2.0
KINDS = (TYPO, LOGIN, ORDER, PAGE)
STOPPED, FROZEN = "stopped", "frozen"

Seen = dict[str, dict[str, dict[str, list[dict[str, float]]]]]


def outages(folder: Path, tell: Callable[[str], None]) -> Seen:
    """By kind of outage, variant and scenario: status (0: no answer) and wait of each call.

    Orders where the variant guards them, pages where a guard looks at them.
    """
    names = [name for name, variant in VARIANTS.items() if variant.is_peer and name != "defender-nolog"]
    return {how: _outage(how, names, folder / how, tell) for how in (STOPPED, FROZEN)}


def _outage(
    how: str, names: list[str], folder: Path, tell: Callable[[str], None]
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    folder.mkdir(parents=True)
    found = {}
    with ExitStack() as stack:
        pairs = []
        for name in names:
            valkey = stack.enter_context(valkey_in(folder / f"{name}-server"))
            with on_core(0):
                process = stack.enter_context(VariantProcess(name, folder / name, valkey.url))
            process.tell("prepare", people=PEOPLE)
            process.tell("work_off")
            pairs.append((process, valkey))
        for process, _ in pairs:
            for _job in ("prepare", "work_off"):
                process.answer()
        for process, valkey in pairs:
            tell(f"Redis {how}: {process.variant}")
            if how == STOPPED:
                valkey.stop()
            else:
                os.kill(valkey.process.pid, signal.SIGSTOP)
            found[process.variant] = {
                kind: process.ask("patiently", scenario=kind, calls=CALLS, seconds=PATIENCE_SECONDS)
                for kind in KINDS
            }
    return found
