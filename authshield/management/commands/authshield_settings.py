"""Prints what ``authshield.install`` did, as lines to put into the settings in its place. Prints no secret."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.core.management.base import BaseCommand

from authshield.conf import PREFIX, Settings, current
from authshield.installation import HELPER, ORIGINS, RP_ID, RP_NAME

PLACES = ("INSTALLED_APPS", "MIDDLEWARE", "AUTHENTICATION_BACKENDS")
PASSKEYS = (ORIGINS, RP_ID, RP_NAME, HELPER)
BEAT_HINT = """\
# In the Celery app, so that the worker scores and the beat sweeps:
#   from authshield.schedule import beat_schedule
#   app.conf.beat_schedule = {**app.conf.beat_schedule, **beat_schedule()}
#   celery -A <project> worker --beat -Q celery,%(queue)s
"""


class Command(BaseCommand):
    help = (
        "Print the settings that are in force for AuthShield, as Python to paste into the settings module instead "
        "of authshield.install(…). Keys and passwords are not printed."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object instead of Python")

    def handle(self, *_: Any, **options: Any) -> None:
        self.stdout.write(as_json() if options["json"] else as_python())


def as_json() -> str:
    """All values in force by their full names; secrets as null."""
    values = {PREFIX + name: None if is_secret(name, value) else value for name, value in _values().items()}
    places = {name: list(getattr(django_settings, name)) for name in PLACES}
    return json.dumps({**places, **_passkeys(), **values}, indent=2, default=str)


def as_python() -> str:
    """The explicit form: what is set as it is, defaults as comments."""
    lines = ["import os", ""]
    for name in PLACES:
        lines += [f"{name} = [", *(f"    {value!r}," for value in getattr(django_settings, name)), "]"]
    lines += ["", *(f"{name} = {value!r}" for name, value in _passkeys().items()), ""]
    for name, value in _values().items():
        is_set = hasattr(django_settings, PREFIX + name)
        line = f"{PREFIX}{name} = {_python(name, value)}"
        lines.append(line if is_set else f"# {line}")
    lines += ["", BEAT_HINT % {"queue": current().QUEUE}]
    return "\n".join(lines)


def is_secret(name: str, value: Any) -> bool:
    """Whether a value must not be printed."""
    if name == "SEALING_KEYS":
        return bool(value)
    return name == "REDIS_URL" and urlsplit(str(value)).password is not None


def _python(name: str, value: Any) -> str:
    if is_secret(name, value):
        read = f'os.environ["{PREFIX}{name}"]'
        return f"{read}.split()  # not printed" if name == "SEALING_KEYS" else f"{read}  # not printed"
    return repr(list(value) if isinstance(value, tuple) else value)


def _passkeys() -> dict[str, Any]:
    return {name: getattr(django_settings, name, None) for name in PASSKEYS}


def _values() -> dict[str, Any]:
    in_force = current()
    return {field.name: getattr(in_force, field.name) for field in fields(Settings)}
