"""The project's clock, set ahead: windows and locks pass without waiting. Must not touch any other clock."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from authshield import clock

if TYPE_CHECKING:
    import pytest


class Clock:
    """Stands where it is put, as the project sees it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Start at the real time."""
        self.at = clock.now()
        outer = self

        class Set(datetime):
            """As ``datetime``, but for the present."""

            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                """The time that was set."""
                return outer.at.astimezone(tz)

        monkeypatch.setattr(clock, "datetime", Set)

    def go_on(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)
