"""One variant in a process of its own: `python -m bench.resident` reads jobs from stdin, a JSON line each.

Must not compare: it hands back what it saw. Ends with its parent, or when stdin ends.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
from contextlib import contextmanager
from itertools import count
from statistics import median
from typing import TYPE_CHECKING, Any, Never

import django
from django.core.management import call_command
from django.db import connection
from redis import Redis

from bench import hotspots, inside, scaled
from bench.site import settings
from bench.traffic import EXPECTED, VICTIM, Site, Traffic
from bench.variants import AUTHSHIELD, LOGIN, VARIANTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OURS = ("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT", "ROLLBACK", "SET ")
"""Statements that open and close transactions; PostgreSQL's and SQLite's differ, so none is counted."""

OUR_READS = 1
"""The question after the count."""


class Waited(BaseException):
    """The patience is over. Not an ``Exception``, so that no guard takes it for one of Redis's."""


class Resident:
    """The site of one variant, with the people that it knows."""

    def __init__(self) -> None:
        """Django must be set up."""
        # Imported here: it loads the site, which wants the settings.
        from bench.site.wsgi import application

        self.site = Site(application)
        self.traffic = Traffic(0)
        self._looking = Redis.from_url(settings.REDIS_URL)

    def people(self, people: int) -> bool:
        """Make tables and people."""
        from bench.site import people as making

        call_command("migrate", run_syncdb=True, verbosity=0)
        self.traffic = Traffic(people)
        making.make(self.traffic.people)
        return True

    def prepare(self, people: int) -> list[dict[str, str]]:
        """Make people, sign their own browsers in, and warm up: each has done everything once. Their cookies."""
        self.people(people)
        for scenario in (VICTIM, LOGIN, *self._guarded):
            for _ in self.traffic.people:
                person = self._call(scenario)
                if scenario == LOGIN:
                    self.site.keep_cookies(person)
        return [person.cookies for person in self.traffic.people]

    def adopt(self, cookies: list[dict[str, str]], first: int = 0, step: int = 1) -> bool:
        """Go on with some of the people whom another process has prepared in the same database; warm up."""
        self.traffic = Traffic(len(cookies))
        for person, jar in zip(self.traffic.people, cookies, strict=True):
            person.cookies.update(jar)
        self.traffic.people = self.traffic.people[first::step]
        self.traffic.skip(1)
        for scenario in self._guarded:
            for _ in self.traffic.people:
                self._call(scenario)
        return True

    @property
    def _guarded(self) -> list[str]:
        return [name for name in EXPECTED if name in VARIANTS[settings.VARIANT].guards]

    def stay(self, core: int) -> bool:
        """Stay on that core, and keep the collector from looking at what there is by now."""
        os.sched_setaffinity(0, {core})
        gc.collect()
        gc.freeze()
        return True

    def _call(self, scenario: str) -> Any:
        environ, person = self.traffic.environ(scenario)
        self.site.call(environ)
        if self.site.status != EXPECTED.get(scenario, 200):
            raise SystemExit(f"{settings.VARIANT}: {scenario} was answered with {self.site.status}")
        return person

    def timed(self, scenario: str, calls: int, warm: int) -> dict[str, Any]:
        """Nanoseconds of each call, and of this process's CPU for all of them; after some to warm the caches."""
        gc.collect()
        environs = [self.traffic.environ(scenario)[0] for _ in range(calls)]
        for _ in range(warm):
            self._call(scenario)
        taken, wrong = [], 0
        clock, site, expected = time.perf_counter_ns, self.site, EXPECTED[scenario]
        cpu = time.process_time_ns()
        for environ in environs:
            began = clock()
            site.call(environ)
            taken.append(clock() - began)
            wrong += site.status != expected
        cpu = time.process_time_ns() - cpu
        self._refuse(wrong, calls, scenario)
        return {"wall_ns": taken, "cpu_ns": cpu}

    def _refuse(self, wrong: int, calls: int, scenario: str) -> None:
        if wrong:
            raise SystemExit(
                f"{settings.VARIANT}: {wrong} of {calls} × {scenario} were not answered as expected"
            )

    def marked(self, scenario: str, calls: int) -> bool:
        """Call, with a mark before the first and after each that whoever counts instructions looks for."""
        environs = [self.traffic.environ(scenario)[0] for _ in range(calls)]
        site, expected, wrong = self.site, EXPECTED[scenario], 0
        gc.collect()
        gc.freeze()
        os.getppid()
        for environ in environs:
            site.call(environ)
            os.getppid()
            wrong += site.status != expected
        self._refuse(wrong, calls, scenario)
        return True

    def profiled(self, scenario: str, calls: int) -> hotspots.Profile:
        """Which functions such requests are in."""

        def batch() -> int:
            for environ in environs.pop():
                self.site.call(environ)
            return calls

        environs = [
            [self.traffic.environ(scenario)[0] for _ in range(calls)] for _ in range(hotspots.BATCHES)
        ]
        return hotspots.profiled(batch)

    def counted(self, scenario: str, calls: int) -> dict[str, float]:
        """Medians of trips to Redis, commands that it ran (inside scripts too) and SQL statements a call.

        Trips are counted where they arrive, so that no client is overlooked.
        """
        seen = []
        for _ in range(calls):
            self._looking.config_resetstat()
            with _queries() as queries:
                self._call(scenario)
            trips = self._looking.info("stats")["total_reads_processed"] - OUR_READS
            seen.append((trips, self._commands(), len(queries)))
        names = ("trips", "commands", "queries")
        return {name: median(values) for name, values in zip(names, zip(*seen, strict=True), strict=True)}

    def _commands(self) -> int:
        """Since the last reset; the reset itself is not counted."""
        seen = self._looking.info("commandstats")
        return sum(
            stats["calls"]
            for name, stats in seen.items()
            if name not in {"cmdstat_config|resetstat", "cmdstat_info"}
        )

    def patiently(self, scenario: str, calls: int, seconds: float) -> list[dict[str, float]]:
        """Status and wait of each call while Redis is away; no more after one that exceeds ``seconds``."""
        seen: list[dict[str, float]] = []
        signal.signal(signal.SIGALRM, _over)
        for _ in range(calls):
            environ, _person = self.traffic.environ(scenario)
            self.site.status = 0
            began = time.perf_counter()
            signal.setitimer(signal.ITIMER_REAL, seconds)
            try:
                self.site.call(environ)
            except Waited:
                self.site.status = 0
            except Exception:  # noqa: BLE001 - what a server would turn into an answer
                self.site.status = 500
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            seen.append({"status": self.site.status, "ms": (time.perf_counter() - began) * 1000})
            if not self.site.status:
                break
        return seen

    def work_off(self) -> bool:
        """Do what a worker of AuthShield's would have done by now."""
        if settings.VARIANT == AUTHSHIELD:
            from tests.site import work_off

            work_off()
        return True

    def limits(self) -> dict[str, int]:
        """How many limits count such an event, by its kind."""
        from authshield.clock import now
        from authshield.tune import rulebook
        from authshield.vocabulary.event import Kind

        ruleset = rulebook.active(now())[0]
        return {kind.value: len(ruleset.limits_for(kind)) for kind in Kind}

    def rate(self, scenario: str, seconds: float) -> float:
        """Such requests a second."""
        return scaled.rate(lambda: self._call(scenario), seconds)

    def publish(self, number: int) -> bool:
        """So many limits on an order instead of the shipped ones."""
        scaled.publish_order_limits(number)
        return True

    def inside(self, calls: int) -> dict[str, dict[str, float]]:
        """Microseconds of AuthShield's own stages."""
        return inside.stages(self._call, calls, settings.REDIS_URL)


