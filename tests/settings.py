"""The demo's settings, on a folder and servers of the tests' own. Must not relax what a test is about."""

import atexit
import os
import shutil
import tempfile

TEST_FOLDER = tempfile.mkdtemp(prefix="authshield-settings-")
atexit.register(shutil.rmtree, TEST_FOLDER, ignore_errors=True)
os.environ["DEMO_DATA"] = TEST_FOLDER

from demo_site.settings import *  # noqa: E402, F403 - the same site, differing in what follows

# Nothing answers there: a test that needs Redis takes the fixture `valkey`.
AUTHSHIELD_REDIS_URL = f"unix://{TEST_FOLDER}/nothing.sock"

# Files are found when they are asked for: else each test's browser begins with a walk through all of them.
WHITENOISE_AUTOREFRESH = True

# Hashing is slow on purpose, and no test is about how slow.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if os.environ.get("TEST_DATABASE") == "postgresql":
    from tests.servers import start_postgres

    DATABASES = {"default": start_postgres(f"{TEST_FOLDER}/postgres")}
