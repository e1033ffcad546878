"""The report's headline figures in words, for a person at a terminal. Must not compute any of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def headlines(report: Mapping[str, Any]) -> str:
    """A few lines of text out of a report."""
    return "\n".join(_lines(report))


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    yield f"{report['events']:,} events in {report['seconds']:.1f} s ({report['events_per_second']:,.0f} a second)"
    for kind, finals in report["by_kind"].items():
        counts = ", ".join(f"{count:,} {final}" for final, count in finals.items() if count)
        yield f"  {kind:<15}{counts}"
    cases = report["cases"]
    yield f"cases: {cases['opened']:,} opened, {cases['campaigns']:,} of them campaigns"
    if "fraud" in report:
        yield from _labelled(report)


def _labelled(report: Mapping[str, Any]) -> Iterator[str]:
    fraud, value = report["fraud"], report["fraud"]["value"]
    yield (
        f"fraud: {fraud['events']:,} events in {fraud['sessions']:,} sessions, "
        f"{fraud['sessions_stopped']:,} of them stopped"
    )
    yield (
        f"  value {value['attempted']:,}: {value['stopped']:,} stopped, {value['held']:,} held, "
        f"{value['executed']:,} executed"
    )
    for name, found in report["first_detection"].items():
        yield f"  campaign {ascii(name)[1:-1]}: {_detection(found)}"
    for heading in ("legit", "victims"):
        figures = report[heading]
        yield (
            f"{heading}: {figures['sessions']:,} sessions, {figures['sessions_challenged']:,} challenged, "
            f"{figures['sessions_held']:,} held, {figures['sessions_stopped']:,} stopped"
        )


def _detection(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "never noticed"
    return (
        f"noticed after {found['seconds']:,.0f} s, {found['accounts_before']:,} accounts and a value of "
        f"{found['value_before']:,}"
    )
