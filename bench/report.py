"""From the figures of a run to docs/benchmarks.md. Must not leave out what speaks against AuthShield."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

from bench.burst import BURSTS
from bench.chapters import growth, instructions, throughput
from bench.figures import pings
from bench.gate import ceilings
from bench.inside import INSERT, STAGES
from bench.markdown import table
from bench.outage import KINDS
from bench.prose import AIMS, INTRODUCTION, LIMITS, METHOD
from bench.variants import AUTHSHIELD, BARE, LOGIN, ORDER, PAGE, SCENARIOS, VARIANTS, guarding

if TYPE_CHECKING:
    from collections.abc import Sequence

RATIO_AIMS = {"stranger": 2.0, "typo": 2.0, ORDER: 2.5, PAGE: 1.4}
"""In PINGs; an order's without its ledger row's INSERT. A sign-in has none: most of it is Django's session."""

TRIP_AIMS = {"stranger": 1, "typo": 1, LOGIN: 2, ORDER: 2, PAGE: 1}
"""One for measuring, at most one more to settle and journal."""


def document(found: dict[str, Any]) -> str:
    """The whole document, of a complete run."""
    parts = [
        INTRODUCTION,
        _conditions(found),
        METHOD.format(rounds=found["rounds"], calls=found["calls"], warm=found["warm"]),
        _variants(found),
        "## What a request costs more\n",
        *(_scenario(found, name) for name in SCENARIOS),
        instructions(found),
        _shortfalls(found),
        _inside(found),
        throughput(found),
        growth(found),
        _guesses(found),
        _outages(found),
        _replay(found),
        LIMITS,
    ]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _conditions(found: dict[str, Any]) -> str:
    parts = ", ".join(f"{name} {seconds} s" for name, seconds in found["parts"].items())
    rows = [("measured", found["measured_at"]), ("took", f"{found['seconds']} s ({parts})")]
    if "others" in found:
        rows.append(("CPU that others used meanwhile", f"{found['others']:.0%} of the machine"))
    rows.append(("load average before and after", f"{found['load_before']:.2f}, {found['load_after']:.2f}"))
    return table(("", ""), [*rows, *found["machine"].items()])


def _variants(found: dict[str, Any]) -> str:
    rows = [(one.title, one.note.format(**found["limits"])) for one in VARIANTS.values()]
    return table(("variant", "how it is set up"), rows)


def _scenario(found: dict[str, Any], scenario: str) -> str:
    text = [f"### {SCENARIOS[scenario].title.capitalize()}\n\n{SCENARIOS[scenario].note.capitalize()}.\n"]
    for database, latency in found["latency"].items():
        counts = found["counts"][database][scenario]
        rows = [_row(name, latency[scenario], counts[name]) for name in guarding(scenario, tuple(counts))]
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
        text.append(table(heads, rows))
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
    for database in found["latency"]:
        for scenario, one in SCENARIOS.items():
            lines += [f"- {one.title} on {database}: {what}." for what in _missed(found, database, scenario)]
    counted = found["instructions"][AUTHSHIELD]
    lines += [
        f"- {SCENARIOS[scenario].title}: {counted[scenario]:,.0f} thousand instructions, {gate['aim']} aimed at."
        for scenario, gate in ceilings().items()
        if counted[scenario] > gate["aim"]
    ]
    return AIMS + "\n" + ("\n".join(lines) or "Everything is within its aim.") + "\n"


def _missed(found: dict[str, Any], database: str, scenario: str) -> list[str]:
    figures = found["latency"][database][scenario]
    trips = found["counts"][database][scenario][AUTHSHIELD]["trips"]
    missed = []
    if trips > TRIP_AIMS[scenario]:
        missed.append(f"{trips:g} trips, {TRIP_AIMS[scenario]} aimed at")
    if scenario in RATIO_AIMS:
        row = found["inside"][database][ORDER].get(INSERT, 0.0) if scenario == ORDER else 0.0
        ratio = pings(figures, AUTHSHIELD, without=row)
        if isnan(ratio):
            missed.append("not told, the PING itself is lost in noise")
        elif ratio > RATIO_AIMS[scenario]:
            missed.append(f"{ratio:.1f} × PING, at most {RATIO_AIMS[scenario]:.1f} aimed at")
    faster = _faster(figures, scenario)
    if faster:
        missed.append(f"{faster} add less")
    return missed


def _faster(figures: dict[str, Any], scenario: str) -> str:
    mine = figures[AUTHSHIELD]["added_us"]
    peers = [
        name for name in guarding(scenario, tuple(figures)) if VARIANTS[name].is_peer and name != AUTHSHIELD
    ]
    return ", ".join(VARIANTS[name].title for name in peers if figures[name]["added_us"] < mine)


def _inside(found: dict[str, Any]) -> str:
    text = [
        "## AuthShield's own stages\n\nMedian microseconds within real requests. `measure` and `settle` hold a trip "
        "each, of which `server` is what Valkey's own clock says of one call of a script; the `ledger line` holds "
        "its INSERT. A PING in a tight loop takes "
        + ", ".join(f"{one['ping']['ping']:.0f} ({database})" for database, one in found["inside"].items())
        + ".\n"
    ]
    for database, scenarios in found["inside"].items():
        names = [*STAGES, INSERT, "server"]
        rows = [
            (SCENARIOS[scenario].title, *(f"{seen[name]:.0f}" if name in seen else "" for name in names))
            for scenario, seen in scenarios.items()
            if scenario in SCENARIOS
        ]
        text.append(table((database, *names), rows))
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
        + table(("", "evaluated", "answers (status: how many)"), rows)
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
        text.append(table(heads, rows))
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
