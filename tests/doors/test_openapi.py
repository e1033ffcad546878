"""The JSON doors do what docs/openapi.yaml says: schemathesis sends them what it allows, and what it does not."""

from __future__ import annotations

import inspect
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
import yaml
from django.urls import URLPattern, URLResolver, get_resolver
from schemathesis.config import SchemathesisConfig
from schemathesis.core.errors import NoLinksFound
from schemathesis.engine import events, from_schema

from authshield.vocabulary.actions import Action
from authshield.vocabulary.event import Kind
from tests.client import CHROME
from tests.filled import fill
from tests.servers import Valkey
from tests.site import Guest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import Settings
    from pytest_django.live_server_helper import LiveServer

    from tests.doors.conftest import Tighten

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.yaml"
VERBS = {"get", "post", "put", "patch", "delete"}
STEP_UP, FAILED = "step_up_required", "challenge_failed"
REFUSALS = ["400", "401", "403", "404", "405", "409", "410", "413", "415", "422", "429", "503"]
IMPOSSIBLE = ["2xx", "401", "403", "404", "409", "410", "422", "429", "503"]
"""What makes sense may still not be possible: too little cash, an unknown symbol, no such challenge."""


@pytest.fixture
def site(valkey: Valkey, transactional_db: None) -> Valkey:
    """The demo with its people, for a server's own threads."""
    del transactional_db
    fill()
    return valkey


@dataclass
class Report:
    """What a run has seen: how often each door gave each answer, and what did not fit the document."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    codes: set[tuple[str, str]] = field(default_factory=set)
    troubles: list[str] = field(default_factory=list)

    def take(self, event: events.EngineEvent) -> None:
        """Look at one step."""
        if isinstance(event, events.FatalError):
            self.troubles.append(str(event.exception))
        if isinstance(event, events.NonFatalError) and not isinstance(event.value, NoLinksFound):
            self.troubles.append(str(event.value))
        if not isinstance(event, events.ScenarioFinished):
            return
        recorder = event.recorder
        for number, exchange in recorder.interactions.items():
            if exchange.response is not None:
                self._note(recorder.cases[number].value.operation.label, exchange.response)
        for checks in recorder.checks.values():
            failures = (one.failure_info for one in checks)
            self.troubles += [f"{one.failure}\n{one.code_sample}" for one in failures if one]

    def _note(self, door: str, response: Any) -> None:
        self.answers[door, response.status_code] += 1
        if "problem" in " ".join(response.headers.get("content-type", [])):
            self.codes.add((door, json.loads(response.content)["code"]))


def _run(server: LiveServer, *, paths: str, whole: bool = False, **headers: str) -> Report:
    """Send what the document allows and what it does not to the doors whose path ``paths`` finds.

    The same every time. ``whole`` sends the systematic cases: each field at its bounds, each verb, no credentials;
    otherwise made-up ones, and some of them in a row as the document's links say.
    """
    told = {
        "seed": 20261123,
        "workers": 1,
        "base-url": server.url,
        "headers": {"User-Agent": CHROME, **headers},
        "generation": {"max-examples": 6, "deterministic": True, "no-shrink": True},
        "phases": {
            "coverage": {"enabled": whole, "unexpected-methods": ["PUT"]},
            "fuzzing": {"enabled": not whole},
            "stateful": {"enabled": not whole},
        },
        "checks": {
            "positive_data_acceptance": {"expected-statuses": IMPOSSIBLE},
            "negative_data_rejection": {"expected-statuses": REFUSALS},
        },
    }
    schema = schemathesis.openapi.from_path(DOCUMENT, config=SchemathesisConfig.from_dict(told))
    report = Report()
    for event in from_schema(schema.include(path_regex=paths)).execute():
        report.take(event)
    return report


def _token() -> str:
    """A customer's program signs in, with some orders that rest in the book."""
    guest = Guest()
    token = f"Bearer {guest.api_sign_in('dave').json()['token']}"
    resting = {"symbol": "7203", "side": "buy", "quantity": "1", "order_type": "limit", "limit_price": "101"}
    for _ in range(6):
        guest.client.cookies.clear()  # a program with a token keeps none
        placed = guest.api("POST", "/api/orders", resting, HTTP_AUTHORIZATION=token)
        assert placed.status_code == 201
    return token


def test_every_door_does_what_its_document_says(site: Valkey, live_server: LiveServer) -> None:
    """Status, type, headers and body of each answer; what is not allowed is refused, and never a 500."""
    del site
    report = _run(live_server, paths="^(?!/security/dbsc/)", whole=True, Authorization=_token())
    assert not report.troubles, "\n\n".join(report.troubles)
    wanted = {
        ("POST /api/login", 200),
        ("POST /api/login", 401),
        ("GET /api/orders", 200),
        ("GET /api/orders", 401),
        ("POST /api/orders", 201),
        ("GET /api/orders/{order_id}", 200),
        ("POST /api/orders/{order_id}/cancel", 409),
        ("POST /security/api/fingerprint", 204),
    }
    assert wanted - set(report.answers) == set()
    doors = {f"{verb.upper()} {path}" for path, verb in _documented() if "/dbsc/" not in path}
    assert doors - {door for door, _ in report.answers} == set()


