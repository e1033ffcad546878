"""The clock of the made-up world: processes that wait and go on, in one order of time, and the lines they write.

Must not know what the processes are about.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import UTC, datetime
from heapq import heappop, heappush

Process = Generator[float, None, None]  # yields the seconds to wait
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
_JST_MS = 9 * HOUR_MS
_EVERY = 2048


class Engine:
    """Runs processes; ``now`` is in milliseconds since 1970."""

    __slots__ = (
        "_heap",
        "_lines",
        "_minute",
        "_order",
        "_until_minute",
        "_write",
        "counts",
        "now",
        "written",
    )

    def __init__(self, start: int, write: Callable[[str], object]) -> None:
        """``write`` takes some thousand lines at a time."""
        self.now = start
        self.written = 0
        self.counts: dict[str, int] = {}
        self._heap: list[tuple[int, int, Process]] = []
        self._order = 0
        self._write = write
        self._lines: list[str] = []
        self._minute, self._until_minute = -1, ""

    def start(self, at: int, process: Process) -> None:
        """Let the process begin at that time, or now if that is past."""
        self._order += 1
        heappush(self._heap, (max(at, self.now), self._order, process))

    def run(self, until: int) -> None:
        """Go on until that time; what would happen later stays where it is."""
        heap = self._heap
        while heap and heap[0][0] < until:
            at, _, process = heappop(heap)
            self.now = at
            for wait in process:
                self._order += 1
                heappush(heap, (at + int(wait * 1000) + 1, self._order, process))
                break
        self.now = until

    def emit(self, kind: str, envelope: str, body: str = "") -> None:
        """Write an event: ``envelope`` holds who, where and with what, ``body`` the kind's own fields."""
        self.written += 1
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self._lines.append(
            f'{{"id":"e{self.written:09d}","time":"{self._stamp()}","kind":"{kind}",{envelope}{body}}}\n'
        )
        if len(self._lines) >= _EVERY:
            self.flush()

    def flush(self) -> None:
        """Hand over what is written so far."""
        self._write("".join(self._lines))
        self._lines.clear()

    def _stamp(self) -> str:
        minute, rest = divmod(self.now, 60_000)
        if minute != self._minute:
            self._minute, self._until_minute = (
                minute,
                f"{datetime.fromtimestamp(minute * 60, UTC):%Y-%m-%dT%H:%M:}",
            )
        seconds, ms = divmod(rest, 1000)
        return f"{self._until_minute}{seconds:02d}.{ms:03d}Z"


def japan(at: int) -> tuple[int, float]:
    """Day of the week (Monday 0) and hour of the day (with its fraction), in Tokyo."""
    day, rest = divmod(at + _JST_MS, DAY_MS)
    return (day + 3) % 7, rest / HOUR_MS
