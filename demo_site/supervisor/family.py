"""The children: start them, notice when one dies, end them all. Nothing of them may outlive the supervisor.

Three ties, since each has a gap: SIGTERM then SIGKILL on the way out; Linux' parent-death signal; and the
undertaker, which sees the supervisor vanish on any system and also ends what the children started.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from demo_site.supervisor import undertaker
from demo_site.supervisor.errors import StartError, StopAskedError
from demo_site.supervisor.interrupts import Interrupts

PR_SET_PDEATHSIG = 1  # linux/prctl.h
STOP_SECONDS = 3.0  # a drain lingers for 20 s; what it has read and not done comes again
POLL_SECONDS = 0.05
WATCH_SECONDS = 1.0


@dataclass(frozen=True)
class Command:
    """What to start. ``stop_last`` keeps it until the others are gone (they write to it while they end)."""

    name: str
    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    pass_fds: tuple[int, ...] = ()
    stop_last: bool = False


@dataclass(frozen=True)
class Child:
    """A started command; ``log`` is where it writes."""

    command: Command
    process: subprocess.Popen[bytes]
    log: Path


class Family:
    """Keeps children for as long as it is entered; on the way out none of them is left."""

    def __init__(
        self, logs: Path, interrupts: Interrupts, *, lock: int, stop_seconds: float = STOP_SECONDS
    ) -> None:
        """``lock`` is a descriptor that the undertaker shares, so that a lock is held until all are gone."""
        self._logs = logs
        self._stop_seconds = stop_seconds
        self._interrupts = interrupts
        self._lock = lock
        self._children: list[Child] = []
        self._tie = tie_to_parent()

    def __enter__(self) -> Self:
        self._logs.mkdir(exist_ok=True)
        script = str(Path(undertaker.__file__))
        with (self._logs / "undertaker.log").open("wb") as sink:
            self._undertaker = subprocess.Popen(
                [sys.executable, "-I", script],
                stdin=subprocess.PIPE,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(self._lock,),
                text=True,
            )
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for last in (False, True):
            self._stop([child for child in self._children if child.command.stop_last is last])
        with suppress(BrokenPipeError):
            self._undertaker.communicate()

    def start(self, command: Command) -> Child:
        """Start a command in a session and process group of its own. Raises StartError if it can't be run."""
        log = self._logs / f"{command.name}.log"
        try:
            with log.open("wb") as sink:
                process = subprocess.Popen(
                    command.argv,
                    cwd=command.cwd,
                    env=dict(command.env),
                    stdin=subprocess.DEVNULL,
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=command.pass_fds,
                    preexec_fn=self._tie,  # noqa: PLW1509 - there are no threads here
                )
        except OSError as error:
            raise StartError(f"{command.name} cannot be started: {error}", exit_status=1) from error
        self._tell_undertaker(f"+{process.pid}")
        child = Child(command, process, log)
        self._children.append(child)
        return child

    def wait_until(self, is_true: Callable[[], bool], *, what: str, seconds: float) -> None:
        """Wait for something that the children bring about; ``what`` completes "… did not …"."""
        deadline = time.monotonic() + seconds
        while not is_true():
            if time.monotonic() > deadline:
                raise StartError(f"{what} within {seconds:.0f} s; see {self._logs}", exit_status=1)
            self._look(POLL_SECONDS)

    def wait_for_end(self, child: Child) -> None:
        """Wait for a child that has one job. Raises StartError if it ends with anything but 0."""
        self._children.remove(child)
        try:
            while child.process.poll() is None:
                self._look(POLL_SECONDS)
        finally:
            if child.process.returncode != 0:
                self._stop([child])
        if child.process.returncode != 0:
            raise _died(child)
        self._tell_undertaker(f"-{child.process.pid}")

    def watch(self) -> None:
        """Return never: raises StopAskedError when asked to stop, StartError when a child dies."""
        while True:
            self._look(WATCH_SECONDS)

    def _look(self, seconds: float) -> None:
        self._interrupts.wait(seconds)
        if self._interrupts.asked:
            raise StopAskedError
        for child in self._children:
            if child.process.poll() is not None:
                raise _died(child)
        if (status := self._undertaker.poll()) is not None:
            raise StartError(f"the undertaker ended with status {status}", exit_status=1)

    def _stop(self, children: Sequence[Child]) -> None:
        """Ask each to end; kill the groups after the grace period, or at once when asked a second time."""
        for child in children:
            child.process.terminate()
        deadline = time.monotonic() + self._stop_seconds
        asked = self._interrupts.asked
        while any(child.process.poll() is None for child in children):
            if time.monotonic() > deadline or self._interrupts.asked > max(asked, 1):
                break
            self._interrupts.wait(POLL_SECONDS)
        for child in children:
            with suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()
            self._tell_undertaker(f"-{child.process.pid}")

    def _tell_undertaker(self, line: str) -> None:
        assert self._undertaker.stdin is not None  # noqa: S101 - it was started with a pipe
        with suppress(BrokenPipeError):
            print(line, file=self._undertaker.stdin, flush=True)


def tie_to_parent() -> Callable[[], None]:
    """Return a `preexec_fn`: the child gets SIGTERM when this process ends, however it does (Linux only)."""
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def tie() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return tie


def _died(child: Child) -> StartError:
    lines = child.log.read_text(errors="replace").strip().splitlines()
    last = f" ({lines[-1].strip()})" if lines else ""
    status = child.process.returncode
    how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
    return StartError(f"{child.command.name} {how}; see {child.log}{last}", exit_status=1)
