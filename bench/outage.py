"""What each does with its requests while Redis has stopped, or has frozen. Must not wait for ever."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from bench.conductor import VariantProcess, valkey_in
from bench.variants import CONTENDERS, LOGIN, ORDER, PAGE, TYPO, VARIANTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PEOPLE, CALLS = 6, 6
PATIENCE_SECONDS = 2.0
KINDS = (TYPO, LOGIN, ORDER, PAGE)
STOPPED, FROZEN = "stopped", "frozen"

Seen = dict[str, dict[str, dict[str, list[dict[str, float]]]]]


def outages(folder: Path, tell: Callable[[str], None]) -> Seen:
    """By kind of outage, variant and scenario that it guards: status (0: no answer) and wait of each call."""
    found: Seen = {}
    for how in (STOPPED, FROZEN):
        tell(f"Redis {how}")
        found[how] = _outage(how, folder / how)
    return found


def _outage(how: str, folder: Path) -> dict[str, dict[str, list[dict[str, Any]]]]:
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        pairs = []
        for name in CONTENDERS:
            valkey = stack.enter_context(valkey_in(folder / f"{name}-server"))
            process = stack.enter_context(
                VariantProcess(name, folder / name, valkey.url, BENCH_IMPATIENT="1")
            )
            process.tell("prepare", people=PEOPLE)
            process.tell("work_off")
            pairs.append((process, valkey))
        for process, _ in pairs:
            for _job in ("prepare", "work_off"):
                process.answer()
        for _, valkey in pairs:
            if how == STOPPED:
                valkey.stop()
            else:
                os.kill(valkey.process.pid, signal.SIGSTOP)
        return _asked([process for process, _ in pairs], at_once=how == FROZEN)


def _asked(
    processes: Sequence[VariantProcess], *, at_once: bool
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Where nothing answers they may wait side by side: it costs no one any time."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {process.variant: {} for process in processes}
    for kind in KINDS:
        looking = [process for process in processes if kind in VARIANTS[process.variant].guards]
        for group in [looking] if at_once else [[process] for process in looking]:
            for process in group:
                process.tell("patiently", scenario=kind, calls=CALLS, seconds=PATIENCE_SECONDS)
            for process in group:
                found[process.variant][kind] = process.answer()
    return found
