"""The breaker: after a few failures nobody waits for Redis any more, until a probe has reached it.

Must not decide what is done without Redis: that is written policy, in ``judge``.
"""

from __future__ import annotations

import logging
import threading
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

FAILURES = 3
PROBE_SECONDS = 0.5
SLOW_SECONDS = 0.02
SPARED_SECONDS = 0.25


class Breaker:
    """Counts failures in a row; open after three, closed by its own thread once ``probe`` succeeds.

    Whoever has just waited in vain, a thread or a task, is spared for a moment: whatever else its request asks fails
    at once, so that a request waits for one timeout only, also before the breaker opens.
    """

    def __init__(self, probe: Callable[[], bool]) -> None:
        """``probe`` says whether Redis answers again; it is called on a thread of the breaker's own."""
        self.is_open = False
        self.failures = 0
        self.closed = threading.Event()
        self.closed.set()
        self._probe = probe
        self._in_a_row = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def refuses(self) -> bool:
        """Whether a call has to fail at once. Cost: below 1 µs."""
        if self.is_open:
            return True
        spared = _spared.get()
        return spared is not None and spared[0] is self and time.monotonic() < spared[1]

    def succeeded(self) -> None:
        """A call was answered."""
        if self._in_a_row:
            self._in_a_row = 0

    def failed(self, waited_seconds: float) -> None:
        """A call was not answered; opens at the third in a row, from whichever threads they come."""
        with self._lock:
            self.failures += 1
            self._in_a_row += 1
            if waited_seconds > SLOW_SECONDS:
                _spared.set((self, time.monotonic() + SPARED_SECONDS))
            if self._in_a_row < FAILURES or self.is_open or self._stop.is_set():
                return
            self.is_open = True
            self.closed.clear()
        logger.error(
            "Redis does not answer: going on without it; it is asked again every %s s", PROBE_SECONDS
        )
        threading.Thread(target=self._watch, name="authshield-breaker", daemon=True).start()

    def stop(self) -> None:
        """End the probing for good."""
        self._stop.set()

    def forget(self) -> None:
        """In a forked process: closed, since the thread that would close it is the parent's."""
        self._lock = threading.Lock()
        self._in_a_row = 0
        self.is_open = False
        self.closed = threading.Event()
        self.closed.set()

    def _watch(self) -> None:
        while not self._stop.wait(PROBE_SECONDS):
            if self._probe():
                self._in_a_row = 0
                self.is_open = False
                self.closed.set()
                logger.warning("Redis answers again")
                return


_spared: ContextVar[tuple[Breaker, float] | None] = ContextVar("authshield_spared", default=None)
