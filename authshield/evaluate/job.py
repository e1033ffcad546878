"""Runs the replays of an evaluation: each file by itself, once for every detector that decides.

Must not measure (evaluation.py does) nor talk to a person.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from authshield.conf import Settings
from authshield.evaluate.detectors import OURS, Detector
from authshield.evaluate.facts import Facts
from authshield.evaluate.riders import ForestRider, FreemanRider, Rider
from authshield.evaluate.seen import Ends, Scores, Seen, is_executed, score_of
from authshield.judge import Ruleset
from authshield.replay.decided import Decided
from authshield.replay.job import Job, Watcher, run
from authshield.replay.reader import LinesOf, ReplayError, json_lines
from authshield.replay.run import Options
from authshield.vocabulary.event import Login

WatcherOf = Callable[[str], Watcher]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to evaluate."""

    files: list[Path]
    detectors: list[Detector]
    settings: Settings
    options: Options = field(default_factory=Options)
    skips: bool = False
    seed: int = 0
    lines_of: LinesOf = json_lines


@dataclass(slots=True)
class Watch:
    """Sees every decision of one replay of one file."""

    facts: Facts
    scores: Scores = field(default_factory=Scores)
    ends: Ends = field(default_factory=Ends)
    riders: dict[str, Rider] = field(default_factory=dict)

    def add(self, decided: Decided) -> None:
        """Take a decision into the columns."""
        record = decided.record
        session, money = self.facts.add(record, in_warm_up=decided.in_warm_up)
        is_sign_in = isinstance(record.event.subject, Login) and session >= 0
        self.scores.add(session, money, score_of(decided), is_sign_in=is_sign_in)
        self.ends.add(decided, session, money)
        if not self.facts.is_left_out(session, in_warm_up=decided.in_warm_up):
            self.ends.detections.add(decided, executed=is_executed(decided))
        for rider in self.riders.values():
            rider.add(decided, session, money)


def evaluate(plan: Plan, watcher_of: WatcherOf) -> dict[str, list[Seen]]:
    """Replay everything; returns what each detector made of each file. ``watcher_of`` is told what comes next.

    Raises ``ReplayError`` for a file that cannot be read, breaks the format, or has no labels.
    """
    seen: dict[str, list[Seen]] = {detector.key: [] for detector in plan.detectors if not detector.missing}
    deciding = [(detector, detector.ruleset) for detector in plan.detectors if detector.ruleset is not None]
    for file in plan.files:
        facts: Facts | None = None
        for number, (detector, ruleset) in enumerate(deciding, 1):
            watch = Watch(Facts(file.name), riders=_riders(plan) if detector.key == OURS else {})
            step = f"{file.name}, {number} of {len(deciding)}: {detector.title}"
            report = replayed(plan, file, ruleset, seen=watch.add, watcher=watcher_of(step))
            if not watch.facts.labelled:
                raise ReplayError(f"{str(file)!r} has no labels: say fraud or legit in the field 'label'")
            watch.ends.cases = report["cases"]
            facts = facts or watch.facts
            seen[detector.key].append(Seen(facts, watch.scores, watch.ends))
            for key, rider in watch.riders.items():
                seen[key].append(Seen(facts, rider.scores()))
    return seen


def _riders(plan: Plan) -> dict[str, Rider]:
    made: dict[str, Callable[[], Rider]] = {
        "freeman": FreemanRider,
        "forest": lambda: ForestRider(plan.seed),
    }
    wanted = [detector.key for detector in plan.detectors if not detector.missing]
    return {key: make() for key, make in made.items() if key in wanted}


def replayed(
    plan: Plan, file: Path, ruleset: Ruleset, *, seen: Callable[[Decided], object], watcher: Watcher
) -> dict[str, dict[str, int]]:
    """Replay one file in a namespace of its own; returns the replay's report."""
    report, _ = run(
        Job(
            files=[file],
            ruleset=ruleset,
            settings=plan.settings,
            namespace=f"evaluate-{secrets.token_hex(8)}",
            lines_of=plan.lines_of,
            options=plan.options,
            skips=plan.skips,
            seen=seen,
        ),
        watcher,
    )
    return report
