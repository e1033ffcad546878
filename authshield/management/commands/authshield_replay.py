"""Decide recorded events anew, with the rules of today or those of a file. Reads files, changes nothing."""

from __future__ import annotations

import json
import re
import secrets
import signal
import sys
import threading
import time
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError

from authshield.conf import current
from authshield.errors import AuthShieldError, RuleError
from authshield.judge import Ruleset
from authshield.replay import rulesets
from authshield.replay.headlines import headlines
from authshield.replay.job import Job, run
from authshield.replay.rba import rba_lines
from authshield.replay.reader import Problem, json_lines
from authshield.replay.run import Options

FORMATS = {"v1": json_lines, "rba": rba_lines}
BAD_INPUT = 2
SHOW_AFTER_SECONDS = 2.0
SHOW_EVERY_SECONDS = 0.5
SHOW_EVERY_EVENTS = 64
_DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)([smhdw]?)", re.ASCII)
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_NAMESPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)

DESCRIPTION = """\
Decide recorded events anew: what would the rules have done?

Reads one or more files of events (one JSON object a line, .jsonl or .jsonl.gz, in time order; several files
are merged by time), sends every event through the code that decides live requests, with the event's time for
a clock, and tells what would have been allowed, challenged, held or stopped. Nothing is written to the
database, and counters live in a namespace of their own that is removed at the end.
"""
EPILOG = """\
examples:
  manage.py authshield_replay april.jsonl.gz --warm-up 10d --report report.json
  manage.py authshield_replay april.jsonl.gz --rules draft.json --decisions decisions.jsonl.gz
  manage.py authshield_replay rba-dataset.csv --format rba --json

exit status: 0 when everything was decided, 2 when something cannot be read, written or reached.
"""


class Command(BaseCommand):
    help = DESCRIPTION
    requires_system_checks: list[str] = []  # a replay needs neither the site's pages nor its database

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """Keep the line breaks of the description and the examples."""
        parser = super().create_parser(prog_name, subcommand, epilog=EPILOG, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="EVENTS", help="files of events")
        parser.add_argument(
            "--format",
            choices=sorted(FORMATS, reverse=True),
            default="v1",
            help="v1: events, version 1 (default); rba: the CSV columns of the public RBA login data set",
        )
        parser.add_argument(
            "--decisions",
            default="",
            metavar="OUT.jsonl",
            help="write one decision a line, in the order of the events (.gz packs, - is standard output)",
        )
        parser.add_argument("--report", default="", metavar="REPORT.json", help="write the report")
        rules = parser.add_mutually_exclusive_group()
        rules.add_argument("--rules", type=Path, metavar="RULES.json", help="rules from a file")
        rules.add_argument(
            "--ruleset",
            type=int,
            metavar="VERSION",
            help="a published version (default: the newest, or the shipped rules where none was published)",
        )
        parser.add_argument(
            "--warm-up",
            type=duration,
            default=timedelta(0),
            metavar="10d",
            help="watch and learn for so long from the first event on, and stop nobody (s, m, h, d or w)",
        )
        parser.add_argument(
            "--scoring-delay",
            type=duration,
            default=timedelta(seconds=2),
            metavar="SECONDS",
            help="event time after which the late scoring of a session takes effect (default: 2)",
        )
        parser.add_argument(
            "--on-error",
            choices=("stop", "skip"),
            default="stop",
            help="lines that break the format: stop before anything is decided (default), or skip them",
        )
        parser.add_argument(
            "--namespace", type=_namespace, metavar="NAME", help="first part of the keys (default: random)"
        )
        parser.add_argument("--json", action="store_true", help="print the report instead of its headlines")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        if options["decisions"] == "-" and options["json"]:
            raise CommandError("--decisions - and --json both want standard output", returncode=BAD_INPUT)
        progress = Progress(sys.stderr)
        try:
            with ended_like_ctrl_c():
                report, left_out = run(self._job(options), progress)
        except RuleError as error:
            raise CommandError(rulesets.problems_of(error), returncode=BAD_INPUT) from error
        except AuthShieldError as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from error
        finally:
            progress.end()
        if left_out:
            self.stderr.write(f"{left_out} bad line{'s' if left_out > 1 else ''} left out")
        if options["json"]:
            self.stdout.write(json.dumps(report, indent=2, ensure_ascii=False))
        elif options["decisions"] != "-":
            self.stdout.write(headlines(report))

    def _job(self, options: dict[str, Any]) -> Job:
        settings = current()
        namespace = options["namespace"]
        if namespace == settings.NAMESPACE:
            raise CommandError(
                f"{namespace!r} is the site's own namespace, which a replay would remove: name another",
                returncode=BAD_INPUT,
            )
        return Job(
            files=options["files"],
            ruleset=_ruleset(options),
            settings=settings,
            namespace=namespace or f"replay-{secrets.token_hex(8)}",
            is_namespace_given=namespace is not None,
            lines_of=FORMATS[options["format"]],
            decisions=options["decisions"],
            report=options["report"],
            options=Options(options["warm_up"], options["scoring_delay"]),
            skips=options["on_error"] == "skip",
            print_line=self.stdout.write,
        )


class Progress:
    """Tells how far it is, on a terminal and after two seconds; bad lines always."""

    def __init__(self, stream: TextIO, *, after_seconds: float = SHOW_AFTER_SECONDS) -> None:
        """``stream`` is a terminal or not; only a terminal sees progress."""
        self._stream = stream
        self.is_shown = stream.isatty()
        self._next = time.monotonic() + after_seconds
        self._width = 0

    def checked(self, lines: int) -> None:
        """So many good lines were checked."""
        if self.is_shown and lines % SHOW_EVERY_EVENTS == 0:
            self.show(f"checked {lines:,} lines")

    def problem(self, problem: Problem) -> None:
        """A line is left out."""
        self.end()
        self._stream.write(f"{problem}\n")

    def decided(self, events: int, total: int) -> None:
        """So many of all events were decided."""
        if self.is_shown and events % SHOW_EVERY_EVENTS == 0:
            self.show(f"decided {events:,} of {total:,} events ({events / total:.0%})")

    def end(self) -> None:
        """Wipe the line."""
        if self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._width = 0

    def show(self, text: str) -> None:
        """Put a text where the last one stood, unless that one is too new."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + SHOW_EVERY_SECONDS
        self._stream.write("\r" + text.ljust(self._width))
        self._stream.flush()
        self._width = len(text)


def _ruleset(options: dict[str, Any]) -> Ruleset:
    if options["rules"] is not None:
        return rulesets.from_file(options["rules"])
    if options["ruleset"] is not None:
        return rulesets.published(options["ruleset"])
    return rulesets.in_force()


def duration(text: str) -> timedelta:
    """Read an option such as 90s, 12h or 10d."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ArgumentTypeError(f"{text!r} is no duration such as 2, 90s, 30m, 12h, 10d or 3w")
    return timedelta(seconds=float(match[1]) * _UNITS[match[2]])


def _namespace(text: str) -> str:
    if not _NAMESPACE.fullmatch(text):
        raise ArgumentTypeError(f"{text!r} is no name of at most 64 letters, digits, hyphens and underscores")
    return text


@contextmanager
def ended_like_ctrl_c() -> Iterator[None]:
    """Being told to end is like Ctrl-C: what was begun is removed on the way out."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is told
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
