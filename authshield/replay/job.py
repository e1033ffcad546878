"""A whole replay: check the files, decide, write, report. ``run`` is what the command calls.

Must not talk to a person; what happens goes to a ``Watcher``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from authshield.backends.loader import geo_locator
from authshield.conf import Settings
from authshield.judge import Ruleset
from authshield.replay import reader
from authshield.replay.decided import Decided
from authshield.replay.money import Base
from authshield.replay.output import Outputs
from authshield.replay.parse import Setting
from authshield.replay.reader import Problem, ReplayError
from authshield.replay.record import Record
from authshield.replay.report import Tally
from authshield.replay.rulesets import rule_ids
from authshield.replay.run import Options, Replay, issued_devices
from authshield.replay.server import store_of

KEPT_PROBLEMS = 20
KEPT_RECORDS = 50_000  # some 100 MB
_CACHED_ADDRESSES = 65_536


class Watcher(Protocol):
    """Whoever wants to know how far a replay has come."""

    def checked(self, lines: int) -> None:
        """So many good lines were checked."""

    def problem(self, problem: Problem) -> None:
        """A line breaks the format and is left out."""

    def decided(self, events: int, total: int) -> None:
        """So many of all events were decided."""


class BadLines(ReplayError):  # noqa: N818 - what it tells of
    """Lines that break the format, where none may; ``problems`` are the first of ``count``."""

    def __init__(self, problems: list[Problem], count: int) -> None:
        """The message names each of ``problems``."""
        self.problems = problems
        self.count = count
        more = f"\n... and {count - len(problems)} more" if count > len(problems) else ""
        found = "\n".join(map(str, problems))
        super().__init__(
            f"{found}{more}\n{count} bad line{'s' if count > 1 else ''}, nothing was decided: "
            "mend them, or leave them out with --on-error skip"
        )


@dataclass(frozen=True, slots=True)
class Job:
    """What to replay and where to write. ``print_line`` takes the decisions if ``decisions`` is "-".

    Files of more than ``kept_records`` lines are read twice instead of being kept in memory. ``seen`` is shown every
    decision, in order.
    """

    files: list[Path]
    ruleset: Ruleset
    settings: Settings
    namespace: str
    is_namespace_given: bool = False
    lines_of: reader.LinesOf = reader.json_lines
    decisions: str = ""
    report: str = ""
    options: Options = field(default_factory=Options)
    skips: bool = False
    kept_records: int = KEPT_RECORDS
    print_line: Callable[[str], object] | None = None
    seen: Callable[[Decided], object] | None = None


@dataclass(slots=True)
class _Checked:
    """What the first reading found. A short file's records are kept, so that it is not read again."""

    watcher: Watcher
    skips: bool
    keeps: int
    lines: int = 0
    bad: int = 0
    problems: list[Problem] = field(default_factory=list)
    records: list[Record] | None = field(default_factory=list)

    def good(self, record: Record) -> None:
        self.lines += 1
        if self.records is not None:
            self.records.append(record)
            if self.lines > self.keeps:
                self.records = None
        self.watcher.checked(self.lines)

    def broken(self, problem: Problem) -> None:
        self.bad += 1
        if self.skips:
            self.watcher.problem(problem)
        elif len(self.problems) < KEPT_PROBLEMS:
            self.problems.append(problem)


def run(job: Job, watcher: Watcher) -> tuple[dict[str, Any], int]:
    """Replay; returns the report and how many lines were left out.

    Raises ``ReplayError`` (``BadLines`` for lines that break the format) and then has written nothing.
    """
    setting = Setting(Base.of(job.settings.BASE_CURRENCY), lru_cache(_CACHED_ADDRESSES)(geo_locator().locate))
    checked = _Checked(watcher, job.skips, job.kept_records)
    issued = issued_devices(_read(job, setting, checked.broken), checked.good)
    if checked.bad and not job.skips:
        raise BadLines(checked.problems, checked.bad)
    options = replace(job.options, issued=issued)
    with ExitStack() as stack:
        outputs = Outputs(stack)
        write = _writer(job, outputs)
        report_to = outputs.open(Path(job.report)) if job.report else None
        store = stack.enter_context(store_of(job.settings, job.namespace, is_given=job.is_namespace_given))
        replay = Replay(job.ruleset, store, setting.base, options)
        records = checked.records or _read(job, setting, _ignored if job.skips else _changed)
        report = _decide(
            replay.decide(records), job, setting.base, write=write, watch=_watch(watcher, checked.lines)
        )
        if report_to is not None:
            report_to.write(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
        outputs.keep()
    return report, checked.bad


def _read(job: Job, setting: Setting, report: reader.Report) -> Iterator[Record]:
    return reader.read(job.files, setting, report, lines_of=job.lines_of)


def _writer(job: Job, outputs: Outputs) -> Callable[[str], object]:
    if job.decisions == "-" and job.print_line is not None:
        return job.print_line
    return outputs.open(Path(job.decisions)).write if job.decisions else _ignored


def _watch(watcher: Watcher, total: int) -> Callable[[int], None]:
    return lambda events: watcher.decided(events, total)


def _decide(
    decisions: Iterator[Decided],
    job: Job,
    base: Base,
    *,
    write: Callable[[str], object],
    watch: Callable[[int], None],
) -> dict[str, Any]:
    tally = Tally(base, rule_ids(job.ruleset))
    began = time.perf_counter()
    for number, decided in enumerate(decisions, 1):
        tally.add(decided)
        write(decided.line())
        if job.seen is not None:
            job.seen(decided)
        watch(number)
    return tally.report(time.perf_counter() - began)


def _ignored(_thing: object) -> None:
    """A line that is left out was told of before; decisions nobody asked for are not written."""


def _changed(problem: Problem) -> None:
    raise ReplayError(f"the file changed while it was read: {problem}")