def test_a_day_of_orders_is_as_documented(site: Valkey, live_server: LiveServer) -> None:
    """Placed, shown, changed, cancelled and paid out, in any order that the links allow."""
    del site
    report = _run(live_server, paths="^/api/(orders|withdrawals)", Authorization=_token())
    assert not report.troubles, "\n\n".join(report.troubles)
    wanted = {
        ("GET /api/orders", 200),
        ("POST /api/orders", 201),
        ("GET /api/orders/{order_id}", 200),
        ("PATCH /api/orders/{order_id}", 200),
        ("POST /api/orders/{order_id}/cancel", 200),
    }
    assert wanted - set(report.answers) == set()


def test_a_step_up_is_as_documented(site: Valkey, tighten: Tighten, live_server: LiveServer) -> None:
    """Each order asks for a proof: the challenge can be looked at and answered, by what the problem says alone."""
    del site
    token = _token()
    for kind in (Kind.ORDER, Kind.ORDER_CHANGE, Kind.WITHDRAWAL):
        tighten(kind, Action.CHALLENGE)
    report = _run(live_server, paths="/api/(orders|withdrawals|challenges)", Authorization=token)
    assert not report.troubles, "\n\n".join(report.troubles)
    assert {("POST /api/orders", STEP_UP), ("PATCH /api/orders/{order_id}", STEP_UP)} <= report.codes
    assert ("GET /security/api/challenges/{challenge_id}", 200) in report.answers
    assert ("POST /security/api/challenges/{challenge_id}/verify", FAILED) in report.codes


def test_an_outage_is_as_documented(site: Valkey, settings: Settings, live_server: LiveServer) -> None:
    """Without Redis: a proof, a wait, or as usual; all of it by the document."""
    del site
    token = _token()
    settings.AUTHSHIELD_REDIS_URL = "unix:///nowhere/valkey.sock"
    report = _run(live_server, paths="/api/(orders|withdrawals)|sign-in|/device", Authorization=token)
    assert not report.troubles, "\n\n".join(report.troubles)
    assert ("POST /api/orders", STEP_UP) in report.codes


def test_the_browsers_own_doors_are_as_documented(
    site: Valkey, settings: Settings, live_server: LiveServer
) -> None:
    """DBSC on, over HTTPS: what is no proof is refused, without a word."""
    del site
    settings.AUTHSHIELD_DBSC = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    report = _run(live_server, paths="/dbsc/", whole=True, **{"X-Forwarded-Proto": "https"})
    assert not report.troubles, "\n\n".join(report.troubles)
    assert {("POST /security/dbsc/register", 403), ("POST /security/dbsc/refresh", 404)} <= set(
        report.answers
    )


def _documented() -> set[tuple[str, str]]:
    """Path and verb of each door in the document."""
    paths = yaml.safe_load(DOCUMENT.read_text())["paths"]
    return {(path, verb) for path, item in paths.items() for verb in VERBS & set(item)}


def _routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for entry in resolver.url_patterns:
        path = f"{prefix}{entry.pattern}"
        if isinstance(entry, URLPattern):
            yield f"/{path}", entry.callback
        elif entry.namespace != "admin":
            yield from _routes(entry, path)


def _speaks_json(path: str, view: Any) -> bool:
    """Whether programs come here: by the address, or because the view makes JSON itself."""
    inner = inspect.unwrap(view)
    code = inspect.getsource(inner) if inspect.isfunction(inner) else ""
    return bool({"api", "dbsc"} & set(path.split("/"))) or "JsonResponse(" in code


def test_no_json_door_is_undocumented() -> None:
    """Each route that speaks JSON is in the document, and the document has no other."""
    routes = {path for path, view in _routes(get_resolver()) if _speaks_json(path, view)}
    plain = {path.replace("slug:", "").replace("uuid:", "").translate({60: "{", 62: "}"}) for path in routes}
    assert len(plain) > 10
    assert plain == {path for path, _ in _documented()}


def test_verbs_that_are_not_documented_are_refused(client: Any, db: None) -> None:
    """405, and the answer names those that are; HEAD goes where GET does."""
    del db
    by_path: dict[str, set[str]] = {}
    for path, verb in _documented():
        by_path.setdefault(path, set()).add(verb.upper())
    for path, verbs in by_path.items():
        address = path.replace("{order_id}", "O-1").replace(
            "{challenge_id}", "0" * 8 + "-0000-4000-8000-" + "0" * 12
        )
        for verb in {one.upper() for one in VERBS} - verbs:
            answer = client.generic(verb, address, b"{}", content_type="application/json")
            assert answer.status_code == 405, (verb, path)
            assert set(answer["Allow"].split(", ")) - {"HEAD"} == verbs, (verb, path)
