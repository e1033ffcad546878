"""What a figure was measured on. Must not name the machine or its owner."""

from __future__ import annotations

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path

PACKAGES = (
    "Django",
    "redis",
    "hiredis",
    "django-redis",
    "django-allauth",
    "django-axes",
    "django-defender",
    "django-otp",
    "django-ratelimit",
    "djangorestframework",
    "limits",
    "gunicorn",
    "psycopg",
)


def machine() -> dict[str, str]:
    """Processor, system, interpreter, versions."""
    return {
        "processor": f"{len(os.sched_getaffinity(0))} × {_processor()}",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        **{name: version(name) for name in PACKAGES},
    }


def load() -> float:
    """The one-minute load average."""
    return os.getloadavg()[0]


class Used:
    """The CPU of the whole machine from now on, to tell ours from others'."""

    def __init__(self) -> None:
        """Begin."""
        self._began = self._now()

    def by_others(self) -> float:
        """The share of the machine's time that neither idled nor was ours; PostgreSQL counts as another."""
        whole, busy, own = (now - before for now, before in zip(self._now(), self._began, strict=True))
        return max(0.0, busy - own) / whole

    @staticmethod
    def _now() -> tuple[float, float, float]:
        line = Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0]
        ticks = [int(word) / os.sysconf("SC_CLK_TCK") for word in line.split()[1:9]]
        times = os.times()
        own = times.user + times.system + times.children_user + times.children_system
        return sum(ticks), sum(ticks) - ticks[3] - ticks[4], own


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
