"""Runs replays in tests: lines in, decisions out, with rules small enough to foresee. Must not judge results."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from authshield.conf import current
from authshield.judge import Ruleset, compile_ruleset
from authshield.replay.job import Job, run
from authshield.replay.reader import Problem
from authshield.replay.run import Options
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import HOLDABLE, Kind
from authshield.vocabulary.ruleset import Dimension, Limit, Rule, RulesetSource
from tests.hijack import no_weights
from tests.replay.lines import body, write

START = datetime(2025, 4, 14, tzinfo=UTC)
ORDERS = frozenset({Kind.ORDER})


class Silent:
    """A watcher that keeps what it is told."""

    def __init__(self) -> None:
        """Nothing was told yet."""
        self.problems: list[Problem] = []

    def checked(self, lines: int) -> None:
        """Not of interest here."""

    def problem(self, problem: Problem) -> None:
        """Keep a line that was left out."""
        self.problems.append(problem)

    def decided(self, events: int, total: int) -> None:
        """Not of interest here."""


def rule(name: str, when: str, action: Action, **told: Any) -> Rule:
    """A rule for every kind that can be held, unless told otherwise."""
    fields: dict[str, Any] = {"kinds": frozenset(HOLDABLE), "points": 30.0, "text": name} | told
    return Rule(id=name, when=when, action=action, **fields)


def simple_rules(
    *more: Rule,
    limits: Iterable[Limit] = (),
    weights: Mapping[str, tuple[float, ...]] | None = None,
    **parameters: float,
) -> Ruleset:
    """Symbols say what is to become of an order; a device that nobody has seen is asked for a code at sign-in."""
    rules = (
        rule("deny-it", 'order.symbol == "DENY"', Action.DENY, kinds=ORDERS),
        rule("hold-it", 'order.symbol == "HOLD"', Action.HOLD, kinds=ORDERS),
        rule("ask-any", 'order.symbol == "ANY"', Action.CHALLENGE, kinds=ORDERS, required=Strength.ANY),
        rule(
            "ask-phr",
            'order.symbol == "PHR"',
            Action.CHALLENGE,
            kinds=ORDERS,
            required=Strength.PHISHING_RESISTANT,
        ),
        rule("ask-oob", 'order.symbol == "OOB"', Action.CHALLENGE, kinds=ORDERS, required=Strength.OOB),
        *more,
    )
    never = {"score_case": 100.0, "score_contain": 100.0}
    return compile_ruleset(
        RulesetSource(
            1,
            "test",
            rules=rules,
            limits=tuple(limits),
            parameters=never | parameters,
            weights=no_weights() if weights is None else weights,
        )
    )


def login_limit(capacity: int) -> Limit:
    """So many sign-ins an account in ten minutes; one that succeeds gives its count back."""
    return Limit(
        id="login-account",
        kinds=frozenset({Kind.LOGIN}),
        dimension=Dimension.ACCOUNT,
        window_seconds=600,
        capacity=capacity,
        refunds_success=True,
        code="too_many",
    )


def story(*told: dict[str, Any], step: timedelta = timedelta(minutes=1)) -> list[dict[str, Any]]:
    """Lines in order: ids e0, e1, …, a minute apart unless a line has a time of its own."""
    lines = []
    for number, line in enumerate(told):
        at = (START + number * step).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        kept = line["time"] if line["time"] != body()["time"] else at
        lines.append(line | {"id": f"e{number}", "time": kept})
    return lines


def order(symbol: str = "7203", **changes: Any) -> dict[str, Any]:
    """An order for a symbol; ``side``, ``quantity`` and the like go into the order itself."""
    line = body("order")
    inside = {name: changes.pop(name) for name in list(changes) if name in {*line["order"], "order_id"}}
    line["order"] |= {"symbol": symbol} | inside
    return line | changes


class Replayed:
    """A replay's decisions by id, its report and its decisions' bytes."""

    def __init__(self, decisions: Path, report: dict[str, Any], watcher: Silent) -> None:
        """Read the decisions that were written."""
        self.raw = decisions.read_bytes()
        self.lines = [json.loads(line) for line in self.raw.splitlines()]
        self.by_id = {line["id"]: line for line in self.lines}
        self.report = report
        self.problems = watcher.problems

    @property
    def finals(self) -> list[str]:
        """What became of each event, in order."""
        return [line["final"] for line in self.lines]


def replay(
    folder: Path,
    lines: Iterable[Any],
    ruleset: Ruleset | None = None,
    *,
    watcher: Silent | None = None,
    **options: Any,
) -> Replayed:
    """Write the lines to a file, replay it and read the decisions."""
    job = Job(
        files=[write(folder / "events.jsonl", lines)],
        ruleset=ruleset or simple_rules(),
        settings=current(),
        namespace="test",
        decisions=str(folder / "decisions.jsonl"),
        options=Options(**{name: options.pop(name) for name in list(options) if name in Options.__slots__}),
    )
    watcher = watcher or Silent()
    report, _ = run(replace(job, **options), watcher)
    return Replayed(folder / "decisions.jsonl", report, watcher)
