"""Tell how good the rules are on labelled events, beside baselines. Reads files; writes only where it is told to."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError

from authshield.conf import current
from authshield.errors import AuthShieldError, RuleError
from authshield.evaluate import outcome
from authshield.evaluate.detectors import BASELINES
from authshield.evaluate.job import Plan
from authshield.evaluate.outcome import Wanted
from authshield.management.commands.authshield_replay import (
    BAD_INPUT,
    Progress,
    duration,
    ended_like_ctrl_c,
)
from authshield.replay import rulesets
from authshield.replay.run import Options

DESCRIPTION = """\
How good is it? Measured on labelled events, beside baselines.

Replays each file of events by itself (one JSON object a line, .jsonl or .jsonl.gz, in time order, with the field
label), once for every detector that decides, and prints what was caught at which cost to customers. Baselines in
the same run: static rules (a new device or a new country), the public Freeman/Wiefling code's behaviour, an
isolation forest, and AuthShield's own models switched on one after the other. Nothing is written to the database.
"""
EPILOG = """\
examples:
  manage.py authshield_evaluate april.jsonl.gz patient.jsonl.gz --warm-up 10d --out evaluation
  manage.py authshield_evaluate april.jsonl.gz --baselines static,freeman --rules draft.json
  manage.py authshield_evaluate rba-dataset.csv --format rba

docs/evaluation.md says how to read each figure, and what none of them can tell.
exit status: 0 when everything was measured, 2 when something cannot be read, written or reached.
"""


class Command(BaseCommand):
    help = DESCRIPTION
    requires_system_checks: list[str] = []  # as a replay

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """Keep the line breaks of the description and the examples."""
        parser = super().create_parser(prog_name, subcommand, epilog=EPILOG, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="EVENTS", help="files of labelled events")
        parser.add_argument(
            "--format",
            choices=("v1", "rba"),
            default="v1",
            help="v1: events, version 1 (default); rba: the CSV columns of the public RBA login data set",
        )
        parser.add_argument(
            "--warm-up",
            type=duration,
            default=timedelta(0),
            metavar="10d",
            help="watch and learn for so long from each file's first event on (s, m, h, d or w)",
        )
        parser.add_argument(
            "--out",
            type=Path,
            metavar="FOLDER",
            help="write a page, pictures (SVG) and the figures (JSON) there",
        )
        parser.add_argument(
            "--baselines",
            type=_baselines,
            default=frozenset(BASELINES),
            metavar="NAMES",
            help=f"which, with commas: {', '.join(BASELINES)}; or none (default: all)",
        )
        rules = parser.add_mutually_exclusive_group()
        rules.add_argument("--rules", type=Path, metavar="RULES.json", help="rules from a file")
        rules.add_argument(
            "--ruleset", type=int, metavar="VERSION", help="a published version (default: the shipped rules)"
        )
        parser.add_argument(
            "--on-error",
            choices=("stop", "skip"),
            default="stop",
            help="lines that break the format: stop before anything is decided (default), or skip them",
        )
        parser.add_argument(
            "--seed", type=int, default=0, metavar="N", help="of all that is drawn (default: 0)"
        )
        parser.add_argument(
            "--json", action="store_true", help="print all figures as JSON instead of the tables"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        progress = Steps(sys.stderr)
        try:
            with ended_like_ctrl_c():
                found = outcome.of(_wanted(options), progress.of)
                if options["out"] is not None:
                    outcome.write(found, options["out"])
        except RuleError as error:
            raise CommandError(rulesets.problems_of(error), returncode=BAD_INPUT) from error
        except AuthShieldError as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from error
        finally:
            progress.end()
        if options["json"]:
            self.stdout.write(json.dumps(found.figures, indent=2, ensure_ascii=False, allow_nan=False))
        else:
            self.stdout.write(found.text())
        if options["out"] is not None:
            self.stderr.write(f"written: {options['out'] / outcome.PAGE}")


class Steps(Progress):
    """Progress over many replays: each line says which one."""

    def __init__(self, stream: TextIO) -> None:
        """``stream`` is a terminal or not; only a terminal sees progress."""
        super().__init__(stream)
        self._step = ""

    def of(self, step: str) -> Steps:
        """What comes next."""
        self._step = step
        if self.is_shown:
            self.show(step)
        return self

    def show(self, text: str) -> None:
        """Put the step before what is told of it."""
        super().show(text if text == self._step else f"{self._step}: {text}")


def _wanted(options: dict[str, Any]) -> Wanted:
    plan = Plan(
        files=options["files"],
        detectors=[],
        settings=current(),
        options=Options(options["warm_up"]),
        skips=options["on_error"] == "skip",
        seed=options["seed"],
    )
    ruleset = None
    if options["rules"] is not None:
        ruleset = rulesets.from_file(options["rules"])
    elif options["ruleset"] is not None:
        ruleset = rulesets.published(options["ruleset"])
    return Wanted(
        plan,
        baselines=options["baselines"],
        source=None if ruleset is None else ruleset.source,
        is_rba=options["format"] == "rba",
    )


def _baselines(text: str) -> frozenset[str]:
    names = frozenset(name.strip() for name in text.split(",")) - {"none"}
    if unknown := sorted(names - set(BASELINES)):
        raise ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(BASELINES)}")
    return names
