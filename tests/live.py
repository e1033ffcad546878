"""The whole demo, as `make demo` runs it: Valkey, worker with beat, site; on a free port and a folder of its own."""

from __future__ import annotations

import os
import queue
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.client import HOME, Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 60
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Live:
    """A running demo."""

    port: int
    folder: Path
    process: subprocess.Popen[str]

    def visitor(self, address: str = HOME) -> Visitor:
        """Somebody with a fresh browser."""
        return Visitor(self.port, address)

    def manage(self, *arguments: str) -> str:
        """Run a management command against it; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=_environ(self.folder),
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout.strip()


def run_demo(folder: Path, **environ: str) -> Iterator[Live]:
    """Start the demo, hand it over once it is ready, and end it."""
    port = _free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "demo_site", "--follow-parent"],
        cwd=ROOT,
        env={**_environ(folder), "PORT": str(port), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        lines: queue.Queue[str] = queue.Queue()
        pump = threading.Thread(target=_pump, args=(process, lines), daemon=True)
        pump.start()
        try:
            _wait_for_banner(lines, f"127.0.0.1:{port}")
            yield Live(port, folder, process)
        finally:
            process.terminate()
            process.wait(timeout=30)
            pump.join(timeout=30)


def _environ(folder: Path) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "COV_", "DEMO_"))
    }
    return {**kept, "DATA": str(folder)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _pump(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    lines.put("")


def _wait_for_banner(lines: queue.Queue[str], sign: str) -> None:
    seen = ""
    while sign not in seen:
        line = lines.get(timeout=START_SECONDS)
        assert line, f"the demo ended before it was ready: {seen}"
        seen += line
