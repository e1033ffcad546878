"""Time of this world: milliseconds since 1970, days and hours of Tokyo, opening hours of exchanges."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_TOKYO = 9 * HOUR
_EPOCH = date(1970, 1, 1).toordinal()
_WORKDAYS = 5
_CLOSED = frozenset(
    date(*day).toordinal() - _EPOCH
    for day in ((2025, 9, 15), (2025, 9, 23), (2025, 10, 13), (2025, 11, 3), (2025, 11, 24), (2025, 12, 31))
)
FIRST_DAY = date(2025, 9, 1).toordinal() - _EPOCH
_OPENING = {
    "XTKS": ((9.0, 11.5), (12.5, 15.5)),
    "XHKG": ((10.5, 13.0), (14.0, 17.0)),
    "XNAS": ((22.5, 29.0),),
    "XNYS": ((22.5, 29.0),),
    "XXXX": ((0.0, 15.0),),  # funds: orders of a day are dealt with together
}
_NIGHT_ENDS = 5.0


def day_of(at: int) -> int:
    """The day in Tokyo."""
    return (at + _TOKYO) // DAY


def hour_of(at: int) -> float:
    """The hour in Tokyo, 0 to 24."""
    return ((at + _TOKYO) % DAY) / HOUR


def moment(day: int, hour: float) -> int:
    """That hour of that day in Tokyo; the hour may be over 24."""
    return day * DAY - _TOKYO + int(hour * HOUR)


def business(day: int) -> bool:
    """Whether exchanges open (one calendar for all)."""
    return (day + 3) % 7 < _WORKDAYS and day not in _CLOSED


def business_after(day: int, count: int = 1) -> int:
    """The ``count``-th business day after ``day``."""
    while count:
        day += 1
        count -= business(day)
    return day


def is_open(mic: str, at: int) -> bool:
    """Whether that market deals now."""
    day, hour = day_of(at), hour_of(at)
    if mic in {"XNAS", "XNYS"} and hour < _NIGHT_ENDS:
        day, hour = day - 1, hour + 24
    return business(day) and any(start <= hour < end for start, end in _OPENING[mic])


def next_open(mic: str, at: int) -> int:
    """Now, or when that market opens next."""
    if is_open(mic, at):
        return at
    day = day_of(at)
    while True:
        if business(day):
            for start, _end in _OPENING[mic]:
                if moment(day, start) > at:
                    return moment(day, start)
        day += 1


def closing(mic: str, at: int) -> int:
    """The end of the day's dealing that follows ``at``."""
    opened = next_open(mic, at)
    day = day_of(opened)
    if mic in {"XNAS", "XNYS"} and hour_of(opened) < _NIGHT_ENDS:
        day -= 1
    return moment(day, _OPENING[mic][-1][1])


@lru_cache(maxsize=4)
def _minute(number: int) -> str:
    return datetime.fromtimestamp(number * 60, UTC).strftime("%Y-%m-%dT%H:%M:")


def stamp(at: int) -> str:
    """As the format writes times."""
    minute, rest = divmod(at, MINUTE)
    return f"{_minute(minute)}{rest // SECOND:02d}.{rest % SECOND:03d}Z"
