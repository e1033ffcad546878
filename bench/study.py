"""All that is measured, in the order in which it is. Must not judge what it finds."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import psycopg

from bench.burst import guesses
from bench.conductor import (
    COUNTED_CALLS,
    INSIDE_CALLS,
    PER_SERVER,
    Turns,
    VariantProcess,
    core,
    interleaved,
    on_core,
    valkey_in,
)
from bench.figures import added
from bench.instructions import counted, over_bare
from bench.machine import machine
from bench.outage import outages
from bench.replaying import replayed
from bench.scaling import growth, throughput
from bench.variants import AUTHSHIELD, BARE, CONTENDERS, SCENARIOS, VARIANTS, guarding
from tests.servers import start_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

INSTRUCTION_CALLS = 4


class Study:
    """One run, in a folder that is empty at first and whose path is short."""

    def __init__(self, folder: Path, turns: Turns, tell: Callable[[str], None]) -> None:
        """Each variant has its ``turns`` in each scenario that it guards."""
        self._folder = folder
        self._turns = turns
        self._tell = tell

    def latency(self, variants: Sequence[str], databases: Sequence[str]) -> dict[str, Any]:
        """What each variant adds to each scenario, on each database; and AuthShield's own stages."""
        found: dict[str, Any] = {"machine": machine(), "latency": {}, "counts": {}, "inside": {}}
        with valkey_in(self._folder / "valkey") as valkey:
            found["machine"]["Valkey"] = valkey.client.info("server")["valkey_version"]
            for database in databases:
                valkey.client.flushall()
                environ: dict[str, str] = {}
                if database == "PostgreSQL":
                    environ, version = self._postgres("postgres", variants)
                    found["machine"] |= version
                self._on(database, valkey.url, variants, environ=environ, found=found)
        return found

    def _postgres(self, folder: str, variants: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
        """A server with a database for each variant: the environment in which sites use it, its version."""
        with on_core(1):
            host = str(start_postgres(str(self._folder / folder))["HOST"])
        with psycopg.connect(f"host={host} user=postgres dbname=postgres", autocommit=True) as connection:
            for name in variants:
                connection.execute(f'CREATE DATABASE "bench_{name.replace("-", "_")}"'.encode())
            version = connection.execute("SHOW server_version").fetchone()
        return {"BENCH_POSTGRES": host}, {"PostgreSQL": version[0] if version else ""}

    def _on(self, database: str, redis_url: str, variants: Sequence[str], **parts: Any) -> None:
        """One database's part: ``environ`` is the sites', ``found`` takes the figures."""
        environ, found = parts["environ"], parts["found"]
        folder = self._folder / database
        folder.mkdir()
        with ExitStack() as stack:
            processes = {}
            for number, name in enumerate(variants):
                url = f"{redis_url}?db={number % PER_SERVER}"
                process = stack.enter_context(VariantProcess(name, folder / name, url, **environ))
                processes[name] = process
            self._tell(f"{database}: preparing {len(processes)} variants")
            self._all(processes, "prepare", people=self._turns.people)
            self._all(processes, "stay", core=core(0))
            rounds = interleaved(processes, self._turns, lambda text: self._tell(f"{database}: {text}"))
            found["latency"][database] = {name: added(turns) for name, turns in rounds.items()}
            found["counts"][database] = {
                scenario: {
                    name: processes[name].ask("counted", scenario=scenario, calls=COUNTED_CALLS)
                    for name in guarding(scenario, tuple(processes))
                }
                for scenario in SCENARIOS
            }
            if AUTHSHIELD in processes:
                self._tell(f"{database}: AuthShield's stages")
                found["limits"] = processes[AUTHSHIELD].ask("limits")
                found["inside"][database] = processes[AUTHSHIELD].ask("inside", calls=INSIDE_CALLS)

    @staticmethod
    def _all(processes: Mapping[str, VariantProcess], do: str, **job: object) -> None:
        """Have all of them do it at once."""
        for process in processes.values():
            process.tell(do, **job)
        for process in processes.values():
            process.answer()

    def instructions(self, variants: Sequence[str]) -> dict[str, Any]:
        """Thousand instructions over bare."""
        self._tell("instructions")
        counts = counted(self._folder / "instructions", variants, list(SCENARIOS), INSTRUCTION_CALLS)
        return {"instructions": over_bare(counts)}

    def scale(self, decades: int) -> dict[str, Any]:
        """With processes, limits and keys."""
        environ, _ = self._postgres("postgres-rates", (BARE, AUTHSHIELD))
        return {
            "throughput": throughput(self._folder / "rates", environ, self._tell),
            "growth": growth(self._folder / "growth", decades, self._tell),
        }

    def behaviour(self, events: int) -> dict[str, Any]:
        """Guesses at once, Redis away, and the speed of a replay."""
        seen = {}
        for name in CONTENDERS:
            self._tell(f"a hundred guesses at once: {VARIANTS[name].title}")
            seen[name] = guesses(name, self._folder / f"guesses-{name}")
        away = outages(self._folder / "outages", self._tell)
        self._tell(f"replay of {events:,} events")
        replay = replayed(self._folder / "replay", events)
        return {"guesses": seen, "outages": away, "replay": replay}
