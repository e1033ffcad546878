"""The whole demo, as a person at a terminal meets it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0  # alone it takes four; here other tests use the same cores
POLL = threading.Event()  # never set: the processes here are not all ours to wait for

pytestmark = pytest.mark.live


class Demo:
    """One run of `python -m demo_site` on a folder; ``url`` is where it answers."""

    def __init__(self, data: Path, port: int) -> None:
        self.data = data
        self.url = f"http://127.0.0.1:{port}"
        self.environ = {**os.environ, "DEMO_DATA": "", "DATA": str(data), "PORT": str(port)}
        del self.environ["DJANGO_SETTINGS_MODULE"]
        self.process = self.run("-m", "demo_site")

    def run(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start Python with the demo's environment."""
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=PROJECT,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_until_ready(self) -> str:
        """Return its banner, or fail with what it says instead."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        said = ""
        for line in self.process.stdout:
            said += line
            if "Ctrl-C" in line:
                return said
        pytest.fail(f"the demo did not start: {self.process.stderr.read()}")

    def told(self, *arguments: str) -> str:
        """Return what a command of manage.py prints in another terminal."""
        command = self.run("manage.py", *arguments)
        out, err = command.communicate(timeout=START_SECONDS)
        assert command.returncode == 0, err
        return out

    def processes(self) -> list[int]:
        """Return every process that runs on this folder, by what it was started with."""
        mark = os.fsencode(self.data)
        return [int(entry.name) for entry in Path("/proc").iterdir() if _carries(entry, mark)]


def _carries(entry: Path, mark: bytes) -> bool:
    if not entry.name.isdigit() or int(entry.name) == os.getpid():
        return False
    try:
        ended = (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        return not ended and mark in (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False


@pytest.fixture
def start(short_path: Path) -> Iterator[Callable[[], Demo]]:
    """Starts the demo on one folder and one free port; ends it with the test."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started: list[Demo] = []

    def begin() -> Demo:
        demo = Demo(short_path / "data", port)
        started.append(demo)
        return demo

    yield begin
    for demo in started:
        demo.process.terminate()
        demo.process.communicate()
    for demo in started:
        wait_until_gone(demo)


def wait_until_gone(demo: Demo) -> None:
    """Fail if a process of the demo is left after the deadline."""
    deadline = time.monotonic() + 15
    while left := demo.processes():
        assert time.monotonic() < deadline, f"processes are left: {left}"
        POLL.wait(0.05)


@pytest.mark.timeout(240)
def test_the_demo_starts_ends_finds_its_data_again_and_leaves_nothing(start: Callable[[], Demo]) -> None:
    """A first look: pages, a code, a second start in vain, Ctrl-C, on again, and at last kill -9."""
    demo = start()
    assert demo.url in demo.wait_until_ready()
    with urllib.request.urlopen(f"{demo.url}/login/") as answer:
        assert answer.status == 200
    assert re.search(r"\b\d{6}\b", demo.told("demo_otp", "alice"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        other_port = str(free.getsockname()[1])
    second = Demo(demo.data, int(other_port))
    _, refused = second.process.communicate(timeout=START_SECONDS)
    assert second.process.returncode == 2
    assert "already runs" in refused
    assert refused.count("\n") == 1
    secrets = json.loads((demo.data / "secrets.json").read_text())
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(START_SECONDS) == 0
    wait_until_gone(demo)
    again = start()
    again.wait_until_ready()
    assert json.loads((demo.data / "secrets.json").read_text()) == secrets
    assert len(again.processes()) >= 9
    again.process.kill()
    wait_until_gone(again)
