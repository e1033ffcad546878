"""How fast workers empty the scoring streams, one and two at a time, on PostgreSQL: ``python -m bench.late``.

Each run fills both shards with the same events and has them emptied. The seconds are wall time, so they say something
on a machine that does nothing else; the processor's seconds an event say what a second worker costs the first one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.conductor import ROOT, site_environ
from tests.servers import start_postgres, start_valkey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from authshield.vocabulary.event import Event

VARIANT = "authshield"
SHARDS = 2
SYMBOLS = 40
VISIT = 6
"""Events of a visit: a sign-in, two pages, three orders."""


class EmptyError(Exception):
    """There is nothing left to be read."""


def main() -> None:
    """Fill and empty, one worker and two in turns; print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=500, help="sign-ins with pages and orders a run (500)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each number of workers (3)")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="authshield-late-") as name:
        folder = Path(name)
        valkey = start_valkey(folder)
        host = str(start_postgres(str(folder / "postgres"))["HOST"])
        environ = site_environ(VARIANT, folder, valkey.url, BENCH_POSTGRES=host)
        try:
            _child(environ, "prepare", host).communicate()
            runs = list(_runs(environ, told.visits, told.rounds))
        finally:
            valkey.stop()
    best = {workers: min(seconds for of, seconds in runs if of == workers) for workers in (1, 2)}
    print(
        f"1 -> 2 workers: {best[1] / best[2]:.2f} times, the best run of each; load {os.getloadavg()[0]:.1f}"
    )


def _runs(environ: dict[str, str], visits: int, rounds: int) -> Iterator[tuple[int, float]]:
    events = visits * VISIT
    for number in range(rounds):
        for workers in (1, 2):
            run = _run(environ, workers, visits, number)
            rate, cpu = events / run["seconds"], run["cpu"] / events * 1e6
            told = f"{workers} worker(s): {rate:8.0f} events/s, {cpu:6.0f} µs of the processor an event"
            print(told, flush=True)
            yield workers, run["seconds"]


def _child(environ: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bench.late_worker", *arguments],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _run(environ: dict[str, str], workers: int, visits: int, number: int) -> dict[str, float]:
    """Seconds from the word to begin until the streams are empty, and the workers' seconds of the processor."""
    _child(environ, "fill", str(visits), f"{workers}-{number}").communicate()
    children = [_child(environ, "drain") for _ in range(workers)]
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()
    began = time.monotonic()
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    told = [json.loads(child.communicate()[0].splitlines()[-1]) for child in children]
    return {"seconds": max(one["ended"] for one in told) - began, "cpu": sum(one["cpu"] for one in told)}


def visits_of(count: int, run: str, begun: datetime) -> Iterator[tuple[Event, bool]]:
    """The events of so many visits, each by an account of its own, and whether it is a sign-in."""
    from datetime import timedelta

    from authshield.vocabulary.event import (
        Client,
        DeviceSeen,
        Event,
        Instrument,
        Kind,
        Login,
        Network,
        Order,
        PageRequest,
        Portfolio,
    )

    kinds = (Kind.LOGIN, Kind.REQUEST, Kind.ORDER, Kind.REQUEST, Kind.ORDER, Kind.ORDER)
    order = Order(
        symbol="",
        side="buy",
        quantity=Decimal(100),
        price=Decimal(1000),
        value_minor=100_000,
        market="XTKS",
        instrument=Instrument(adv_minor=5_000_000_000),
        portfolio=Portfolio(cash_minor=2_000_000, positions_value_minor=8_000_000),
    )
    for place in range(len(kinds)):
        for visit in range(count):
            kind = kinds[place]
            subject: Any = Login(succeeded=True) if kind is Kind.LOGIN else PageRequest("/")
            if kind is Kind.ORDER:
                subject = replace(order, symbol=f"S{(visit * 7 + place) % SYMBOLS}")
            yield (
                Event(
                    id=f"{run}-{visit}-{place}",
                    at=begun + timedelta(milliseconds=place * 1000 + visit),
                    kind=kind,
                    account=f"account-{visit}",
                    session=f"{run}-{visit}",
                    client=Client(
                        ip=f"10.{visit % 200}.{visit // 200}.7",
                        user_agent="Mozilla/5.0",
                        browser="Firefox/Windows",
                    ),
                    device=DeviceSeen(id=f"device-{visit}"),
                    network=Network(asn=64500 + visit % 9, country="JP", kind="residential"),
                    subject=subject,
                    username=f"user-{visit}" if kind is Kind.LOGIN else "",
                ),
                kind is Kind.LOGIN,
            )


if __name__ == "__main__":
    main()
