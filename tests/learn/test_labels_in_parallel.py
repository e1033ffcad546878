"""Labels by several people at once: none is lost, none is counted twice, nobody waits in a circle."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from authshield.learn import counting, labels
from authshield.learn.labels import Target, Word
from authshield.models import Label, LabelledEvent
from tests.learn.making import START, recorded

NOW = START + timedelta(days=3)
ACCOUNTS = 6
PEOPLE = 4


def work(person: int) -> None:
    """One of the desk labels every account's session, and takes half of it back."""
    try:
        for number in range(ACCOUNTS):
            account = (number + person) % ACCOUNTS
            label = patiently(Target(f"a-{account}", f"s-{account}"), person)
            if person % 2:
                while True:
                    try:
                        labels.take_back(label, by=f"p-{person}", reason="", now=NOW)
                        break
                    except OperationalError:  # SQLite lets one write at a time, and says so
                        continue
    finally:
        connection.close()


def patiently(target: Target, person: int) -> Label:
    """Until the database has a turn for it."""
    while True:
        try:
            return labels.put(target, "fraud" if person < 2 else "legit", Word(f"p-{person}"), NOW)
        except OperationalError:
            continue


@pytest.mark.django_db(transaction=True)
def test_people_who_label_at_once_leave_the_counts_of_what_stands() -> None:
    """The same sessions, the same months, the same steps, from four sides."""
    for number in range(ACCOUNTS):
        recorded(number, account=f"a-{number}", sid=f"s-{number}")
    with ThreadPoolExecutor(PEOPLE) as pool:
        list(pool.map(work, range(PEOPLE)))
    expected: Counter[counting.Key] = Counter()
    for row in LabelledEvent.objects.all():
        expected.update(counting.of_event(row, row.verdict))
    assert counting.counts() == expected
    standing = Label.objects.filter(taken_back_at=None).values_list("account", "verdict")
    assert sorted(LabelledEvent.objects.values_list("account", "verdict")) == sorted(standing)
