"""The shipped weights, counted from simulated events: replays files with nothing enforced and fits what they show.

    python -m bench.weighing --warm-up 10 FILE... > authshield/judge/evidence/weights.json

Every file is replayed by the shipped limits alone, all of them in shadow, so that attacks go on to their ends. An
order counts by itself, but all orders of a session together no more than ``MOST_A_SESSION`` of them; a thief's order
counts for the more the more money it moves. Wrong passwords are no examples.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from authshield.judge import Ruleset
    from authshield.replay.decided import Decided
    from authshield.score.fitting import Example

MOST_A_SESSION = 3
USUAL_MINOR = 1_000_000
LEAST_COUNT, MOST_COUNT = 0.25, 4.0
"""What a thief's order counts: the root of its value over ``USUAL_MINOR``, within these."""


class _Quiet:
    """A watcher of a replay that says nothing."""

    def checked(self, lines: int) -> None:
        """Nothing."""

    def problem(self, problem: object) -> None:
        """Nothing."""

    def decided(self, events: int, total: int) -> None:
        """Nothing."""


def watching() -> Ruleset:
    """The shipped limits in shadow, and nothing else."""
    from authshield.judge import compile_ruleset
    from authshield.tune.transfer import default_source
    from authshield.vocabulary.ruleset import State

    source = default_source()
    limits = tuple(replace(limit, state=State.SHADOW) for limit in source.limits)
    parameters = {**source.parameters, "score_case": 100.0, "score_contain": 100.0}
    return compile_ruleset(replace(source, rules=(), limits=limits, thresholds=(), parameters=parameters))


def replayed(file: Path, warm_up: timedelta) -> list[Decided]:
    """Every decision on a labelled sign-in, order or withdrawal after the warm-up."""
    from authshield.conf import current
    from authshield.replay.job import Job, run
    from authshield.replay.run import Options
    from authshield.vocabulary.event import Login

    found: list[Decided] = []

    def keep(decided: Decided) -> None:
        subject = decided.record.event.subject
        is_wrong = isinstance(subject, Login) and not subject.succeeded
        if decided.steps is not None and not (decided.in_warm_up or is_wrong) and decided.record.label:
            found.append(decided)

    options = Options(warm_up=warm_up, tells_steps=True)
    run(
        Job([file], watching(), current(), f"weighing-{os.getpid()}", options=options, seen=keep),
        _Quiet(),
    )
    return found


def examples(decisions: Sequence[Decided]) -> Iterator[Example]:
    """One for each, orders of long sessions for less."""
    from authshield.score.fitting import Example

    often = Counter((one.record.event.session, one.record.event.kind) for one in decisions)
    for one in decisions:
        event = one.record.event
        number = often[event.session, event.kind] if event.session else 1
        counts, is_fraud = min(1.0, MOST_A_SESSION / number), one.record.label == "fraud"
        if is_fraud and one.value_minor:
            counts *= min(MOST_COUNT, max(LEAST_COUNT, (one.value_minor / USUAL_MINOR) ** 0.5))
        yield Example(event.kind.value, one.steps or {}, is_fraud, counts)


def main() -> None:
    """Fit, and print the weights."""
    parser = argparse.ArgumentParser(prog="python -m bench.weighing", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--warm-up", type=float, default=10, help="days")
    parser.add_argument("--pull", type=float, default=20, help="how much the weights of now count")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demo_site.settings")
    django.setup()
    from authshield.judge.evidence.weights import shipped
    from authshield.score.fitting import fit

    found: list[Example] = []
    for file in asked.files:
        found += examples(replayed(file, timedelta(days=asked.warm_up)))
        print(f"{file.name}: {len(found)} examples", file=sys.stderr)
    weights = fit(found, shipped(), pull=asked.pull)
    print(json.dumps({"source": "bench.weighing on simulated months", "weights": weights}, indent=1))


if __name__ == "__main__":
    main()
