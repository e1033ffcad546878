"""All that is measured, in the order in which it is. Must not judge what it finds."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import psycopg

from bench.burst import CONTENDERS, guesses
from bench.conductor import PER_SERVER, VariantProcess, interleaved, on_core, valkey_in
from bench.figures import added
from bench.machine import machine
from bench.outage import outages
from bench.replaying import replayed
from bench.traffic import TRIES_EACH
from bench.variants import AUTHSHIELD, SCENARIOS, VARIANTS
from tests.servers import start_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

COUNTED_CALLS = 5
INSIDE_CALLS = 300
BURSTS = 3


class Study:
    """One run, in a folder that is empty at first and whose path is short."""

    def __init__(self, folder: Path, rounds: int, calls: int, tell: Callable[[str], None]) -> None:
        """Each variant has ``rounds`` turns of ``calls`` calls in each scenario."""
        self._folder = folder
        self._rounds = rounds
        self._calls = calls
        self._tell = tell
        self._people = -(-(rounds * calls + COUNTED_CALLS) // TRIES_EACH)

    def latency(self, variants: Sequence[str], databases: Sequence[str]) -> dict[str, Any]:
        """What each variant adds to each scenario, on each database; and AuthShield's own stages."""
        found: dict[str, Any] = {"machine": machine(), "latency": {}, "counts": {}, "inside": {}}
        with valkey_in(self._folder / "valkey") as valkey:
            found["machine"]["Valkey"] = valkey.client.info("server")["valkey_version"]
            for database in databases:
                valkey.client.flushall()
                with self._database(database, variants) as environ:
                    found["machine"] |= environ.pop("versions")
                    self._on(database, valkey.url, variants, environ=environ, found=found)
        return found

    @contextmanager
    def _database(self, database: str, variants: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The environment in which the sites use it."""
        if database == "SQLite":
            yield {"versions": {}}
            return
        with on_core(1):
            host = str(start_postgres(str(self._folder / "postgres"))["HOST"])
        with psycopg.connect(f"host={host} user=postgres dbname=postgres", autocommit=True) as connection:
            for name in variants:
                connection.execute(f'CREATE DATABASE "bench_{name.replace("-", "_")}"'.encode())
            version = connection.execute("SHOW server_version").fetchone()
        yield {"versions": {"PostgreSQL": version[0] if version else ""}, "BENCH_POSTGRES": host}

    def _on(self, database: str, redis_url: str, variants: Sequence[str], **parts: Any) -> None:
        """One database's part: ``environ`` is the sites', ``found`` takes the figures."""
        environ, found = parts["environ"], parts["found"]
        folder = self._folder / database
        folder.mkdir()
        with ExitStack() as stack:
            processes = []
            for number, name in enumerate(variants):
                url = f"{redis_url}?db={number % PER_SERVER}"
                with on_core(0):
                    process = stack.enter_context(VariantProcess(name, folder / name, url, **environ))
                processes.append(process)
            for process in processes:
                self._tell(f"{database}: preparing {process.variant}")
                process.ask("prepare", people=self._people)
            rounds = interleaved(
                processes, self._rounds, self._calls, lambda text: self._tell(f"{database}: {text}")
            )
            found["latency"][database] = {name: added(turns) for name, turns in rounds.items()}
            found["counts"][database] = {
                name: {
                    one.variant: one.ask("counted", scenario=name, calls=COUNTED_CALLS) for one in processes
                }
                for name in SCENARIOS
            }
            for process in processes:
                if process.variant == AUTHSHIELD:
                    self._tell(f"{database}: AuthShield's stages")
                    found["inside"][database] = process.ask("inside", calls=INSIDE_CALLS)

    def behaviour(self, events: int) -> dict[str, Any]:
        """Guesses at once, Redis away, and the speed of a replay."""
        seen = {}
        for name in CONTENDERS:
            self._tell(f"a hundred guesses at once: {VARIANTS[name].title}")
            seen[name] = guesses(name, self._folder / f"guesses-{name}", BURSTS)
        away = outages(self._folder / "outages", self._tell)
        self._tell(f"replay of {events:,} events")
        replay = replayed(self._folder / "replay", events)
        return {"guesses": seen, "outages": away, "replay": replay}
