"""A11 under ASGI: a hundred wrong passwords at once on an event loop, by one Redis, a Cluster, or the database."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import AsyncClient

from authshield import clock
from authshield.pipeline import aassess
from authshield.vocabulary.actions import Action
from authshield.vocabulary.event import Client, DeviceSeen, Event, Kind, Login
from tests.client import CHROME
from tests.clusters import started_cluster
from tests.filled import fill
from tests.hashes import counted_hashes
from tests.site import Guest
from tests.troubles import stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_django.fixtures import Settings

    from tests.servers import Valkey

TRIES = 100
LIMIT = 5
PLACES = ("one server", "cluster", "database")


@pytest.fixture(params=PLACES)
def counted_by(
    request: pytest.FixtureRequest,
    start_own_valkey: Callable[[], Valkey],
    settings: Settings,
    transactional_db: None,
) -> Iterator[str]:
    """The site with its people, and what counts their guesses."""
    del transactional_db
    settings.AUTHSHIELD_STORE_TIMEOUT_SECONDS = 5.0
    if request.param == "cluster":
        with (
            tempfile.TemporaryDirectory(prefix="authshield-") as folder,
            started_cluster(Path(folder)) as cluster,
        ):
            settings.AUTHSHIELD_REDIS_URL = cluster.url
            fill()
            Guest().sign_in("dave")
            yield request.param
        return
    server = start_own_valkey()
    settings.AUTHSHIELD_REDIS_URL = server.url
    fill()
    Guest().sign_in("dave")
    if request.param == "database":
        stop(server)
    yield request.param


def _all_at_once(call: Callable[[int], Any]) -> list[Any]:
    async def ask() -> list[Any]:
        return list(await asyncio.gather(*[call(number) for number in range(TRIES)]))

    return async_to_sync(ask)()


def test_a11_of_100_tasks_five_have_their_password_looked_at(counted_by: str) -> None:
    """At the door, each from an address of its own."""

    async def guess(number: int) -> int:
        browser = AsyncClient(REMOTE_ADDR=f"127.8.0.{number + 1}")
        body = json.dumps({"username": "dave", "password": "wrong"})
        headers = {"user-agent": CHROME, "accept": "application/json"}
        answer = await browser.post("/api/login", body, content_type="application/json", headers=headers)
        return int(answer.status_code)

    with counted_hashes() as counted:
        statuses = Counter(_all_at_once(guess))
    assert statuses == {401: LIMIT, 429: TRIES - LIMIT}, counted_by
    assert counted.hashes == LIMIT


def test_a11_of_100_assessments_in_one_loop_five_are_no_refusals(counted_by: str) -> None:
    """Where nothing but the guard is between the tasks and the counters, all of them under way at the same time."""
    account = str(User.objects.get(username="dave").pk)
    base = Event(
        id="",
        at=clock.now(),
        kind=Kind.LOGIN,
        account=account,
        session=None,
        client=Client("203.0.113.1"),
        device=DeviceSeen(None),
        subject=Login(succeeded=True),
        username="dave",
    )

    async def guess(number: int) -> bool:
        made = replace(base, id=f"guess-{number}", client=Client(f"203.0.113.{number + 1}"))
        decision = (await aassess(made, made.at)).decision
        return decision.action is Action.DENY and decision.retry_after_seconds > 0

    passed = _all_at_once(guess).count(False)
    assert 0 < passed <= LIMIT
    assert (
        passed == LIMIT or counted_by == "cluster"
    )  # where two keys' servers hear of them in different orders
