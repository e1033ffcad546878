"""The evaluation as tables of words: the terminal prints them, the page shows them. Must not compute figures.

Each table has a caption, a heading a column, and rows whose first cell says what the row is.
"""

from __future__ import annotations

from collections.abc import Sequence

from authshield.evaluate import tables_of_ranking as ranked
from authshield.evaluate.seen import MAX_RISK
from authshield.evaluate.table import Body, Table, replayed
from authshield.evaluate.words import NOTHING, amount, minutes, number, percent, with_interval

HELD_SHARES = (0.0001, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02)


def tables(evaluation: Body) -> list[Table]:
    """All of them, in the order of reading; empty ones are left out."""
    ours = evaluation["detectors"][-1]
    found = [
        _files(evaluation),
        _value(evaluation),
        _by_type(ours, evaluation["currency"]),
        _friction(evaluation),
        _frontier(ours),
        _detection(evaluation),
        ranked.sign_ins(evaluation),
        ranked.sign_ins_by_type(evaluation),
        ranked.sessions(evaluation),
        ranked.value_recall(evaluation),
        ranked.customers(evaluation),
        ranked.groups(evaluation),
        ranked.calibration(ours),
        _friction_by_file(ours),
    ]
    return [table for table in found if table.rows]


def _files(evaluation: Body) -> Table:
    rows = [
        (
            row["file"],
            number(row["legit_sessions"]),
            number(row["fraud_sessions"]),
            number(row["attacks"]),
            amount(row["fraud_value"], evaluation["currency"]),
        )
        for row in evaluation["files"]
    ]
    head = ("file", "ordinary sessions", "fraudulent", "attacks", "fraudulent value")
    return Table("What was replayed", head, tuple(rows), "Sessions that began in the warm-up are left out.")


def _value(evaluation: Body) -> Table:
    rows = []
    for detector in evaluation["detectors"]:
        value = detector.get("value")
        if value is None:
            note = detector.get("missing", "only ranks: see below")
            rows.append((detector["title"], note, NOTHING, NOTHING, NOTHING))
            continue
        currency = evaluation["currency"]
        rows.append(
            (
                detector["title"],
                with_interval(value, "not_executed"),
                amount(value["stopped"], currency),
                amount(value["held"], currency),
                amount(value["executed"], currency),
            )
        )
    head = ("detector", "not executed", "stopped", "held", "executed")
    return Table(
        "Fraudulent value not executed",
        head,
        tuple(rows),
        "At the rules' own thresholds, as replayed. Intervals are over attacks.",
    )


def _by_type(ours: Body, currency: str) -> Table:
    rows = [
        (
            name,
            amount(value["attempted"], currency),
            with_interval(value, "not_executed"),
            amount(value["executed"], currency),
            with_interval(ours["value_recall"]["orders"]["by_type"][name]),
        )
        for name, value in ours["value"]["by_type"].items()
    ]
    head = ("attack", "attempted", "not executed", "executed", "ranked over 0.1 % of orders")
    return Table(f"By kind of attack: {ours['title']}", head, tuple(rows))


def _friction(evaluation: Body) -> Table:
    rows = []
    for detector in replayed(evaluation):
        for heading, words in (("legit", ""), ("victims", ", victims' own")):
            found = detector["friction"][heading]
            if found["sessions"]:
                shares = (with_interval(found[name]) for name in ("challenged", "held", "stopped"))
                rows.append((detector["title"] + words, number(found["sessions"]), *shares))
    head = ("detector", "sessions", "challenged", "with something held", "stopped")
    return Table(
        "Ordinary customers' sessions",
        head,
        tuple(rows),
        "Victims' own sessions after the first fraud stand apart. Intervals are over customers.",
    )


def _friction_by_file(ours: Body) -> Table:
    rows = [
        (
            file,
            number(found["sessions"]),
            *(percent(found[name]["share"]) for name in ("challenged", "held", "stopped")),
        )
        for file, found in ours["friction"]["by_file"].items()
    ]
    return Table(
        "Ordinary sessions by file", ("file", "sessions", "challenged", "held", "stopped"), tuple(rows)
    )


def _frontier(ours: Body) -> Table:
    lines: dict[float | None, list[Body]] = {}
    for row in ours["frontier"]:
        lines.setdefault(row["sign_in_rate"], []).append(row)
    rows = (
        [
            (percent(share), *(cell for line in lines.values() for cell in _at(line, share)))
            for share in HELD_SHARES
        ]
        if lines
        else []
    )
    head = ["sessions with an order held, at most"]
    for rate in lines:
        asked = "no sign-in asked" if rate is None else f"{percent(rate)} of sign-ins asked"
        head += [f"risk, {asked}", "value stopped"]
    return Table(
        "The frontier: choose a place",
        tuple(head),
        tuple(rows),
        "Recomputed from this run's risks: orders are held from the risk on, sign-ins are asked for a code. "
        "Rules that act by themselves, later looks and cases are not in it.",
    )


def _at(line: Sequence[Body], share: float) -> tuple[str, str]:
    """The lowest threshold of a line that keeps to a share of sessions held."""
    row = next(row for row in line if row["sessions_held"] <= share)
    risk = NOTHING if row["held_from"] > MAX_RISK else f"{row['held_from']:.0f}"
    return risk, percent(row["value_stopped"])


def _detection(evaluation: Body) -> Table:
    rows = []
    for detector in replayed(evaluation):
        found, cases = detector["detection"], detector["cases"]
        rows.append(
            (
                detector["title"],
                f"{found['campaigns'] - found['never']} of {found['campaigns']}",
                f"{minutes(found['minutes_median'])} / {minutes(found['minutes_ninth_decile'])}",
                with_interval(found["within_10_minutes"]),
                with_interval(found["by_the_4th_account"]),
                f"{cases['false_campaigns']} of {cases['campaigns']}",
            )
        )
    head = (
        "detector",
        "noticed",
        "median / 9th decile",
        "within 10 min",
        "by the 4th account",
        "false campaigns",
    )
    return Table(
        "Time to detect a campaign",
        head,
        tuple(rows),
        "From its first fraudulent order to the first held or stopped event or case.",
    )
