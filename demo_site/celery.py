"""The Celery app of the demo: the embedded Valkey carries the tasks, JSON alone. Must not hold tasks."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demo_site.settings")
django.setup()

from celery import Celery  # noqa: E402 - Django's settings come first
from django.conf import settings  # noqa: E402

from authshield import tasks  # noqa: E402


def broker_url(redis_url: str) -> str:
    """Celery's name for the server that AuthShield counts in."""
    return redis_url.replace("unix://", "redis+socket://", 1)


app = Celery("demo_site", broker=broker_url(settings.AUTHSHIELD_REDIS_URL))
app.conf.update(tasks.celery_settings())
