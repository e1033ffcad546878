"""A replay in a process of its own, on the server that REPLAY_URL names; its database has no tables."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django
    from django.conf import settings
    from django.core.management import execute_from_command_line

    django.setup()
    settings.AUTHSHIELD_REDIS_URL = os.environ["REPLAY_URL"]
    execute_from_command_line(["manage.py", "authshield_replay", *sys.argv[1:]])
