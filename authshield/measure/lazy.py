"""Facts that are derived when somebody asks: most events need a handful of the many that are declared.

Must not know what a fact means: that is ``derive``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from _collections_abc import dict_items, dict_keys, dict_values
    from collections.abc import Callable, Container, Iterator, Mapping

    from authshield.vocabulary.features import FactValue

S = TypeVar("S")


class Fillers(dict[str, "Callable[[LazyFacts[S], S], None]"], Generic[S]):
    """For each fact what puts in its group, whole; and ``groups``, one fact of each."""

    def __init__(self, by_name: Mapping[str, Callable[[LazyFacts[S], S], None]]) -> None:
        """``by_name`` has every declared fact."""
        super().__init__(by_name)
        self.groups = tuple({fill: (name, fill) for name, fill in by_name.items()}.values())


_NONE: Fillers[Any] = Fillers({})


class LazyFacts(dict[str, "FactValue"], Generic[S]):
    """All facts that ``fillers`` declare. A look-up derives the fact's group; whatever looks at all derives all."""

    __slots__ = ("_fillers", "_source")

    def __init__(
        self,
        known: Mapping[str, FactValue],
        fillers: Fillers[S],
        source: S,
    ) -> None:
        """``known`` are there already, ``fillers`` puts in all others."""
        super().__init__(known)
        self._fillers = fillers
        self._source = source

    def __missing__(self, name: str) -> FactValue:
        """Derive the group of a declared fact; ``KeyError`` for any other name."""
        self._fillers[name](self, self._source)
        return dict.__getitem__(self, name)

    def complete(self) -> dict[str, FactValue]:
        """All facts, derived."""
        if self._fillers:
            present = super().__contains__
            for name, fill in self._fillers.groups:
                if not present(name):
                    fill(self, self._source)
            self._fillers = _NONE
        return self

    def told(self, silent: Container[str]) -> dict_items[str, FactValue]:
        """As ``items``, without the groups that nobody asked for and whose facts are all ``silent``."""
        present = super().__contains__
        for name, fill in self._fillers.groups:
            if not (name in silent or present(name)):
                fill(self, self._source)
        return dict.items(self)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self._fillers

    def get(self, name: str, default: Any = None) -> Any:
        """The fact, or the default where no such fact is declared."""
        try:
            return self[name]
        except KeyError:
            return default

    def __iter__(self) -> Iterator[str]:
        return dict.__iter__(self.complete())

    def __len__(self) -> int:
        return dict.__len__(self.complete())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, LazyFacts):
            other.complete()
        return dict.__eq__(self.complete(), other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None

    def __or__(self, other: Any) -> Any:
        return dict.__or__(self.complete(), other)

    def __ror__(self, other: Any) -> Any:
        return dict.__ror__(self.complete(), other)

    def keys(self) -> dict_keys[str, FactValue]:
        """Of all facts."""
        return dict.keys(self.complete())

    def values(self) -> dict_values[str, FactValue]:
        """Of all facts."""
        return dict.values(self.complete())

    def items(self) -> dict_items[str, FactValue]:
        """Of all facts."""
        return dict.items(self.complete())

    def copy(self) -> dict[str, FactValue]:
        """A plain dict of all facts."""
        return dict.copy(self.complete())

    def __repr__(self) -> str:
        return dict.__repr__(self.complete())

    def __reduce__(self) -> tuple[type[dict[str, FactValue]], tuple[dict[str, FactValue]]]:
        return dict, (self.copy(),)
