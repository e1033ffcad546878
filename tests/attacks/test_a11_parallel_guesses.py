"""A11, A25, A58: in parallel, over four web processes. Check and count is one step, or it is none."""

from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.client import ELSEWHERE, challenge_of
from tests.web import Web, run_web

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.client import Answer

LIMIT = 5
TRIES = 100
PRICE = 2000
RESERVED = "select reserved_minor from broker_account join auth_user on id = user_id where username = 'carol'"
LIMIT_MINOR = 2_000_000
CASH_MINOR = 800_000
PREPARE = f"""
from authshield.clock import now
from authshield.models import LimitDraft
from authshield.tune import rulebook
from demo_site.broker.models import Account
LimitDraft.objects.filter(identifier="order-value-24h").update(capacity={LIMIT_MINOR})
rulebook.publish(author=None, reason="test", now=now())
Account.objects.filter(user__username="carol").update(cash_minor={CASH_MINOR})
Account.objects.filter(user__username="erin").update(cash_minor={10 * LIMIT_MINOR})
"""


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    """Four web processes, once for these tests; each has its own account."""
    with (
        tempfile.TemporaryDirectory(prefix="authshield-web-") as folder,
        run_web(Path(folder), prepare=PREPARE, patience=5.0) as running,
    ):
        yield running


def _at_once(call: Callable[[int], Answer], times: int) -> list[Answer]:
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(call, range(times)))


def test_a11_of_100_parallel_guesses_five_are_evaluated(web: Web) -> None:
    """The counter moves before the password is hashed."""
    before = web.hashes
    body = {"username": "dave", "password": "wrong"}
    answers = _at_once(lambda _: web.visitor(ELSEWHERE).api("POST", "/api/login", body), TRIES)
    assert web.hashes - before == LIMIT
    assert Counter(answer.status for answer in answers) == {401: LIMIT, 429: TRIES - LIMIT}
    assert all(int(a.headers["Retry-After"]) > 0 for a in answers if a.status == 429)


def test_a25_of_parallel_submissions_of_one_code_one_passes(web: Web) -> None:
    """A code is used up by the statement that accepts it."""
    assert web.visitor().sign_in("alice").location == "/"
    thieves = [web.visitor(f"127.0.0.{80 + n}") for n in range(4)]
    challenges = [challenge_of(thief.sign_in("alice")) for thief in thieves]
    code = web.manage("demo_otp", "alice")

    def submit(n: int) -> Answer:
        return thieves[n].post(f"/security/challenge/{challenges[n]}/", {"factor": "totp", "token": code})

    statuses = Counter(answer.status for answer in _at_once(submit, len(thieves)))
    assert statuses[302] == 1, statuses


def test_a58_parallel_orders_never_spend_more_than_the_cash(web: Web) -> None:
    """Fifty orders: what the desk's limits let through without a code reserves no more than there is."""
    owner = web.visitor()
    owner.sign_in("carol")
    order = _order(LIMIT_MINOR // 50)
    answers = _at_once(lambda _: owner.api("POST", "/api/orders", order), 50)
    assert not [answer.text for answer in answers if answer.status not in {201, 401, 422}]
    accepted = [answer for answer in answers if answer.status == 201]
    assert len(accepted) == CASH_MINOR // (PRICE * int(order["quantity"]))
    assert _one(web, RESERVED) <= CASH_MINOR


def test_a58_parallel_orders_never_exceed_the_money_limit(web: Web) -> None:
    """Fifty orders under the desk's limit at once: what is let through stays under it."""
    owner = web.visitor()
    owner.sign_in("erin")
    order = _order(LIMIT_MINOR // 8)
    worth = PRICE * int(order["quantity"])
    answers = _at_once(lambda _: owner.api("POST", "/api/orders", order), 50)
    assert not [answer.text for answer in answers if answer.status not in {201, 202}]
    passed = [answer for answer in answers if answer.status == 201]
    assert len(passed) == LIMIT_MINOR // worth


def _order(value: int) -> dict[str, str]:
    return {
        "symbol": "1301",
        "side": "buy",
        "quantity": str(value // PRICE),
        "order_type": "limit",
        "limit_price": str(PRICE),
    }


def _one(web: Web, query: str) -> int:
    with closing(sqlite3.connect(web.folder / "db.sqlite3")) as database:
        return int(database.execute(query).fetchone()[0])
