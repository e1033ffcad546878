"""Tests the live system: what no look at the settings can tell. Changes nothing."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from authshield.clock import now as clock_now
from authshield.management.diagnosis import BAD, Finding, examine

EXIT_GOOD, EXIT_BAD, EXIT_SETUP = 0, 1, 2


class Command(BaseCommand):
    help = (
        "Test the live system: Redis, clocks, worker, queue, outbox, mail, GeoIP data and the published ruleset. "
        "Exits 0 when all is well, 1 when something is not, 2 when the settings make no sense."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
        parser.add_argument(
            "--timeout",
            type=float,
            default=3.0,
            metavar="SECONDS",
            help="patience with the worker and the mail server",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        findings = examine(clock_now(), timeout_seconds=options["timeout"])
        self.stdout.write(as_json(findings) if options["json"] else as_table(findings))
        status = exit_status(findings)
        if status:
            raise SystemExit(status)


def exit_status(findings: list[Finding]) -> int:
    """2 where the settings are at fault, 1 where the system is, else 0; warnings are no fault."""
    bad = [finding for finding in findings if finding.state == BAD]
    if any(finding.is_setup for finding in bad):
        return EXIT_SETUP
    return EXIT_BAD if bad else EXIT_GOOD


def as_json(findings: list[Finding]) -> str:
    """All findings and the exit status."""
    rows = [{"name": f.name, "state": f.state, "text": f.text, "hint": f.hint} for f in findings]
    return json.dumps({"findings": rows, "exit": exit_status(findings)}, indent=2)


def as_table(findings: list[Finding]) -> str:
    """One line a finding; a hint below what is not well."""
    width = max(len(finding.name) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{finding.state:<5} {finding.name:<{width}}  {finding.text}")
        if finding.hint:
            lines.append(f"{'':<5} {'':<{width}}  → {finding.hint}")
    return "\n".join(lines)
