"""The supervisor keeps real child processes and leaves none behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from demo_site.supervisor.undertaker import groups_left

PROJECT = Path(__file__).resolve().parents[2]
WAIT_SECONDS = 15.0
POLL = threading.Event()  # never set: the processes here are not all ours to wait for

# A child that starts a grandchild, writes both ids and then waits; with "deaf" neither listens to SIGTERM.
CHILD = """
import os, pathlib, signal, subprocess, sys
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
draft = pathlib.Path("ids.draft")
draft.write_text(f"{os.getpid()} {grandchild.pid}")
draft.rename("ids")
signal.pause()
"""

Keep = Callable[[Sequence[str]], "subprocess.Popen[str]"]


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and waits to be collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until(is_true: Callable[[], bool], what: str) -> None:
    """Fail unless it becomes true within the deadline."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_true():
        assert time.monotonic() < deadline, what
        POLL.wait(0.02)


@pytest.fixture
def keep(tmp_path: Path) -> Iterator[Keep]:
    """Starts a supervisor for one child in tmp_path; whatever a failed test leaves behind is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(argv: Sequence[str]) -> "subprocess.Popen[str]":
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.demo.keeper", str(tmp_path), "1.0", *argv],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(keeper)
        return keeper

    yield start
    for keeper in started:
        keeper.kill()
        keeper.communicate()
    for pid in family_in(tmp_path, wait=False):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def family_in(folder: Path, *, wait: bool = True) -> list[int]:
    """Return the ids of the child and the grandchild."""
    ids = folder / "ids"
    if wait:
        wait_until(ids.exists, "the child did not start")
    return [int(pid) for pid in ids.read_text().split()] if ids.exists() else []


def all_gone(pids: list[int]) -> bool:
    """Tell whether none of the processes runs."""
    return not any(is_alive(pid) for pid in pids)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_asked_for_end_takes_all_along(keep: Keep, tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C, SIGTERM and a closed terminal end child and grandchild, with status 0."""
    keeper = keep([sys.executable, "-c", CHILD])
    pids = family_in(tmp_path)
    keeper.send_signal(number)
    assert keeper.wait(WAIT_SECONDS) == 0
    wait_until(lambda: all_gone(pids), "processes are left")


def test_a_deaf_child_is_killed_after_the_grace_period(keep: Keep, tmp_path: Path) -> None:
    """A child that ignores SIGTERM does not keep the demo from ending."""
    keeper = keep([sys.executable, "-c", CHILD, "deaf"])
    pids = family_in(tmp_path)
    keeper.terminate()
    assert keeper.wait(WAIT_SECONDS) == 0
    wait_until(lambda: all_gone(pids), "processes are left")


@pytest.mark.parametrize("manners", ["polite", "deaf"])
def test_kill_9_of_the_supervisor_leaves_nothing(keep: Keep, tmp_path: Path, manners: str) -> None:
    """The undertaker ends what a killed supervisor leaves, even what ignores SIGTERM."""
    keeper = keep([sys.executable, "-c", CHILD, manners])
    pids = family_in(tmp_path)
    keeper.kill()
    wait_until(lambda: all_gone(pids), "processes are left")


def test_a_killed_demo_gives_its_folder_free(keep: Keep, tmp_path: Path) -> None:
    """A new start waits for the undertaker of a killed one, then takes the folder."""
    keeper = keep([sys.executable, "-c", CHILD, "deaf"])
    before = family_in(tmp_path)
    keeper.kill()
    (tmp_path / "ids").unlink()
    keep([sys.executable, "-c", CHILD])
    after = family_in(tmp_path)
    assert all_gone(before)
    assert not all_gone(after)


def test_a_child_that_dies_is_named_in_one_line(keep: Keep, tmp_path: Path) -> None:
    """Its name, exit status, log and last words; the supervisor ends with status 1."""
    keeper = keep([sys.executable, "-c", "print('no such table'); raise SystemExit(7)"])
    _, told = keeper.communicate(timeout=WAIT_SECONDS)
    assert keeper.returncode == 1
    assert told == f"child ended with status 7; see {tmp_path}/logs/child.log (no such table)\n"


def test_a_program_that_is_not_there_is_named_in_one_line(keep: Keep) -> None:
    """An incomplete installation is no traceback."""
    keeper = keep(["/nowhere/program"])
    _, told = keeper.communicate(timeout=WAIT_SECONDS)
    assert keeper.returncode == 1
    assert told.startswith("child cannot be started:")
    assert told.count("\n") == 1


def test_an_interrupt_of_make_alone_ends_the_demo(tmp_path: Path) -> None:
    """GNU make keeps a SIGINT that only it gets to itself; the supervisor sees it all the same."""
    waiter = (
        "import pathlib; from demo_site.supervisor.interrupts import Interrupts\n"
        "with Interrupts(follow_parent=True) as interrupts:\n"
        "    pathlib.Path('ready').touch()\n"
        "    while not interrupts.asked: interrupts.wait(0.05)\n"
    )
    (tmp_path / "waiter.py").write_text(waiter)
    (tmp_path / "Makefile").write_text(f"demo:\n\t@PYTHONPATH={PROJECT} exec {sys.executable} waiter.py\n")
    make = subprocess.Popen(["make", "demo"], cwd=tmp_path, start_new_session=True)  # noqa: S607
    wait_until((tmp_path / "ready").exists, "make did not start its recipe")
    make.send_signal(signal.SIGINT)
    assert make.wait(WAIT_SECONDS) == -signal.SIGINT


def test_the_undertaker_forgets_what_has_ended() -> None:
    """A group that was taken back is not ended: its number may belong to somebody else by then."""
    assert groups_left(["+11\n", "+12\n", "-11\n"]) == {12}
