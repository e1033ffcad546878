"""Deletes what is past its retention, at once; beat does the same every hour."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from authshield.clock import now as clock_now
from authshield.record import retention


class Command(BaseCommand):
    help = (
        "Delete journal entries, devices, decisions and other rows that are past their retention "
        "(AUTHSHIELD_JOURNAL_DAYS, AUTHSHIELD_DEVICE_DAYS, AUTHSHIELD_LEDGER_DAYS). Prints how many of each."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *_: Any, **options: Any) -> None:
        deleted = retention.purge(clock_now())
        if options["json"]:
            self.stdout.write(json.dumps(deleted, sort_keys=True))
            return
        for table, rows in sorted(deleted.items()):
            self.stdout.write(f"{table}: {rows}")
