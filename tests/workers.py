"""Real Celery workers, each a process of its own, on a test's database and Valkey. Must not know what they do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from celery import Celery
from django.conf import settings
from django.db import connection
from kombu import Connection

from authshield.conf import current
from authshield.tasks import celery_settings
from demo_site.celery import broker_url
from demo_site.supervisor.family import tie_to_parent

ROOT = Path(__file__).resolve().parent.parent
DEADLINE_SECONDS = 60.0
"""For a machine that is busy with other tests; what is waited for comes within a second or two."""

_NEVER = threading.Event()


def app_for(redis_url: str) -> Celery:
    """An app on this Valkey, with the settings that the project gives to a site."""
    app = Celery("tests", broker=broker_url(redis_url), set_as_current=False)
    app.conf.update(celery_settings())
    return app


@contextmanager
def worker(redis_url: str, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a worker; it is killed at the end, if it lives still."""
    argv = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "demo_site.celery",
        "worker",
        "-Q",
        current().QUEUE,
    ]
    process = subprocess.Popen(
        [*argv, "--concurrency=1", "--loglevel=WARNING", "--without-mingle", "--without-gossip", *options],
        cwd=ROOT,
        env=_environ(redis_url),
        preexec_fn=tie_to_parent(),  # noqa: PLW1509 - one C call and no Python lock behind it
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(timeout=30)


def wait_for(condition: Callable[[], object], what: str) -> float:
    """Wait until something is so, in real time; returns the seconds that it took."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > DEADLINE_SECONDS:
            raise AssertionError(f"waited {DEADLINE_SECONDS:.0f} s for {what}")
        _NEVER.wait(0.02)  # another process has to get on meanwhile
    return time.monotonic() - began


def broker(redis_url: str) -> Connection:
    """A connection to the broker, for whoever forges messages."""
    return Connection(broker_url(redis_url))


def _environ(redis_url: str) -> dict[str, str]:
    names = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")
    database = {name: connection.settings_dict[name] for name in names}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DEMO_", "COV_"))}
    return {
        **kept,
        "AUTHSHIELD_SEALING_KEY": settings.AUTHSHIELD_SEALING_KEYS[0],
        "DJANGO_SETTINGS_MODULE": "tests.worker_settings",
        "WORKER_DATABASE": json.dumps(database, default=str),
        "WORKER_REDIS_URL": redis_url,
    }
