"""Naive models of every kind of window: plain lists that keep everything, and nothing clever. Must hold no test.

Each answers what the published limit promises, without bounded memory. ``told`` is what the guard said: the count
and the wait in milliseconds, -1 for let through.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


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
    tags: list[str] = field(default_factory=list)

    def live(self, now: int) -> list[Row]:
        """The rows that still count."""
        return [row for row in self.rows if now < row.at + self.window]

    def take(self, now: int, event: str, amount: int, member: str) -> Told:
        """Count it if there is room."""
        del member
        rows = self.live(now)
        total = sum(row.amount for row in rows)
        if amount == 0 or (event in self.tags and any(row.event == event for row in rows)):
            return Told(total)
        if total + amount > self.capacity:
            return Told(total + amount, self._wait(rows, now, total + amount - self.capacity))
        self.rows.append(Row(now - now % self.step + self.step - 1, event, amount))
        self.tags = [*self.tags, event][-self.known :]
        return Told(total + amount)

    def _wait(self, rows: list[Row], now: int, excess: int) -> int:
        for row in rows:
            excess -= row.amount
            if excess <= 0:
                return row.at + self.window - now
        return self.window

    def give_back(self, event: str) -> None:
        """As though it had never come."""
        if event in self.tags:
            self.tags.remove(event)
            self.rows = [row for row in self.rows if row.event != event]


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
            self.tags.append(event)
        return Told(count)


@dataclass
class Rate:
    """GCRA, run anew over all that was let through and not given back, in microseconds.

    A row's amount is the interval that it was let through with; ``room`` is the burst in microseconds.
    """

    window: int
    capacity: int
    burst: int
    rows: list[Row] = field(default_factory=list)
    room: int = 0

    def __post_init__(self) -> None:
        """The burst is what it is at the least capacity, also where that grows."""
        self.room = self.burst * ceil(self.window * 1000 / self.capacity)

    def take(self, now: int, event: str, amount: int, member: str) -> Told:
        """Count it if the rate has room for it."""
        del amount, member
        interval = ceil(self.window * 1000 / self.capacity)
        arrival = 0
        for row in self.rows:
            arrival = max(arrival, row.at * 1000) + row.amount
        backlog = max(0, arrival - now * 1000)
        if any(row.event == event for row in self.rows):
            return Told(ceil(backlog / interval))
        excess = backlog + interval - self.room
        if excess > 0:
            return Told(ceil((backlog + interval) / interval), ceil(excess / 1000))
        self.rows.append(Row(now, event, interval))
        return Told(ceil((backlog + interval) / interval))

    def give_back(self, event: str) -> None:
        """As though it had never come."""
        self.rows = [row for row in self.rows if row.event != event]


@dataclass
class Pairs:
    """A window for each second value; past so many of them the new ones share one until that is empty."""

    window: int
    most: int
    make: Callable[[], Any]
    inner: dict[str, Any] = field(default_factory=dict)
    until: dict[str, int] = field(default_factory=dict)
    held: dict[str, set[str]] = field(default_factory=dict)

    def take(self, now: int, event: str, amount: int, member: str) -> Told:
        """Count it in its own window, or in the shared one."""
        if member not in self.until:
            for name in [name for name, until in self.until.items() if until <= now]:
                del self.until[name], self.inner[name], self.held[name]
            if len(self.until) >= self.most or "" in self.until:
                member = ""
        told: Told = self.inner.setdefault(member, self.make()).take(now, event, amount, "")
        if told.wait >= 0:
            return told
        if event not in self.held.setdefault(member, set()):
            self.until[member] = now + self.window
            self.held[member].add(event)
        return told

    def give_back(self, event: str) -> None:
        """As though it had never come."""
        for member, inner in self.inner.items():
            inner.give_back(event)
            self.held[member].discard(event)


@dataclass
class Delays:
    """A log whose waits double with each refusal in the window."""

    log: Log | Growing
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


@dataclass
class Growing:
    """A window whose capacity is so much more for each customer who signed in from behind the address."""

    inner: Any
    by: int
    most: int = 20
    least: int = 0
    customers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """The window as it was made is the least that there is."""
        self.least = self.inner.capacity

    @property
    def window(self) -> int:
        """How long the window is."""
        return int(self.inner.window)

    def take(self, now: int, event: str, amount: int, member: str) -> Told:
        """Count it if there is room by now."""
        good = sum(now < at + self.inner.window for at in self.customers.values())
        self.inner.capacity = min(self.least + self.by * good, self.least * self.most)
        told: Told = self.inner.take(now, event, amount, member)
        return told

    def welcome(self, customer: str, now: int) -> None:
        """One more customer, or the same one again."""
        self.customers[customer] = max(now, self.customers.get(customer, now))

    def give_back(self, event: str) -> None:
        """As though it had never come."""
        self.inner.give_back(event)


@dataclass
class Sketch:
    """What a window of sketches may answer: all values since so many tenths ago, give or take an error.

    ``check`` is asked with the guard's answer, because the guard's own estimate decides who is let through.
    """

    window: int
    capacity: int
    error: float = 5 * 0.0081
    seen: dict[str, int] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def check(self, now: int, event: str, member: str, told: Told) -> None:
        """Nobody is refused early nor let through late by more than the error, and the wait is to the tenth's end."""
        part = self.window // 10
        oldest = now - now % part - self.window
        there = {value for value, at in self.seen.items() if at >= oldest}
        slack = 2 + self.error * len(there)
        exact = sum(now < at + self.window for at in self.seen.values())
        assert exact - slack <= told.number <= len(there) + 1 + slack
        if event in self.taken:
            assert told.wait < 0
        elif told.wait >= 0:
            assert (told.wait, len(there) >= self.capacity - slack) == (part - now % part, True)
        else:
            assert len(there) <= self.capacity + slack
            self.seen[member] = now
            self.taken.add(event)
