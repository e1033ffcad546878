"""Limits under fire: many at once, from threads and from processes."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from authshield.measure import Store, measure
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ruleset import Dimension, Measure
from tests.measure.making import limit, login, order, published
from tests.servers import Valkey

GUESSES = limit("guesses", Dimension.ACCOUNT, 5, kinds=frozenset({Kind.LOGIN}))
MONEY = limit("money", Dimension.ACCOUNT, 1_000, measure=Measure.SUM, kinds=frozenset({Kind.ORDER}))
RULES = published(GUESSES, MONEY)

PROCESS = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from django.conf import settings
settings.configure(AUTHSHIELD_SEALING_KEYS=json.loads(sys.argv[2]))
from authshield.measure import Store, measure
from tests.measure.making import login
from tests.measure.test_contention import RULES
store = Store(sys.argv[1], namespace="test", timeout_seconds=20.0)
def attempt(number):
    return not measure(login(id=f"{sys.argv[3]}-{number}"), RULES, store, durable=False).over
with ThreadPoolExecutor(25) as pool:
    print(sum(pool.map(attempt, range(25))))
"""


def test_a_limit_of_five_lets_five_of_a_hundred_threads_through(store: Store) -> None:
    """Check and count is one step: 100 parallel attempts, 5 evaluated."""
    with ThreadPoolExecutor(100) as pool:
        through = sum(pool.map(lambda _: not measure(login(), RULES, store).over, range(100)))
    assert through == 5


def test_a_limit_of_five_holds_over_four_processes(valkey: Valkey) -> None:
    """Web processes share one count: 4 of them with 25 threads each get 5 attempts through, not 20."""
    keys = json.dumps(["k" * 40])
    root = Path(__file__).parents[2]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, valkey.url, keys, f"process-{number}"],
            stdout=subprocess.PIPE,
            cwd=root,
        )
        for number in range(4)
    ]
    through = [int(process.communicate(timeout=60)[0]) for process in started]
    assert sum(through) == 5


def test_parallel_orders_never_add_up_to_more_than_the_limit(store: Store) -> None:
    """50 orders at once, each under the limit of 1,000: those let through stay under it together."""

    def place(number: int) -> int:
        value = 90 + number
        return 0 if measure(order(value), RULES, store).over else value

    with ThreadPoolExecutor(50) as pool:
        placed = list(pool.map(place, range(50)))
    assert sum(placed) <= 1_000
    assert sum(placed) + min(90 + n for n, value in enumerate(placed) if not value) > 1_000
