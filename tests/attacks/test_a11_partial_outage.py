"""A11 on an overloaded Redis that answers now and then: it and the database count in turns, and not twice as much."""

from __future__ import annotations

import random
from contextvars import copy_context
from typing import TYPE_CHECKING

import pytest

from tests.filled import fill
from tests.hashes import counted_hashes
from tests.site import Guest, stranger, work_off
from tests.together import together
from tests.troubles import Overloaded, overload

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django.fixtures import Settings

    from tests.servers import Valkey

LIMIT = 5
UNANSWERED_IN_A_ROW = 2
"""One more and the breaker would open: a whole outage, with a count of its own."""


@pytest.fixture
def overloaded(
    start_own_valkey: Callable[[], Valkey], settings: Settings, transactional_db: None
) -> Overloaded:
    """The site on a Redis that answers as it is told, and a site that is as patient as the shipped one."""
    del transactional_db
    server = start_own_valkey()
    settings.AUTHSHIELD_REDIS_URL = server.url
    settings.AUTHSHIELD_STORE_TIMEOUT_SECONDS = 5.0
    fill()
    front = overload(server)
    settings.AUTHSHIELD_STORE_TIMEOUT_SECONDS = 0.1
    return front


def _guess(number: int) -> int:
    """One guess at the same account from an address of its own; as if on a thread of its own."""
    guest = stranger(f"127.7.{number // 250}.{number % 250 + 1}")
    return int(copy_context().run(guest.api_sign_in, "dave", "wrong").status_code)


@pytest.mark.parametrize(
    "answered",
    [
        [True, True, True, False] * 6,
        [False, True] * 12,
        [False, False, True] * 8,
        [True] * LIMIT + [False, True] * 8,
        [False, False] + [True] * 20,
        *([random.Random(seed).random() < 0.6 for _ in range(24)] for seed in range(3)),
    ],
)
def test_a11_whoever_answers_no_more_than_five_are_looked_at(
    overloaded: Overloaded, answered: list[bool]
) -> None:
    """At most, in whichever turns the two of them count: a guess that was not answered may be in both counts."""
    silent = 0
    with counted_hashes() as counted:
        for number, is_answered in enumerate(answered):
            silent = 0 if is_answered or silent == UNANSWERED_IN_A_ROW else silent + 1
            overloaded.is_answering = silent == 0
            assert _guess(number) in {401, 429}
    assert 0 < counted.hashes <= LIMIT


def test_a11_at_once_no_more_than_five_are_looked_at(overloaded: Overloaded) -> None:
    """Every other answer is lost, while thirty guess."""
    overloaded.loses_every = 2
    with counted_hashes() as counted:
        statuses = together([lambda n=n: _guess(n) for n in range(30)])  # type: ignore[misc]
    assert set(statuses) <= {401, 429}
    assert counted.hashes <= LIMIT


def test_a11_the_owner_goes_on_meanwhile(overloaded: Overloaded) -> None:
    """A known device has a budget of its own on both sides, and its right passwords are no guesses."""
    overloaded.is_answering = True
    owner = Guest()
    owner.sign_in("dave")
    work_off()
    for number in range(2 * LIMIT - 1):
        overloaded.is_answering = number % 2 == 0
        _guess(number)
        assert copy_context().run(owner.sign_in, "dave").headers["Location"] == "/"
