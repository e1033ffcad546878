"""The command: writes one world into a file of events."""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from bench.secondworld.scenarios import SCENARIOS, build
from bench.secondworld.world import World

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, check_circular=False).encode


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to; a packed one has neither name nor time inside, so that it is the same each time."""
    with path.open("wb") as plain:
        if path.suffix != ".gz":
            yield plain
            return
        with gzip.GzipFile(filename="", mode="wb", fileobj=plain, mtime=0, compresslevel=5) as packed:
            yield packed  # type: ignore[misc]


def _recorder(out: IO[bytes], *, labels: bool) -> Callable[[dict[str, Any]], None]:
    def record(event: dict[str, Any]) -> None:
        if not labels:
            event.pop("label", None)
            event.pop("campaign", None)
        out.write(_encode(event).encode() + b"\n")

    return record


def main(arguments: list[str] | None = None) -> None:
    """Reads the command line and writes the file."""
    parser = argparse.ArgumentParser(prog="python -m bench.secondworld", description=__doc__)
    parser.add_argument("scenario", choices=SCENARIOS)
    parser.add_argument("out", type=Path, help="where to; .gz packs")
    parser.add_argument("--accounts", type=int, default=800)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--hijacked", type=float, default=0.05, help="share of the accounts, in attacks")
    parser.add_argument(
        "--no-labels", dest="labels", action="store_false", help="leave out labels and campaigns"
    )
    asked = parser.parse_args(arguments)
    with _opened(asked.out) as out:
        world = World(asked.seed, asked.days, _recorder(out, labels=asked.labels))
        build(world, asked.scenario, accounts=asked.accounts, hijacked=asked.hijacked)
        world.run()


if __name__ == "__main__":
    main()
