"""Write events of a made-up brokerage, attackers and all, to try settings without real data."""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from datetime import UTC, datetime
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError

from authshield.simulate.output import writing
from authshield.simulate.parameters import Parameters, Scenario, SimulationError, scenario, scenarios, sources

BAD_INPUT = 2
SHOW_AFTER_SECONDS = 2.0
SHOW_EVERY_SECONDS = 0.5
MOST_ACCOUNTS = 1_000_000
MOST_DAYS = 366
MOST_SEED = 2**63 - 1

DESCRIPTION = """\
Write the events of a made-up brokerage: its customers, and the thieves among them.

Each line is an event as authshield_replay reads it, in time order, with a label (fraud or legit) and the name
of the campaign that it belongs to. Nothing in it is real: addresses are of reserved networks. The same
arguments write the same file, byte for byte. docs/simulator.md says where each number comes from, and what
such a file cannot show.
"""
EPILOG = """\
examples:
  manage.py authshield_simulate april april.jsonl.gz --accounts 2000 --days 30 --seed 100
  manage.py authshield_simulate patient out.jsonl --hijacked 0.05 --evasion 3
  manage.py authshield_simulate april out.jsonl --set loot.bought=0.5 --set campaign.minutes=5,20
  manage.py authshield_replay april.jsonl.gz --warm-up 10d

scenarios:
{scenarios}

exit status: 0 when the file is written, 2 when it cannot be.
"""


class Command(BaseCommand):
    help = DESCRIPTION
    requires_system_checks: list[str] = []  # needs neither the site's pages nor its database

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """Keep the line breaks of the description and the examples."""
        listed = "\n".join(f"  {one.name:<10} {one.about}" for one in scenarios().values())
        parser = super().create_parser(
            prog_name, subcommand, epilog=EPILOG.format(scenarios=listed), **kwargs
        )
        parser.formatter_class = RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("scenario", metavar="SCENARIO", nargs="?", help="what happens; see below")
        parser.add_argument(
            "out", metavar="OUT.jsonl", nargs="?", help="file to write (.gz packs, - is standard output)"
        )
        parser.add_argument("--accounts", type=_whole(1, MOST_ACCOUNTS), default=1000, help="default: 1000")
        parser.add_argument("--days", type=_whole(1, MOST_DAYS), default=30, help="default: 30")
        parser.add_argument("--seed", type=_whole(0, MOST_SEED), default=0, help="default: 0")
        parser.add_argument(
            "--evasion",
            type=_whole(0, 4),
            metavar="0..4",
            help="how thieves hide: 0 not at all, 1 in the victim's city, 2 and with a copied fingerprint, "
            "3 and in small orders over two days, 4 and between other trades (default: the scenario's)",
        )
        parser.add_argument(
            "--hijacked",
            type=_share,
            metavar="SHARE",
            help="share of the accounts that are taken over, such as 0.05 (default: the scenario's)",
        )
        parser.add_argument(
            "--start",
            type=_moment,
            default=_moment("2025-04-01T00:00:00Z"),
            metavar="ISO",
            help="time of the beginning (default: 2025-04-01T00:00:00Z, nine in the morning in Tokyo)",
        )
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="another value for a number of parameters.toml; may be repeated",
        )
        parser.add_argument(
            "--perturb",
            type=_share,
            default=0.0,
            metavar="SHARE",
            help="change every number at random by up to this share, such as 0.3: are results robust?",
        )
        parser.add_argument("--parameters", action="store_true", help="list all numbers with their sources")
        parser.add_argument("--json", action="store_true", help="print the summary as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        if options["parameters"]:
            self.stdout.write("\n".join(f"{name}: {text}" for name, text in sources().items()))
            return
        if not options["scenario"] or not options["out"]:
            raise CommandError("a scenario and a file to write are needed; see --help", returncode=BAD_INPUT)
        if options["out"] == "-" and options["json"]:
            raise CommandError("- and --json both want standard output", returncode=BAD_INPUT)
        try:
            summary = self._run(options, scenario(options["scenario"]))
        except SimulationError as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise CommandError(f"cannot write {options['out']!r}: {reason}", returncode=BAD_INPUT) from error
        if options["json"]:
            self.stdout.write(json.dumps(summary, indent=2))
        elif options["out"] != "-":
            self.stdout.write(_in_words(summary))

    def _run(self, options: dict[str, Any], chosen: Scenario) -> dict[str, Any]:
        if importlib.util.find_spec("numpy") is None:
            raise SimulationError("the simulator needs numpy: pip install 'authshield[simulate]'")
        from authshield.simulate.simulation import Run, Simulation, perturbed  # noqa: PLC0415 - needs numpy

        parameters = Parameters(dict(map(_assignment, options["set"])))
        if options["perturb"]:
            perturbed(parameters, options["perturb"], options["seed"])
        run = Run(
            scenario=chosen,
            accounts=options["accounts"],
            days=options["days"],
            seed=options["seed"],
            evasion=chosen.evasion if options["evasion"] is None else options["evasion"],
            hijacked=chosen.hijacked if options["hijacked"] is None else options["hijacked"],
            start=options["start"],
        )
        progress = Progress(sys.stderr)
        try:
            with writing(options["out"], self.stdout.write) as write:
                simulation = Simulation(run, parameters, write)
                for share in simulation.steps():
                    progress.done(share, simulation.world.engine.written)
        finally:
            progress.end()
        return simulation.summary()


class Progress:
    """Tells how far it is, on a terminal and after two seconds."""

    def __init__(self, stream: TextIO, *, after: float = SHOW_AFTER_SECONDS) -> None:
        """``stream`` is a terminal or not; only a terminal sees progress, ``after`` so many seconds."""
        self._stream = stream
        self._shows = stream.isatty()
        self._next = time.monotonic() + after
        self._width = 0

    def done(self, share: float, events: int) -> None:
        """So much of the time to simulate has passed."""
        now = time.monotonic()
        if not self._shows or now < self._next:
            return
        self._next = now + SHOW_EVERY_SECONDS
        text = f"{share:.0%}, {events:,} events"
        self._stream.write("\r" + text.ljust(self._width))
        self._stream.flush()
        self._width = len(text)

    def end(self) -> None:
        """Wipe the line."""
        if self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._width = 0


def _in_words(summary: dict[str, Any]) -> str:
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in summary["by_kind"].items())
    lines = [f"{summary['events']:,} events of {summary['accounts']:,} accounts ({kinds})"]
    if summary["hijacked"]:
        lines.append(
            f"{summary['hijacked']:,} accounts hijacked, {summary['traded']:,} of them traded in "
            f"{summary['campaigns']:,} campaigns: ¥{summary['fraud_sold']:,} sold, "
            f"¥{summary['fraud_bought']:,} bought"
        )
    return "\n".join(lines)


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise SimulationError(f"--set wants NAME=VALUE, got {text!r}")
    return name.strip(), value.strip()


def _whole(least: int, most: int) -> Any:
    def number(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ArgumentTypeError(f"{text!r} is no whole number from {least} to {most}")
        return int(text)

    return number


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ArgumentTypeError(f"{text!r} is no share from 0 to 1")
    return value


def _moment(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no time such as 2025-04-01T00:00:00Z") from error
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(aware.timestamp() * 1000)
