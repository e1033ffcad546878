"""The demo brokerage inside the test's own process: quick to ask, with its own Valkey and database."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.test import Client

from authshield import clock, tasks
from authshield.learn.work import HANDLERS
from authshield.measure import stream
from authshield.measure.store import default_store
from authshield.record import outbox
from authshield.score import drain
from tests.client import CHROME, ELSEWHERE, HOME

PASSWORD = "{0}-{0}"


@dataclass
class Guest:
    """One browser at one address, asking the site in this process."""

    address: str = HOME
    agent: str = CHROME
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        """Open the browser."""
        self.client = Client(REMOTE_ADDR=self.address, HTTP_USER_AGENT=self.agent, HTTP_ACCEPT="text/html")

    def sign_in(self, name: str, password: str | None = None, **extra: Any) -> Any:
        """Send the sign-in form."""
        fields = {"username": name, "password": password or PASSWORD.format(name)}
        return self.client.post("/login/", fields, **extra)

    def api(self, method: str, path: str, body: object = None, **extra: Any) -> Any:
        """Send JSON."""
        raw = "" if body is None else json.dumps(body)
        extra.setdefault("HTTP_ACCEPT", "application/json")
        return self.client.generic(method, path, raw, content_type="application/json", **extra)

    def api_sign_in(self, name: str, password: str | None = None, **extra: Any) -> Any:
        """Sign in as a program does."""
        body = {"username": name, "password": password or PASSWORD.format(name)}
        return self.api("POST", "/api/login", body, **extra)

    def order(self, symbol: str, side: str = "buy", quantity: str = "100", **fields: str) -> Any:
        """Place an order as a program does."""
        order = {"symbol": symbol, "side": side, "quantity": quantity, "order_type": "market", **fields}
        return self.api("POST", "/api/orders", order)

    @property
    def is_signed_in(self) -> bool:
        """Whether the portfolio opens."""
        return bool(self.client.get("/").status_code == 200)


def stranger(address: str = ELSEWHERE) -> Guest:
    """Somebody whose browser and network nobody has seen."""
    return Guest(address)


def code_of(name: str) -> str:
    """The code that the person's authenticator shows now."""
    printed = StringIO()
    call_command("demo_otp", name, stdout=printed, stderr=StringIO())
    return printed.getvalue().strip()


def prove(guest: Guest, name: str, path: str) -> None:
    """Try an act of the security centre that wants a fresh proof, and give it."""
    answer = {"action": "answer", "factor": "totp", "token": code_of(name)}
    guest.client.post(f"/security/challenge/{challenge_in(guest.client.post(path))}/", answer)


def challenge_in(answer: Any) -> str:
    """The id of the challenge that an answer puts, as a page or as a problem."""
    if answer.status_code == 401:
        return str(answer.json()["challenge"]["id"])
    match = re.search(r"/security/challenge/([0-9a-f-]{36})/", answer.headers.get("Location", ""))
    assert match, f"no challenge: {answer.status_code} {answer.headers.get('Location')}"
    return match[1]


def work_off() -> None:
    """Do what a worker would do with what has come so far."""
    store = default_store()
    while entries := stream.read(store, count=500, block_ms=1):
        drain.process(entries, store, tasks._work())
        stream.ack(store, entries)
    while outbox.run_due(clock.now(), HANDLERS, limit=20):
        pass
