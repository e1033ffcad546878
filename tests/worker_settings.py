"""The test settings for a worker in a process of its own: the database and the Valkey of the test that starts it."""

import json
import os

from tests.settings import *  # noqa: F403 - the same site

DATABASES = {"default": json.loads(os.environ["WORKER_DATABASE"])}
AUTHSHIELD_REDIS_URL = os.environ["WORKER_REDIS_URL"]
AUTHSHIELD_STORE_TIMEOUT_SECONDS = 5.0
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
