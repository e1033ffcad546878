"""Counting in the database while Redis is away."""

from functools import partial

import pytest
from django.db import connection, connections, transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from authshield.enforce import fallback
from authshield.enforce.fallback import RECORD, Window
from authshield.models import FallbackWindow
from tests.challenging import NOW, later
from tests.together import together


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_are_counted_exactly() -> None:
    """A limit of 5 lets 5 through."""
    acts = [lambda: fallback.count("ip:x", window_seconds=60, capacity=5, now=NOW)] * 50
    assert sorted(map(str, together(acts))) == ["False"] * 45 + ["True"] * 5


@pytest.mark.django_db(transaction=True)
def test_several_windows_at_once_are_counted_exactly_in_either_order() -> None:
    """Whoever brings two windows waits for nobody for ever, and each lets through what it may."""

    def act(number: int) -> str:
        pair = [Window("a", f"{number}", 5, 60), Window("b", f"{number}", 7, 60)]
        return "".join(window.key for window in fallback.reserve(pair if number % 2 else pair[::-1], NOW))

    refused = "".join(map(str, together([partial(act, number) for number in range(40)])))
    assert (refused.count("a"), refused.count("b"), len(refused)) == (35, 33, 68)


@pytest.mark.django_db
@settings(deadline=None)  # a database is slow at times
@given(
    steps=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 6), st.booleans()), max_size=30),
    capacity=st.integers(1, 5),
)
@example(steps=[(0, 0, True), (0, 1, False)], capacity=1)
def test_the_window_slides_as_a_list_would(steps: list[tuple[int, int, bool]], capacity: int) -> None:
    """No second window at an edge; what is refused or given back is not counted, what comes again moves on."""
    FallbackWindow.objects.all().delete()
    counted: dict[int, int] = {}
    for second, member, is_given_back in sorted(steps, key=lambda step: step[0]):
        window = Window("k", str(member), capacity, 60)
        if is_given_back:
            fallback.give_back([window], later(second))
            counted.pop(member, None)
            continue
        inside = {one: at for one, at in counted.items() if at > second - 60}
        may = member in inside or len(inside) < capacity
        waits = fallback.reserve([window], later(second))
        assert waits == ({} if may else {window: (min(inside.values()) + 60 - second) * 1000})
        if may:
            counted[member] = second


@pytest.mark.django_db
def test_keys_are_counted_apart_and_cannot_be_read() -> None:
    """An address or a name is kept as a hash, however long it is."""
    assert fallback.count("ip:203.0.113.7", window_seconds=60, capacity=1, now=NOW)
    assert fallback.count("name:" + "x" * 500, window_seconds=60, capacity=1, now=NOW)
    assert not fallback.count("ip:203.0.113.7", window_seconds=60, capacity=1, now=NOW)
    assert "203" not in str(FallbackWindow.objects.values_list("key", "log"))


@pytest.mark.django_db
def test_it_is_one_statement_and_a_look_on_a_refusal(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    """However many windows there are."""
    windows = [Window(f"key-{number}", "first", 1, 60) for number in range(8)]
    with django_assert_num_queries(1):
        assert not fallback.reserve(windows, NOW)
    others = [Window(window.key, "second", 1, 60) for window in windows]
    with django_assert_num_queries(2):
        assert set(fallback.reserve(others, NOW)) == set(others)
    with django_assert_num_queries(1):
        fallback.give_back(windows, NOW)
    assert not fallback.reserve(others, NOW)


@pytest.mark.django_db
@pytest.mark.parametrize(("before", "after"), [(5, 2), (2, 5)])
def test_a_limit_may_change_between_two_events(before: int, after: int) -> None:
    """What is in the window counts against the new capacity, and no row grows beyond it."""
    for number in range(10):
        fallback.reserve([Window("k", f"{number}", before, 60)], NOW)
    inside = min(before, 10)
    admitted = [not fallback.reserve([Window("k", f"new-{number}", after, 60)], NOW) for number in range(10)]
    assert sum(admitted) == max(0, after - inside)
    assert not fallback.reserve([Window("k", "late", after, 60)], later(60))
    assert len(FallbackWindow.objects.get().log) <= max(before, after) * RECORD


@pytest.mark.django_db
def test_nothing_fits_into_a_limit_of_none() -> None:
    """It never lets anything through, and asks nobody."""
    window = Window("k", "one", 0, 60)
    assert fallback.reserve([window], NOW) == {window: 60_000}


@pytest.mark.django_db(transaction=True)
def test_a_request_that_is_rolled_back_gives_nothing_back() -> None:
    """A wrong password that ends in an error is a wrong password all the same; SQLite has one writer, and may not."""
    with transaction.atomic():
        assert fallback.count("k", window_seconds=60, capacity=1, now=NOW)
        transaction.set_rollback(True)
    stays = connection.vendor != "sqlite"
    assert fallback.count("k", window_seconds=60, capacity=1, now=NOW) is not stays
    assert len(connections.all(initialized_only=True)) == 1
