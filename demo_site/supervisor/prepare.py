"""Bring the demo's database up to date and fill it where it is empty. Must be safe to run at every start."""

import os

import django
from django.core.management import call_command


def main() -> None:
    """Migrate, then seed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demo_site.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=1)
    call_command("demo_seed")


if __name__ == "__main__":
    main()
