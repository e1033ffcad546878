"""Each test starts as a process that has read nothing yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from authshield.tune import rulebook

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def nothing_held() -> Iterator[None]:
    """Drop what an earlier test published."""
    rulebook.forget()
    yield
    rulebook.forget()
