"""A variant's process under callgrind: how many instructions each of its requests takes. Must not compare."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from bench.conductor import VariantProcess

if TYPE_CHECKING:
    from pathlib import Path

MARK = "getppid"
"""The C function that the process calls around each request, and at no other time; see ``Resident.marked``."""

MISSING = "bench: no valgrind here; its package is called valgrind everywhere (apt-get install valgrind)"


class CountedProcess(VariantProcess):
    """The process of one variant, whose instructions are counted once ``count_from_here`` was called."""

    def __init__(self, variant: str, folder: Path, redis_url: str, **environ: str) -> None:
        """Start it; ``folder`` is its own."""
        valgrind = shutil.which("valgrind")
        if valgrind is None or shutil.which("callgrind_control") is None:
            raise SystemExit(MISSING)
        folder.mkdir(exist_ok=True)
        self._dumps = folder / "dump"
        self._read = 0
        command = [valgrind, "-q", "--tool=callgrind", "--instr-atstart=no", f"--dump-before={MARK}"]
        command.append(f"--callgrind-out-file={self._dumps}")
        # With another seed sets and dicts are laid out anew in each run.
        steady = {"PYTHONHASHSEED": "0", "BENCH_STEADY": "1"}
        super().__init__(variant, folder, redis_url, command=command, **steady, **environ)

    def count_from_here(self) -> None:
        """Until now it ran ten times as fast."""
        argv = ["callgrind_control", "-i", "on", str(self.pid)]
        subprocess.run(argv, check=True, capture_output=True, timeout=60)

    def instructions(self, scenario: str, calls: int) -> list[int]:
        """Of each of so many requests."""
        self.ask("marked", scenario=scenario, calls=calls)
        first, self._read = self._read + 1, self._read + calls + 1
        return [self._total(number) for number in range(first + 1, self._read + 1)]

    def _total(self, number: int) -> int:
        path = self._dumps.with_name(f"{self._dumps.name}.{number}")
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("summary: "):
                path.unlink()
                return int(line.split()[1])
        raise SystemExit(f"bench: {path} has no summary")
