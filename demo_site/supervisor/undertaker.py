"""Outlive the supervisor, end what it leaves behind, then end. A script of its own, standard library only.

Its standard input is a pipe from the supervisor: `+<group>` for a process group that was started, `-<group>`
for one that is gone. The pipe's end means that the supervisor is gone, however it went: kill -9 included.
Must not be reached by the terminal's Ctrl-C (it runs in a session of its own).
"""

import os
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

GRACE_SECONDS = 2.0  # Valkey and the site need a fraction of that; the worker may wait for a task
POLL_SECONDS = 0.05


def groups_left(lines: Iterable[str]) -> set[int]:
    """Read registrations until the pipe ends; return the process groups that were not taken back."""
    groups: set[int] = set()
    for line in lines:
        number = int(line[1:])
        if line.startswith("+"):
            groups.add(number)
        else:
            groups.discard(number)
    return groups


def end(groups: Iterable[int], grace_seconds: float = GRACE_SECONDS) -> None:
    """Ask the leader of each group to end; kill what is left of the groups after the grace period."""
    deadline = time.monotonic() + grace_seconds
    for group in groups:
        with suppress(ProcessLookupError):
            os.kill(group, signal.SIGTERM)
    alive = {group for group in groups if _is_alive(group)}
    while alive and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)  # noqa: TID251 - not our own children: there is nothing to wait on
        alive = {group for group in alive if _is_alive(group)}
    for group in alive:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    end(groups_left(sys.stdin))
