"""A replay in a process of its own, on the server that REPLAY_URL names: to be interrupted by a test."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    settings.AUTHSHIELD_REDIS_URL = os.environ["REPLAY_URL"]
    call_command("authshield_replay", *sys.argv[1:])
