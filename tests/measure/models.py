"""Naive models of every kind of window: plain lists that keep everything, and nothing clever. Must hold no test.

Each answers what the published limit promises, without bounded memory. ``told`` is what the guard said: the count
and the wait in milliseconds, -1 for let through.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple


class Told(NamedTuple):
    """How many, the event included, and the wait."""

    number: int
    wait: int = -1


class Row(NamedTuple):
    """What was counted: when it stops counting from, by which event, how much of what."""

    at: int
    event: str
    amount: int = 1
    member: str = ""


@dataclass
class Log:
    """An exact log; as sub-windows do, ``step`` rounds times up and only the ``known`` latest are told apart."""

    window: int
    capacity: int
    step: int = 1
    known: int = 10**9
    rows: list[Row] = field(default_factory=list)

    def live(self, now: int) -> list[Row]:
        """The rows that still count."""
        return [row for row in self.rows if now < row.at + self.window]

    def take(self, now: int, event: str, amount: int, member: str) -> Told:
        """Count it if there is room."""
        del member
        rows = self.live(now)
        total = sum(row.amount for row in rows)
        if amount == 0 or any(row.event == event for row in self.rows[-self.known :] if row in rows):
            return Told(total)
        if total + amount > self.capacity:
            return Told(total + amount, self._wait(rows, now, total + amount - self.capacity))
        self.rows.append(Row(now - now % self.step + self.step - 1, event, amount))
        return Told(total + amount)

    def _wait(self, rows: list[Row], now: int, excess: int) -> int:
        for row in rows:
            excess -= row.amount
            if excess <= 0:
                return row.at + self.window - now
        return self.window

    def give_back(self, event: str) -> None:
        """As though it had never come."""
        self.rows = [row for row in self.rows if row.event != event or row not in self.rows[-self.known :]]


@dataclass
class Distinct(Log):
    """An exact log of different values."""

    def take(self, now: int, event: str, amount: int, member: str) -> Told:
        """Count its member if there is room or it is one already."""
        del amount
        rows = self.live(now)
        last = {row.member: row.at for row in rows}
        count = len({*last, member})
        if member not in last and count > self.capacity:
            return Told(count, sorted(last.values())[count - self.capacity - 1] + self.window - now)
        if not any(row.event == event for row in rows):
            self.rows.append(Row(now, event, 1, member))
        return Told(count)


@dataclass
class Rate:
    """GCRA, run anew over all that was let through and not given back, in microseconds."""

    window: int
    capacity: int
    burst: int
    rows: list[Row] = field(default_factory=list)

    def take(self, now: int, event: str, amount: int, member: str) -> Told:
        """Count it if the rate has room for it."""
        del amount, member
        interval = ceil(self.window * 1000 / self.capacity)
        arrival = 0
        for row in self.rows:
            arrival = max(arrival, row.at * 1000) + interval
        backlog = max(0, arrival - now * 1000)
        if any(row.event == event for row in self.rows):
            return Told(ceil(backlog / interval))
        excess = backlog + interval - self.burst * interval
        if excess > 0:
            return Told(ceil((backlog + interval) / interval), ceil(excess / 1000))
        self.rows.append(Row(now, event))
        return Told(ceil((backlog + interval) / interval))

    def give_back(self, event: str) -> None:
        """As though it had never come."""
        self.rows = [row for row in self.rows if row.event != event]


@dataclass
class Pairs:
    """A log for each second value; past so many of them the new ones share one until that is empty."""

    window: int
    capacity: int
    most: int
    logs: dict[str, Log] = field(default_factory=dict)
    until: dict[str, int] = field(default_factory=dict)

    def take(self, now: int, event: str, amount: int, member: str) -> Told:
        """Count it in its own log, or in the shared one."""
        if member not in self.until:
            for name in [name for name, until in self.until.items() if until <= now]:
                del self.until[name], self.logs[name]
            if len(self.until) >= self.most or "" in self.until:
                member = ""
        log = self.logs.setdefault(member, Log(self.window, self.capacity))
        is_new = all(row.event != event for row in log.rows)
        told = log.take(now, event, amount, "")
        if told.wait < 0 and is_new:
            self.until[member] = now + self.window
        elif member not in self.until:
            self.logs.pop(member)
        return told

    def give_back(self, event: str) -> None:
        """As though it had never come."""
        for log in self.logs.values():
            log.give_back(event)


@dataclass
class Delays:
    """A log whose waits double with each refusal in the window."""

    log: Log
    refused_at: int = -(10**12)
    refusals: int = 0

    def take(self, now: int, event: str, amount: int, member: str) -> Told:
        """Count it, or wait twice as long as the time before."""
        told = self.log.take(now, event, amount, member)
        if told.wait < 0:
            return told
        if self.refused_at + self.log.window <= now:
            self.refusals = 0
        wait = min(self.log.window, told.wait * 2**self.refusals)
        self.refused_at, self.refusals = now, self.refusals + 1
        return Told(told.number, wait)

    def give_back(self, event: str) -> None:
        """A refusal stays a refusal."""
        self.log.give_back(event)
