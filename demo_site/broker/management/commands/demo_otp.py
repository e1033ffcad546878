"""Print the code that a person's authenticator app would show. For the demo alone: its people have no phones."""

import json
import sys
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from authshield.clock import now as clock_now
from authshield.factors import totp
from authshield.factors.registry import device_of
from authshield.models import TotpFactor


class Command(BaseCommand):
    help = (
        "Print the authenticator's code of a person of the demo, valid now. Each code is accepted once: if "
        "the current one was used, the next one is printed, which is accepted already."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="such as alice")
        parser.add_argument("--json", action="store_true", help="print name, code and seconds left as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        name = options["name"]
        user = User.objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"nobody is called {name!r} here; try alice", returncode=2)
        factor = device_of(user, "totp")
        if not isinstance(factor, TotpFactor):
            raise CommandError(f"{name} has no authenticator app; enrol one at /security/", returncode=2)
        now = clock_now()
        step = int(now.timestamp()) // totp.STEP_SECONDS
        unused = min(max(step, factor.last_step + 1), step + 1)
        code = totp.code_at(factor, now + timedelta(seconds=(unused - step) * totp.STEP_SECONDS))
        if factor.last_step > step:
            sys.stderr.write(
                "The codes of now and of the next half minute were used; wait for the one after.\n"
            )
        if options["json"]:
            seconds = (unused + 1) * totp.STEP_SECONDS - int(now.timestamp())
            code = json.dumps({"name": name, "code": code, "seconds_left": seconds})
        self.stdout.write(code)
