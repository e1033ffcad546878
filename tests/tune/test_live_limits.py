"""A limit that the desk edits counts in every process within a second, without a restart."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from tests.live import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = "login-strangers-10m"
SECONDS = 1.0
ASKS = 20_000
# Answers each line with the limit's capacity as this process has it, and when that was.
NODE = f"""
import sys, time
from authshield.clock import now
from authshield.tune import rulebook
for line in sys.stdin:
    limits = rulebook.active(now())[0].source.limits
    print(next(one.capacity for one in limits if one.id == "{LIMIT}"), time.time(), flush=True)
"""
EDIT = f"""
import time
from authshield.clock import now
from authshield.models import LimitDraft
from authshield.tune import rulebook
LimitDraft.objects.filter(pk="{LIMIT}").update(capacity=3)
rulebook.publish(author=None, reason="attack", now=now())
print(time.time())
"""


def command(environ: dict[str, str], *arguments: str) -> str:
    """Run a management command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def ask(node: subprocess.Popen[str]) -> tuple[int, float]:
    """The capacity in force in that process, and the time there."""
    assert node.stdin is not None
    assert node.stdout is not None
    node.stdin.write("?\n")
    node.stdin.flush()
    capacity, at = node.stdout.readline().split()
    return int(capacity), float(at)


def test_an_edited_limit_counts_in_two_running_processes_within_a_second(tmp_path: Path) -> None:
    """A third process publishes it; the two that run were started before and follow by themselves."""
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.counting_settings",
        "DEMO_DATA": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    command(environ, "migrate", "--verbosity", "0")
    argv = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", NODE]
    with ExitStack() as stack:
        nodes = [
            stack.enter_context(
                subprocess.Popen(
                    argv, cwd=ROOT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            )
            for _ in range(2)
        ]
        assert [ask(node)[0] for node in nodes] == [5, 5]
        published_at = float(command(environ, "shell", "--verbosity", "0", "-c", EDIT))
        for node in nodes:
            answers = (ask(node) for _ in range(ASKS))
            first = next(one for one in answers if one[0] == 3 or one[1] > published_at + SECONDS)
            assert first[0] == 3
