"""What web processes say of the store, and what it costs them to say it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from authshield import signals
from authshield.models import StoreReport
from authshield.record import reports
from tests.challenging import NOW, later

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_process() -> Iterator[None]:
    """As if it had just been started."""
    reports._mine.clear()
    reports.to_tell.clear()
    yield
    reports._mine.clear()
    reports.to_tell.clear()


def test_an_outage_is_written_once_in_a_while(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Not once an event; the next word brings what was judged meanwhile."""
    with django_assert_num_queries(1):
        for tenth in range(49):
            reports.store_is_away(later(tenth / 10))
    with django_assert_num_queries(1):
        reports.store_is_away(later(5))
    row = StoreReport.objects.get()
    assert (row.is_away, row.outages, row.events) == (True, 1, 50)
    assert (row.changed_at, row.reported_at) == (NOW, later(5))


def test_it_is_over_once_it_is_told(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """A flicker is not written at once, but it is written; then there is nothing left to ask for."""
    reports.store_is_away(NOW)
    reports.store_is_back(later(1))
    assert reports.to_tell
    assert StoreReport.objects.get().is_away
    with django_assert_num_queries(1):
        reports.store_is_back(later(6))
    assert not reports.to_tell
    row = StoreReport.objects.get()
    assert (row.is_away, row.changed_at) == (False, later(1))
    assert reports.away(later(6)) == []


def test_who_is_silent_is_no_news() -> None:
    """A process that ended in an outage leaves no banner behind."""
    reports.store_is_away(NOW)
    assert [row.outages for row in reports.away(later(59))] == [1]
    assert reports.away(NOW + reports.FRESH) == []


def test_every_process_speaks_for_itself() -> None:
    """The longest outage comes first, and all are summed up."""
    reports.store_is_away(NOW)
    mine = StoreReport.objects.get()
    earlier = NOW - timedelta(seconds=30)
    StoreReport.objects.create(
        node="other:1", is_away=True, changed_at=earlier, reported_at=NOW, outages=3, events=9
    )
    assert [row.node for row in reports.away(later(1))] == ["other:1", mine.node]
    assert reports.totals() == (4, 10)


def test_whoever_listens_hears_each_change_once() -> None:
    """A public signal, at once."""
    heard: list[bool] = []

    def hear(is_away: bool, **_: object) -> None:
        heard.append(is_away)

    signals.store_state_changed.connect(hear, weak=False, dispatch_uid="test")
    for second in range(3):
        reports.store_is_away(later(second))
    reports.store_is_back(later(4))
    reports.store_is_back(later(5))
    signals.store_state_changed.disconnect(dispatch_uid="test")
    assert heard == [True, False]


@pytest.mark.django_db(transaction=True)
def test_a_report_that_cannot_be_written_stops_nobody() -> None:
    """It is tried again, once that makes sense."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE authshield_storereport RENAME TO away")
    try:
        reports.store_is_away(NOW)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO authshield_storereport")
    assert not StoreReport.objects.exists()
    reports.store_is_away(later(5))
    assert StoreReport.objects.get().events == 2
