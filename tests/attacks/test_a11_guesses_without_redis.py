"""A11 while Redis is away: over four web processes the database lets through what Redis would have."""

from __future__ import annotations

import signal
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.client import challenge_of
from tests.web import Web, run_web

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.client import Answer, Visitor

LIMIT = 5
TRIES = 100
CODES = 10
FROM_ADDRESS = 20
MONTH_SECONDS = 2_592_000


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    """Four web processes, once for these tests; each has its own account and address."""
    with tempfile.TemporaryDirectory(prefix="authshield-web-") as folder, run_web(Path(folder)) as running:
        yield running


def _at_once(call: Callable[[int], Answer], times: int) -> list[Answer]:
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(call, range(times)))


def _form(visitor: Visitor, door: str, name: str) -> Answer:
    return visitor.post(door, {"username": name, "password": "wrong"})


@pytest.mark.parametrize("gone", [signal.SIGSTOP, signal.SIGKILL], ids=["blackholed", "stopped"])
def test_a11_of_100_parallel_guesses_five_are_evaluated(web: Web, gone: signal.Signals) -> None:
    """Reserved in one statement, before the password is hashed; known to all processes."""
    web.valkey.process.send_signal(gone)
    name, address = ("dave", "127.0.0.81") if gone == signal.SIGSTOP else ("erin", "127.0.0.82")
    before = web.hashes
    body = {"username": name, "password": "wrong"}
    answers = _at_once(lambda _: web.visitor(address).api("POST", "/api/login", body), TRIES)
    assert web.hashes - before == LIMIT
    assert Counter(answer.status for answer in answers) == {401: LIMIT, 429: TRIES - LIMIT}
    assert all(0 < int(a.headers["Retry-After"]) <= MONTH_SECONDS for a in answers if a.status == 429)


@pytest.mark.parametrize(
    ("door", "name", "address"),
    [("/login/", "carol", "127.0.0.83"), ("/admin/login/", "admin", "127.0.0.84")],
)
def test_a11_the_forms_draw_on_it_alike(web: Web, door: str, name: str, address: str) -> None:
    """The customers' page and the desk's."""
    web.valkey.process.kill()
    visitors = [web.visitor(address) for _ in range(40)]
    _at_once(lambda n: visitors[n].get(door), len(visitors))
    before = web.hashes
    answers = _at_once(lambda n: _form(visitors[n], door, name), len(visitors))
    assert web.hashes - before == LIMIT
    assert {answer.status for answer in answers} == {200}


def test_a11_one_address_gets_no_more_than_its_own_budget(web: Web) -> None:
    """However many names it tries."""
    web.valkey.process.kill()
    before = web.hashes
    bodies = [{"username": f"name-{n % 8}", "password": "wrong"} for n in range(60)]
    visitor = web.visitor("127.0.0.85")
    answers = _at_once(lambda n: visitor.api("POST", "/api/login", bodies[n]), len(bodies))
    assert Counter(answer.status for answer in answers)[401] == FROM_ADDRESS
    assert web.hashes == before  # nobody has these names, so there is no password to compare


def test_a24_parallel_codes_without_redis_get_ten_looks(web: Web) -> None:
    """Through fresh challenges in many browsers, at one authenticator."""
    web.valkey.process.kill()
    thieves = [web.visitor(f"127.0.0.{90 + n}") for n in range(4)]
    asked = [challenge_of(thief.sign_in("alice")) for thief in thieves]

    def submit(n: int) -> Answer:
        form = {"factor": "totp", "token": f"{n:06d}"}
        return thieves[n % 4].post(f"/security/challenge/{asked[n % 4]}/", form)

    answers = _at_once(submit, 40)
    looks = Counter(answer.status for answer in answers)
    assert 0 < looks[401] <= CODES, looks
    assert set(looks) <= {401, 410, 429}, looks
