"""Print the newest mail to a person of the demo. Must not mark it as read: it may be printed again."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from demo_site.broker.mailbox import newest


class Command(BaseCommand):
    help = (
        "Print the newest notice or code that was mailed to a person of the demo. Exits 1 if there is none."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="such as alice")
        parser.add_argument("--json", action="store_true", help="print to, subject, text and time as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        name = options["name"]
        user = User.objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"nobody is called {name!r} here; try alice", returncode=2)
        mail = newest(Path(settings.EMAIL_FILE_PATH), user.pk, user.email)
        if mail is None:
            raise CommandError(f"no mail to {name} yet", returncode=1)
        if options["json"]:
            fields = {"to": mail.to, "subject": mail.subject, "text": mail.text}
            self.stdout.write(json.dumps(fields | {"sent_at": mail.sent_at.isoformat()}, ensure_ascii=False))
        else:
            self.stdout.write(f"{mail.subject}\n\n{mail.text}")
