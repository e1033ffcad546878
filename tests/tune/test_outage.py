"""What is in force while the database cannot be asked. On a database of its own, which it breaks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import OperationalError, connection

from authshield.tune import rulebook

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


def broken(*_: Any) -> Any:
    """A database that does not answer."""
    raise OperationalError("connection lost")


@pytest.mark.django_db
def test_the_last_published_snapshot_stays_in_force(caplog: pytest.LogCaptureFixture) -> None:
    """Rules go on without the database, and the log says so."""
    rulebook.seed_default(NOW)
    assert rulebook.active(NOW, tick=0.0)[0].version == 1
    with connection.execute_wrapper(broken):
        assert rulebook.active(NOW, tick=1.0)[0].version == 1
    assert "the last ones stay in force" in caplog.text


@pytest.mark.django_db
def test_a_process_that_never_reached_the_database_uses_the_shipped_rules() -> None:
    """And takes the published ones as soon as it can."""
    rulebook.seed_default(NOW)
    with connection.execute_wrapper(broken):
        assert rulebook.active(NOW, tick=0.0)[0].version == 0
    assert rulebook.active(NOW, tick=0.5)[0].version == 1
