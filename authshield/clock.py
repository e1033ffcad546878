"""The one place that reads the clock. Everything else is handed the time."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The current time, aware and UTC."""
    return datetime.now(UTC)
