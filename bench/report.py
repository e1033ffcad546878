"""From the figures of a run to docs/benchmarks.md. Must not leave out what speaks against AuthShield."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

from bench.burst import BURSTS
from bench.figures import pings
from bench.inside import STAGES
from bench.outage import KINDS
from bench.prose import AIMS, INTRODUCTION, LIMITS, METHOD
from bench.variants import AUTHSHIELD, BARE, LOGIN, ORDER, PAGE, SCENARIOS, VARIANTS, guarding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

RATIO_AIM = 2.0
TRIP_AIMS = {"stranger": 1, "typo": 1, LOGIN: 2, ORDER: 1, PAGE: 1}


def document(found: dict[str, Any]) -> str:
    """The whole document, of a complete run."""
    parts = [
        INTRODUCTION,
        _conditions(found),
        METHOD.format(rounds=found["rounds"], calls=found["calls"], warm=found["warm"]),
        _variants(found),
        "## What a request costs more\n",
        *(_scenario(found, name) for name in SCENARIOS),
        _shortfalls(found),
        _inside(found),
        _guesses(found),
        _outages(found),
        _replay(found),
        LIMITS,
    ]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _conditions(found: dict[str, Any]) -> str:
    rows = [("measured", found["measured_at"]), ("took", f"{found['seconds']} s")]
    if "others" in found:
        rows.append(("CPU that others used meanwhile", f"{found['others']:.0%} of the machine"))
    rows.append(("load average before and after", f"{found['load_before']:.2f}, {found['load_after']:.2f}"))
    return _table(("", ""), [*rows, *found["machine"].items()])


def _variants(found: dict[str, Any]) -> str:
    rows = [(one.title, one.note.format(**found["limits"])) for one in VARIANTS.values()]
    return _table(("variant", "how it is set up"), rows)


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def _scenario(found: dict[str, Any], scenario: str) -> str:
    names = guarding(scenario)
    text = [f"### {SCENARIOS[scenario].title.capitalize()}\n\n{SCENARIOS[scenario].note.capitalize()}.\n"]
    for database, latency in found["latency"].items():
        counts = found["counts"][database][scenario]
        rows = [_row(name, latency[scenario], counts[name]) for name in names]
        heads = (
            database,
            "added µs (q1..q3)",
            "× PING",
            "added CPU µs",
            "p99 µs, whole",
            "trips",
            "commands",
            "SQL",
        )
        text.append(_table(heads, rows))
    return "\n".join(text)


def _row(name: str, variants: dict[str, dict[str, float]], counts: dict[str, float]) -> list[str]:
    figures = variants[name]
    if name == BARE:
        cells = [f"({figures['whole_us']:.0f} whole)", "", ""]
    else:
        spread = f"{figures['added_q1_us']:.0f}..{figures['added_q3_us']:.0f}"
        cells = [
            f"{figures['added_us']:.0f} ({spread})",
            _times(pings(variants, name)),
            f"{figures['cpu_us']:.0f}",
        ]
    seen = [f"{counts[key]:g}" for key in ("trips", "commands", "queries")]
    return [VARIANTS[name].title, *cells, f"{figures['p99_us']:.0f}", *seen]


def _times(ratio: float) -> str:
    """Rounded; a question mark where there is none."""
    return "?" if isnan(ratio) else f"{ratio:.1f}"


def _shortfalls(found: dict[str, Any]) -> str:
    """What is slower than aimed at, by the figures above."""
    lines = []
    for database, latency in found["latency"].items():
        for scenario, one in SCENARIOS.items():
            trips = found["counts"][database][scenario][AUTHSHIELD]["trips"]
            ratio = pings(latency[scenario], AUTHSHIELD)
            if trips > TRIP_AIMS[scenario]:
                lines.append(f"- {one.title} on {database}: {trips:g} trips, {TRIP_AIMS[scenario]} aimed at.")
            if isnan(ratio):
                lines.append(f"- {one.title} on {database}: not told, the PING itself is lost in noise.")
            if ratio > RATIO_AIM:
                lines.append(
                    f"- {one.title} on {database}: {ratio:.1f} × PING, at most {RATIO_AIM:.1f} aimed at."
                )
            faster = _faster(latency[scenario], scenario)
            if faster:
                lines.append(f"- {one.title} on {database}: {faster} add less.")
    return AIMS + "\n" + ("\n".join(lines) or "Everything is within its aim.") + "\n"


def _faster(figures: dict[str, Any], scenario: str) -> str:
    mine = figures[AUTHSHIELD]["added_us"]
    peers = [
        name
        for name, variant in VARIANTS.items()
        if variant.is_peer and name != AUTHSHIELD and scenario in variant.guards
    ]
    return ", ".join(VARIANTS[name].title for name in peers if figures[name]["added_us"] < mine)


def _inside(found: dict[str, Any]) -> str:
    text = [
        "## AuthShield's own stages\n\nMedian microseconds within real requests. `measure` and `settle` hold a trip "
        "each, of which `server` is what Valkey's own clock says of one call of a script; `settle` holds the `ledger "
        "line`, with its INSERT. A PING in a tight loop takes "
        + ", ".join(f"{one['ping']['ping']:.0f} ({database})" for database, one in found["inside"].items())
        + ".\n"
    ]
    for database, scenarios in found["inside"].items():
        names = [*STAGES, "server"]
        rows = [
            (SCENARIOS[scenario].title, *(f"{seen[name]:.0f}" if name in seen else "" for name in names))
            for scenario, seen in scenarios.items()
            if scenario in SCENARIOS
        ]
        text.append(_table((database, *names), rows))
    return "\n".join(text)


def _guesses(found: dict[str, Any]) -> str:
    rows = [
        (
            VARIANTS[name].title,
            ", ".join(str(burst["evaluated"]) for burst in bursts),
            "; ".join(
                " ".join(f"{status}: {n}" for status, n in burst["statuses"].items()) for burst in bursts[:1]
            ),
        )
        for name, bursts in found["guesses"].items()
    ]
    return (
        "## A hundred guesses at once\n\nWrong passwords for one name over gunicorn (4 processes × 8 threads), "
        "PBKDF2 with a fifth of Django's rounds, SQLite, limit 5. *Evaluated* are passwords that were really "
        f"looked at, in {BURSTS} bursts; 5 is right. Answers are those of the first burst.\n\n"
        + _table(("", "evaluated", "answers (status: how many)"), rows)
    )


def _outages(found: dict[str, Any]) -> str:
    head = (
        "## While Redis is away\n\nSix requests of each kind in one process: statuses, and the longest wait. "
        "*Stopped*: its socket refuses; *frozen*: it takes connections and answers nothing (no answer within 2 s "
        "ends the try). Peers are set up as they come, without a timeout of their own.\n"
    )
    text = [head]
    for how, variants in found["outages"].items():
        rows = [
            (VARIANTS[name].title, *(_waits(kinds.get(kind, ())) for kind in KINDS))
            for name, kinds in variants.items()
        ]
        heads = (how, *(SCENARIOS[kind].title for kind in KINDS))
        text.append(_table(heads, rows))
    text.append(
        "AuthShield's 401 on an order is a demand for a second factor, as `docs/journey.md` says of outages; "
        "where a cell is empty the guard does not look at such requests."
    )
    return "\n".join(text)


def _waits(calls: Sequence[dict[str, float]]) -> str:
    if not calls:
        return ""
    statuses = sorted({int(call["status"]) for call in calls})
    words = ", ".join("no answer" if status == 0 else str(status) for status in statuses)
    return f"{words}; {max(call['ms'] for call in calls):.0f} ms"


def _replay(found: dict[str, Any]) -> str:
    replay = found["replay"]
    return (
        "## Replay\n\n"
        f"{replay['events']:,} quiet events (`bench/replaying.py`, seeded) on one core that it shares with its "
        f"private Valkey: **{replay['events_per_second']:,.0f} events a second**, {replay['seconds']:.1f} s.\n"
    )
