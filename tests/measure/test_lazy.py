"""Facts that are derived when asked for are the very facts that deriving all at once gives."""

import json
from collections.abc import Callable
from copy import deepcopy

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authshield.measure.lazy import Fillers, LazyFacts
from authshield.vocabulary.features import FactValue

ALL: dict[str, FactValue] = {"a.one": 1, "a.two": 2, "b.three": 5, "c.count": 7}


def fill_a(facts: LazyFacts[int], source: int) -> None:
    """Two of a group, from the source."""
    facts["a.one"] = source
    facts["a.two"] = source + 1


def fill_b(facts: LazyFacts[int], source: int) -> None:
    """One that rests on a fact of another group."""
    two = facts["a.two"]
    assert isinstance(two, int)
    facts["b.three"] = 3 * source + two


def made() -> LazyFacts[int]:
    """Nothing derived yet."""
    fillers = Fillers({"a.one": fill_a, "a.two": fill_a, "b.three": fill_b})
    return LazyFacts({"c.count": 7}, fillers, 1)


@given(st.lists(st.sampled_from(sorted(ALL))))
def test_the_order_of_asking_changes_nothing(names: list[str]) -> None:
    """Whichever facts are looked at first, each has the value that it has in all."""
    facts = made()
    assert [facts[name] for name in names] == [ALL[name] for name in names]
    assert facts == ALL


@pytest.mark.parametrize(
    "look",
    [
        dict,
        lambda facts: {**facts},
        lambda facts: facts | {},
        lambda facts: {} | facts,
        lambda facts: facts.copy(),
        lambda facts: dict(facts.items()),
        lambda facts: dict(zip(facts.keys(), facts.values(), strict=True)),
        lambda facts: {name: facts.get(name) for name in facts},
        lambda facts: json.loads(json.dumps(facts)),
        lambda facts: msgpack.unpackb(msgpack.packb(facts)),
        deepcopy,
    ],
)
def test_whoever_looks_at_all_sees_all(look: Callable[[LazyFacts[int]], object]) -> None:
    """However a mapping is read whole, no fact is left out."""
    assert look(made()) == ALL


def test_it_compares_and_counts_as_a_plain_dict() -> None:
    """Equality, length, membership and the printed form do not depend on what was asked for."""
    facts = made()
    assert facts["a.one"] == 1
    assert made() == facts
    assert facts != {**ALL, "a.one": 2}
    assert (len(made()), str(made())) == (4, str(dict(made())))
    assert "b.three" in made()
    assert "z" not in made()
    assert made().get("z", 0) == 0
    with pytest.raises(KeyError):
        made()["z"]
