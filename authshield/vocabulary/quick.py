"""Frozen dataclasses that are made in half the time: a request makes some fifty of them.

The ``__init__`` that ``dataclass`` writes for a frozen class sets field by field around the class's own guard. The
one that is put in here fills the instance while it is of a class with the same slots that is not frozen yet.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TypeVar

T = TypeVar("T")


def quick(frozen: type[T]) -> type[T]:
    """Give a dataclass that is frozen and has slots such an ``__init__``, with the same signature."""
    names = tuple(field.name for field in fields(frozen))  # type: ignore[arg-type]
    factories = {
        field.name: field.default_factory
        for field in fields(frozen)  # type: ignore[arg-type]
        if field.default_factory is not MISSING
    }
    values = {name: f"make_{name}() if {name} is unset else {name}" for name in factories}
    text = "\n    ".join(
        [
            f"def __init__(self, {', '.join(names)}):",
            "become(self, '__class__', draft)",
            *(f"self.{name} = {values.get(name, name)}" for name in names),
            "self.__class__ = frozen",
        ]
    )
    given: dict[str, object] = {
        "become": object.__setattr__,
        "draft": type(frozen.__name__, (), {"__slots__": names}),
        "frozen": frozen,
        "unset": _UNSET,
        **{f"make_{name}": factory for name, factory in factories.items()},
    }
    exec(text, given)  # noqa: S102 - of field names alone, as dataclass itself does
    made = given["__init__"]
    defaults = [_UNSET if field.name in factories else field.default for field in fields(frozen)]  # type: ignore[arg-type]
    made.__defaults__ = tuple(one for one in defaults if one is not MISSING)  # type: ignore[attr-defined]
    made.__annotations__ = frozen.__init__.__annotations__
    made.__qualname__ = f"{frozen.__qualname__}.__init__"  # type: ignore[attr-defined]
    frozen.__init__ = made  # type: ignore[assignment]
    return frozen


_UNSET = object()
"""Stands for a value that a field's factory makes."""
