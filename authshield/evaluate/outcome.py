"""An evaluation from files to figures, words and pictures. ``of`` is what the command calls, ``write`` what saves it.

Must not talk to a person.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from authshield.evaluate import job, rba
from authshield.evaluate.detectors import detectors
from authshield.evaluate.evaluation import measured
from authshield.evaluate.page import page
from authshield.evaluate.pictures import pictures
from authshield.evaluate.printing import printed
from authshield.evaluate.table import Table
from authshield.evaluate.tables import tables
from authshield.replay.job import Watcher
from authshield.replay.money import Base
from authshield.replay.output import Outputs
from authshield.replay.reader import ReplayError
from authshield.tune.transfer import default_source
from authshield.vocabulary.ruleset import RulesetSource

PAGE = "index.html"
FIGURES = "evaluation.json"


class WatcherOf(Protocol):
    """Gives whoever wants to know how far the next step has come."""

    def __call__(self, step: str) -> Watcher:
        """``step`` in a few words."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to evaluate. ``source`` are the rules, None for the shipped ones."""

    plan: job.Plan
    baselines: frozenset[str]
    source: RulesetSource | None = None
    is_rba: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """Figures for a program, tables for a person, pictures by file name."""

    figures: Mapping[str, Any]
    tables: list[Table]
    pictures: Mapping[str, str]

    def text(self) -> str:
        """The tables for a terminal."""
        return printed(self.tables)


def of(wanted: Wanted, watcher_of: WatcherOf) -> Outcome:
    """Replay, measure, put into words and pictures.

    Raises ``ReplayError`` for what cannot be read or has no labels, ``RuleError`` for rules that cannot be used.
    """
    source = wanted.source or default_source()
    if wanted.is_rba:
        return _of_rba(wanted, source, watcher_of)
    plan = replace(wanted.plan, detectors=detectors(source, wanted.baselines))
    seen = job.evaluate(plan, watcher_of)
    base = Base.of(plan.settings.BASE_CURRENCY)
    figures = measured(plan.detectors, seen, base, seed=plan.seed, step=watcher_of)
    return Outcome(figures, tables(figures), pictures(figures))


def write(outcome: Outcome, folder: Path) -> None:
    """Write the page, the pictures and the figures: all of them, or none. Raises ``ReplayError``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReplayError(f"cannot make the folder {str(folder)!r}: {error.strerror}") from error
    texts = {f"{name}.svg": text for name, text in outcome.pictures.items()}
    texts[FIGURES] = json.dumps(outcome.figures, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    texts[PAGE] = page(outcome.figures, outcome.tables, outcome.pictures)
    with ExitStack() as stack:
        outputs = Outputs(stack)
        for name, text in texts.items():
            outputs.open(folder / name).write(text)
        outputs.keep()


def _of_rba(wanted: Wanted, source: RulesetSource, watcher_of: WatcherOf) -> Outcome:
    figures = rba.evaluated(wanted.plan, source, watcher_of)
    return Outcome(figures, rba.tables(figures), {})
