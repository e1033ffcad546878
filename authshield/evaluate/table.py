"""A table of words, and which detectors have a line in it. Must not know any single table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; ``note`` says how to read it."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def there(evaluation: Body) -> Iterator[Body]:
    """The detectors that could be run."""
    return (detector for detector in evaluation["detectors"] if "missing" not in detector)


def replayed(evaluation: Body) -> Iterator[Body]:
    """Those that decided, and did not only rank."""
    return (detector for detector in there(evaluation) if not detector["ranks_only"])
