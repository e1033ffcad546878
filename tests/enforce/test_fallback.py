"""Counting in the database while Redis is away."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authshield.enforce import fallback
from authshield.models import FallbackWindow
from tests.challenging import NOW, later
from tests.together import together


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_are_counted_exactly() -> None:
    """A limit of 5 lets 5 through."""
    acts = [lambda: fallback.count("ip:x", window_seconds=60, capacity=5, now=NOW)] * 50
    assert sorted(map(str, together(acts))) == ["False"] * 45 + ["True"] * 5


@pytest.mark.django_db
@settings(deadline=None)  # a database is slow at times
@given(seconds=st.lists(st.integers(0, 200), max_size=30), capacity=st.integers(1, 5))
def test_the_window_slides_as_a_list_would(seconds: list[int], capacity: int) -> None:
    """No second window at an edge; what is refused is not counted."""
    FallbackWindow.objects.all().delete()
    counted: list[int] = []
    for second in sorted(seconds):
        inside = [one for one in counted if one > second - 60]
        was_counted = fallback.count("k", window_seconds=60, capacity=capacity, now=later(second))
        assert was_counted == (len(inside) < capacity)
        counted += [second] * was_counted


@pytest.mark.django_db
def test_keys_are_counted_apart_and_cannot_be_read() -> None:
    """An address or a name is kept as a hash, however long it is."""
    assert fallback.count("ip:203.0.113.7", window_seconds=60, capacity=1, now=NOW)
    assert fallback.count("name:" + "x" * 500, window_seconds=60, capacity=1, now=NOW)
    assert not fallback.count("ip:203.0.113.7", window_seconds=60, capacity=1, now=NOW)
    assert "203" not in str(FallbackWindow.objects.values_list("key"))
