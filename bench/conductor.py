"""Processes, each with one variant, and the order in which they have their turns. Must not compare."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from bench.traffic import TRIES_EACH
from bench.variants import SCENARIOS, guarding
from tests.servers import start_valkey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.servers import Valkey

ROOT = Path(__file__).parents[1]
COUNTED_CALLS, INSIDE_CALLS = 5, 40
PER_SERVER = 16
"""Databases that Valkey has unless told otherwise: one for each variant."""

Rounds = dict[str, dict[str, list[dict[str, Any]]]]
"""What ``timed`` gave, by scenario and variant, round by round."""


class VariantProcess:
    """The process of one variant."""

    def __init__(
        self, variant: str, folder: Path, redis_url: str, *, command: Sequence[str] = (), **environ: str
    ) -> None:
        """Start it, through ``command`` where one is given; ``folder`` is its own."""
        self.variant = variant
        folder.mkdir(exist_ok=True)
        self._process = subprocess.Popen(
            [*command, sys.executable, "-m", "bench.resident"],
            cwd=ROOT,
            env=site_environ(variant, folder, redis_url, **environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def ask(self, do: str, **job: object) -> Any:
        """Have one job done."""
        self.tell(do, **job)
        return self.answer()

    def tell(self, do: str, **job: object) -> None:
        """Hand a job over without waiting for its answer."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # `answer` says that it has ended
            self._process.stdin.write(json.dumps({"do": do, **job}) + "\n")
            self._process.stdin.flush()

    def answer(self) -> Any:
        """Wait for the answer to the job that was handed over first."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"bench: the process of {self.variant} has ended; see above")
        return json.loads(line)

    def __enter__(self) -> Self:
        """Nothing to do: it runs since it was made."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def site_environ(variant: str, folder: Path, redis_url: str, **environ: str) -> dict[str, str]:
    """The environment in which the site is that of the variant."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("COV_")},
        "DJANGO_SETTINGS_MODULE": "bench.site.settings",
        "PYTHONPATH": str(ROOT),
        "BENCH_VARIANT": variant,
        "BENCH_FOLDER": str(folder),
        "BENCH_REDIS_URL": redis_url,
        **environ,
    }


def core(which: int) -> int:
    """The number of the machine's core: 0 for the sites, 1 (where there is one) for the servers."""
    cores = sorted(os.sched_getaffinity(0))
    return cores[min(which, len(cores) - 1)]


@contextmanager
def on_core(which: int) -> Iterator[None]:
    """What is started within stays on that core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core(which)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


@contextmanager
def valkey_in(folder: Path) -> Iterator[Valkey]:
    """A server of one's own, on the servers' core."""
    folder.mkdir(exist_ok=True)
    with on_core(1):
        server = start_valkey(folder)
    try:
        yield server
    finally:
        server.stop()


@dataclass(frozen=True)
class Turns:
    """How often each variant has its turn, and how many calls it makes: first ``warm`` untimed ones."""

    rounds: int
    calls: int
    warm: int

    @property
    def people(self) -> int:
        """So many that none of them does anything more often than shipped limits allow."""
        return -(-(self.rounds * (self.calls + self.warm) + COUNTED_CALLS + INSIDE_CALLS) // TRIES_EACH)


def interleaved(processes: Mapping[str, VariantProcess], turns: Turns, tell: Callable[[str], None]) -> Rounds:
    """Every variant that looks at such requests has its turn in each round, another one first each time."""
    seen: Rounds = {scenario: {name: [] for name in _order(processes, scenario, 0)} for scenario in SCENARIOS}
    for number in range(turns.rounds):
        for scenario, taken in seen.items():
            tell(f"round {number + 1} of {turns.rounds}: {SCENARIOS[scenario].title}")
            for name in _order(processes, scenario, number):
                job = {"scenario": scenario, "calls": turns.calls, "warm": turns.warm}
                taken[name].append(processes[name].ask("timed", **job))
    return seen


def _order(processes: Mapping[str, VariantProcess], scenario: str, number: int) -> list[str]:
    names = guarding(scenario, tuple(processes))
    first = number % len(names)
    return [*names[first:], *names[:first]]
