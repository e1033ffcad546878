"""Which functions a guard spends its time in: cProfile of a variant's requests, less the bare site's."""

from __future__ import annotations

import cProfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BATCHES = 5
SHOWN = 40

Profile = dict[str, list[float]]
"""By place: calls, own and whole microseconds, each of one request."""


def profiled(batch: Callable[[], int]) -> Profile:
    """Of several batches the least that was seen, since noise only ever adds. ``batch`` says how many it called."""
    found: Profile = {}
    for _ in range(BATCHES):
        profile = cProfile.Profile()
        profile.enable()
        requests = batch()
        profile.disable()
        for entry in profile.getstats():
            figures = (entry.callcount, entry.inlinetime * 1e6, entry.totaltime * 1e6)
            seen = [figure / requests for figure in figures]
            place = _place(entry.code)
            best = found.setdefault(place, seen)
            found[place] = [min(pair) for pair in zip(best, seen, strict=True)]
    return found


def _place(code: Any) -> str:
    if isinstance(code, str):
        return code.strip("<>")
    path = code.co_filename
    for start in ("/site-packages/", "/lib/python3", "/authshield/", "/bench/"):
        if start in path:
            path = (
                path.rpartition(start)[2]
                if start != "/authshield/"
                else "authshield/" + path.rpartition(start)[2]
            )
            break
    return f"{path}:{code.co_firstlineno} {code.co_name}"


def places(bare: Mapping[str, list[float]], guarded: Mapping[str, list[float]]) -> str:
    """The costliest by own and by whole time, over the bare site's."""
    nothing = [0.0, 0.0, 0.0]
    over = {
        place: [mine - theirs for mine, theirs in zip(seen, bare.get(place, nothing), strict=True)]
        for place, seen in guarded.items()
    }
    own = sorted(over.items(), key=lambda item: -item[1][1])[:SHOWN]
    ours = [item for item in over.items() if item[0].startswith("authshield/")]
    whole = sorted(ours, key=lambda item: -item[1][2])[:SHOWN]
    calls, spent = (sum(figures[number] for figures in over.values()) for number in (0, 1))
    head = f"{'calls':>8} {'own µs':>8} {'whole µs':>9}  (profiled: some three times as slow as without)"
    return "\n".join(
        [
            f"{calls:.0f} calls and {spent:.0f} µs more than bare Django",
            "-- by own time, all code",
            head,
            *map(_line, own),
            "-- by whole time, authshield's",
            head,
            *map(_line, whole),
        ]
    )


def _line(item: tuple[str, list[float]]) -> str:
    place, (calls, own, whole) = item
    return f"{calls:8.1f} {own:8.1f} {whole:9.1f}  {place}"
