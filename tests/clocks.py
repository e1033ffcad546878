"""The machine's clock as the project reads it, set ahead: windows and locks pass without waiting.

What is exchanged is Python's own ``datetime``, in the one module that asks it for the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from typing import Any

from authshield import clock


class Clock:
    """Stands where it is put."""

    def __init__(self) -> None:
        """Start at the real time."""
        self.at = clock.now()

    def go_on(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)


@contextmanager
def set_clock() -> Iterator[Clock]:
    """For the length of the block, only the test moves the clock."""
    standing = Clock()

    class Standing(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return standing.at.astimezone(tz)

    home = vars(clock)
    real = home["datetime"]
    home["datetime"] = Standing
    try:
        yield standing
    finally:
        home["datetime"] = real
