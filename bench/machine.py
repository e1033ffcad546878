"""What a figure was measured on. Must not name the machine or its owner."""

from __future__ import annotations

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGES = (
    "Django",
    "redis",
    "hiredis",
    "django-redis",
    "django-axes",
    "django-defender",
    "django-ratelimit",
    "limits",
    "cel-expr-python",
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


def server_versions(info: Mapping[str, object], postgres: str) -> dict[str, str]:
    """Of the servers that were started for it."""
    return {"Valkey": str(info["valkey_version"])} | ({"PostgreSQL": postgres} if postgres else {})


def load() -> float:
    """The one-minute load average."""
    return os.getloadavg()[0]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
