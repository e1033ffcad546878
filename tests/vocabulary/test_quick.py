"""Quickly made frozen dataclasses are frozen dataclasses."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from authshield.vocabulary.quick import quick


@dataclass(frozen=True, slots=True)
class Plain:
    """As ``dataclass`` makes it."""

    name: str
    number: int = 7
    many: list[str] = field(default_factory=list)


@quick
@dataclass(frozen=True, slots=True)
class Quick:
    """The same, quick."""

    name: str
    number: int = 7
    many: list[str] = field(default_factory=list)


GIVEN = (("a",), ("a", 1), ("a", 1, ["b"]))


@pytest.mark.parametrize("given", GIVEN)
def test_fields_are_filled_as_dataclass_fills_them(given: tuple[object, ...]) -> None:
    """By place, with defaults and factories, whatever is left out."""
    plain, quick_one = Plain(*given), Quick(*given)  # type: ignore[arg-type]
    for name in ("name", "number", "many"):
        assert getattr(plain, name) == getattr(quick_one, name)
    assert repr(plain).removeprefix("Plain") == repr(quick_one).removeprefix("Quick")


def test_a_factory_is_asked_each_time() -> None:
    """Two instances share no list."""
    assert Quick("a").many is not Quick("a").many


def test_it_is_frozen_once_made() -> None:
    """No field can be set again, nor taken away."""
    made = Quick("a")
    with pytest.raises(FrozenInstanceError):
        made.name = "b"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del made.name


def test_it_is_compared_copied_and_pickled_as_a_value() -> None:
    """Equal by its fields, also after a journey."""
    made = Quick("a", number=3)
    assert type(made) is Quick
    assert made == Quick("a", 3)
    assert made != Quick("b", 3)
    assert copy.deepcopy(made) == made
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301 - its own
    assert replace(made, name="b") == Quick("b", 3)


def test_a_missing_field_is_an_error() -> None:
    """The message names the class and the field."""
    with pytest.raises(TypeError, match=r"Quick\.__init__\(\).*'name'"):
        Quick()  # type: ignore[call-arg]
