"""The running demo that the stories share, and the people in it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.live import Live, run_demo

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    """The whole demo, once for a file of stories; each of them takes a person or an address of its own."""
    with tempfile.TemporaryDirectory(prefix="authshield-live-") as folder:
        yield from run_demo(Path(folder))
