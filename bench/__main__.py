"""`python -m bench`: measure everything, write docs/benchmarks.md and bench.json. See `--help`.

Must not hold a figure: what is written is what was seen.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from authshield.clock import now
from bench.conductor import ROOT, Turns
from bench.machine import Used, load
from bench.report import document
from bench.study import Study
from bench.variants import VARIANTS

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> int:
    """Measure and write."""
    parser = _parser()
    options = parser.parse_args()
    if options.latency_only and options.doc:
        parser.error("a document is of everything: leave out --latency-only or --doc")
    progress, turns = Progress(), Turns(options.rounds, options.calls, options.warm)
    before, began, used = load(), time.monotonic(), Used()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        found = _measured(Study(Path(name), turns, progress), options)
    found |= {
        "measured_at": f"{now().astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        "load_before": before,
        "load_after": load(),
        "others": used.by_others(),
        "seconds": round(time.monotonic() - began),
        "rounds": options.rounds,
        "calls": options.calls,
        "warm": options.warm,
    }
    progress.end()
    options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if options.doc:
        options.doc.write_text(document(found), encoding="utf-8")
        print(f"written: {options.doc}, {options.json} ({found['seconds']} s)")
    return 0


def _measured(study: Study, options: argparse.Namespace) -> dict[str, Any]:
    """All parts, or the one that was asked for; with the seconds that each took."""
    variants = [one for one in VARIANTS if one in options.variants.split(",")]
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "latency": lambda: study.latency(variants, options.databases)
    }
    if not options.latency_only:
        parts |= {
            "instructions": lambda: study.instructions(variants),
            "growth": lambda: study.scale(options.decades),
            "behaviour": lambda: study.behaviour(options.events),
        }
    found: dict[str, Any] = {"parts": {}}
    for name, part in parts.items():
        began = time.monotonic()
        found |= part()
        found["parts"][name] = round(time.monotonic() - began)
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure AuthShield beside its peers on this machine; it takes some minutes.",
    )
    parser.add_argument("--rounds", type=int, default=5, help="turns of each variant (default: 5)")
    parser.add_argument("--calls", type=int, default=40, help="timed calls in each turn (default: 40)")
    parser.add_argument("--warm", type=int, default=10, help="calls before those, untimed (default: 10)")
    parser.add_argument(
        "--variants", default=",".join(VARIANTS), help=f"some of {', '.join(VARIANTS)} (default: all)"
    )
    parser.add_argument(
        "--databases", nargs="+", choices=("SQLite", "PostgreSQL"), default=("SQLite", "PostgreSQL")
    )
    parser.add_argument("--latency-only", action="store_true", help="only what a request costs more")
    parser.add_argument("--events", type=int, default=10_000, help="events of the replay (default: 10000)")
    parser.add_argument(
        "--decades",
        type=int,
        default=6,
        choices=range(3, 9),
        help="keys up to 10 to the power of (default: 6)",
    )
    parser.add_argument("--json", type=Path, default=ROOT / "bench.json", help="where the figures go")
    parser.add_argument("--doc", type=Path, help="where the document goes (default: nowhere)")
    return parser


class Progress:
    """One line on a terminal; nothing elsewhere."""

    def __init__(self) -> None:
        self._shows = sys.stderr.isatty()
        self._began = time.monotonic()

    def __call__(self, text: str) -> None:
        """Say what is being done."""
        if self._shows:
            sys.stderr.write(f"\r\x1b[K{time.monotonic() - self._began:4.0f} s  {text}")
            sys.stderr.flush()

    def end(self) -> None:
        """Wipe the line."""
        if self._shows:
            sys.stderr.write("\r\x1b[K")


if __name__ == "__main__":
    sys.exit(main())
