"""The reasons of a decision, told when somebody asks: of most decisions nobody reads why.

Must not know what a reason says: whoever judges hands over how they are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable

    from authshield.vocabulary.decision import Reason


class Reasons(Sequence["Reason"]):
    """Behaves as the tuple that ``make`` returns; it is asked once, and has to return the same whenever it is."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], tuple[Reason, ...]]) -> None:
        """Nothing is made yet."""
        self._make = make
        self._made: tuple[Reason, ...] | None = None

    def _told(self) -> tuple[Reason, ...]:
        made = self._made
        if made is None:
            made = self._made = self._make()
        return made

    @overload
    def __getitem__(self, index: int) -> Reason: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Reason]: ...

    def __getitem__(self, index: int | slice) -> Reason | Sequence[Reason]:
        return self._told()[index]

    def __len__(self) -> int:
        return len(self._told())

    def __eq__(self, other: object) -> bool:
        return self._told() == (other._told() if isinstance(other, Reasons) else other)

    def __hash__(self) -> int:
        return hash(self._told())

    def __repr__(self) -> str:
        return repr(self._told())

    def __reduce__(self) -> tuple[type[tuple[Reason, ...]], tuple[tuple[Reason, ...]]]:
        return tuple, (self._told(),)
