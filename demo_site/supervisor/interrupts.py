"""Signals as something to wait for: Ctrl-C, SIGTERM, a closed terminal, a child's end, the end of make.

Must not act on them; family.py does.
"""

import os
import select
import signal
import socket
import time
from pathlib import Path
from types import FrameType
from typing import Self

ASKS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ONE_ASK_SECONDS = 1.0  # the terminal and make may each pass on the same wish


class Interrupts:
    """While entered, wishes to stop are counted in ``asked``; every signal wakes ``wait``.

    With ``follow_parent`` the parent's end counts as such a wish (it is make, in the foreground).
    """

    def __init__(self, *, follow_parent: bool = False) -> None:
        self.asked = 0
        self._asked_at = -ONE_ASK_SECONDS
        self._parent = os.getppid() if follow_parent else None
        self._before: dict[signal.Signals, signal._HANDLER] = {}

    def __enter__(self) -> Self:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)  # noqa: FBT003 - the name is socket's
        self._writer.setblocking(False)  # noqa: FBT003
        self._wakeup_before = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in ASKS:
            self._before[number] = signal.signal(number, self._ask)
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _only_wake)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        self._reader.close()
        self._writer.close()

    def wait(self, seconds: float) -> None:
        """Return when a signal arrives, at the latest after so many seconds."""
        if select.select([self._reader], [], [], seconds)[0]:
            self._reader.recv(4096)
        if self._parent is not None and not self.asked and _has_ended(self._parent):
            self.asked += 1

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        before, self._asked_at = self._asked_at, time.monotonic()
        if self._asked_at - before >= ONE_ASK_SECONDS:
            self.asked += 1


def _only_wake(_number: int, _frame: FrameType | None) -> None:
    """Let the wakeup descriptor do its work: a signal at its default would not be written to it."""


def _has_ended(parent: int) -> bool:
    """Tell whether the parent is gone, or is a make that got a SIGINT of its own.

    GNU make passes SIGTERM on, but on a SIGINT sent to it alone it only waits for its children, for ever.
    It no longer catches SIGINT then (commands.c, fatal_error_signal), which Linux shows.
    """
    if os.getppid() != parent:
        return True
    try:
        status = Path(f"/proc/{parent}/status").read_text()
    except OSError:
        return False
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    interrupt = 1 << (signal.SIGINT - 1)
    handled = int(fields["SigCgt"], 16) | int(fields["SigIgn"], 16)
    return fields["Name"] in {"make", "gmake"} and not handled & interrupt