@contextmanager
def _queries() -> Iterator[list[str]]:
    """The SQL statements of the requests within."""
    seen: list[str] = []

    def query(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if not sql.startswith(OURS):
            seen.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(query):
        yield seen


def _over(*_: object) -> Never:
    raise Waited


def _steady() -> None:
    """A clock that moves on by 0.1 ms whenever it is read: what is done every half second is then not done.

    Where a request takes fifty times as long as it should, it would have its turn in every other one.
    """
    if "BENCH_STEADY" in os.environ:
        time.monotonic = count(time.monotonic(), 1e-4).__next__


def main() -> None:
    """Do one job after the other."""
    _steady()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    sys.stdout = sys.stderr
    django.setup()
    resident = Resident()
    jobs: dict[str, Callable[..., Any]] = {
        "people": resident.people,
        "prepare": resident.prepare,
        "adopt": resident.adopt,
        "stay": resident.stay,
        "timed": resident.timed,
        "marked": resident.marked,
        "profiled": resident.profiled,
        "counted": resident.counted,
        "patiently": resident.patiently,
        "work_off": resident.work_off,
        "inside": resident.inside,
        "limits": resident.limits,
        "rate": resident.rate,
        "publish": resident.publish,
    }
    for line in sys.stdin:
        job = json.loads(line)
        answers.write(json.dumps(jobs[job.pop("do")](**job)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
