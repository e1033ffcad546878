"""Fill the demo where something is missing. Must not touch what is there."""

from typing import Any

from django.core.management.base import BaseCommand

from authshield.clock import now
from demo_site.broker.seeding import seed


class Command(BaseCommand):
    help = "Add the demo's instruments, people and first ruleset where they are missing."

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        added = seed(now())
        if options["verbosity"]:
            self.stdout.write("Added: " + ", ".join(added) if added else "Nothing was missing.")
