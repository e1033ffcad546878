"""The same arguments write the same bytes, in any process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.simulate.made import made

PROJECT = Path(__file__).parents[2]


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    """Neither the order of sets nor the time of day nor the file's name is in a packed file."""
    files = []
    for seed in ("1", "2"):
        out = tmp_path / f"{seed}.jsonl.gz"
        argv = [sys.executable, "manage.py", "authshield_simulate", "mixed", str(out)]
        argv += ["--accounts", "60", "--days", "12", "--hijacked", "0.1", "--seed", "7"]
        done = subprocess.run(
            argv, cwd=PROJECT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        files.append(out.read_bytes())
    assert files[0] == files[1]
    assert len(files[0]) > 10_000


def test_another_seed_writes_another_file() -> None:
    """A seed is a brokerage of its own."""
    assert made("quiet", accounts=80, days=24).text != made("quiet", accounts=80, days=24, seed=1).text


def test_the_customers_are_the_same_whoever_attacks_them() -> None:
    """A scenario changes what happens, not who the customers are."""
    first, second = (made(name).simulation.world.people for name in ("quiet", "april"))
    assert [(p.account, p.city, p.enrolled, p.rate) for p in first] == [
        (p.account, p.city, p.enrolled, p.rate) for p in second
    ]
