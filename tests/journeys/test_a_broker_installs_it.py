"""A stranger installs it into a project of his own, to the letter of docs/install.md; first it observes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django_otp.oath import totp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

import base64

import pytest

from tests.servers import start_valkey
from tests.stranger import SET_UP, Customer, Project, at_home, elsewhere, findings, make_project

CASH_IN_ONE_THIN_SYMBOL = 80_000
LATEST = "SELECT action, final FROM authshield_ledgerentry WHERE kind = 'order' ORDER BY id DESC LIMIT 1"
SIGN_IN = "SELECT final FROM authshield_journalentry WHERE kind = 'login'"


@pytest.fixture
def project(short_path: Path) -> Iterator[Project]:
    """The project, with a Valkey of its own."""
    server, folder = short_path / "server", short_path / "site"
    server.mkdir()
    folder.mkdir()
    valkey = start_valkey(server)
    try:
        project = make_project(folder, valkey.url)
        yield project
    finally:
        valkey.stop()


def test_a_broker_installs_it(project: Project) -> None:
    """Three lines, migrate, one decorator: it stops nobody and records all; one line more, and it guards."""
    checked = project.manage("shell", "-c", SET_UP)
    assert not re.search(r"authshield\.E|W024", checked)
    assert project.rows("SELECT number FROM authshield_rulesetversion") == [(1,)]
    assert project.rows("SELECT count(*) > 10 FROM authshield_ruledraft") == [(1,)]
    worker = ("-m", "celery", "-A", "broker", "worker", "--beat", "-Q", "celery,authshield", "-c", "1")
    with project.start("worker", *worker), project.serve() as port:
        hana = at_home(port)
        _observed(project, hana, elsewhere(port))
        secret = _enrol(hana)
        assert project.wait_for(SIGN_IN) == ("allowed",)
        assert findings(project)["worker"] == "ok"
    project.enforce()
    with project.serve() as port:
        hana.port = port
        _guarded(project, hana, elsewhere(port), secret)


def _observed(project: Project, hana: Customer, kenji: Customer) -> None:
    """Nobody is asked for anything; a form that makes no sense gets its own page again."""
    assert hana.get("/orders/new/").location == "/enter/?next=/orders/new/"
    assert hana.enter("hana") == "/orders/new/"
    assert hana.buy("7203", 100) == "/orders/new/"
    refused = hana.post("/orders/new/", {"symbol": "7203", "side": "buy", "quantity": "1e2"})
    assert (refused.status, "plain decimal" in refused.text) == (422, True)
    assert kenji.enter("kenji") == "/orders/new/"
    assert kenji.buy("9999", CASH_IN_ONE_THIN_SYMBOL) == "/orders/new/"
    action, final = project.rows(LATEST)[0]
    assert (action, final) in {("challenge", "allowed"), ("hold", "allowed")}
    assert project.rows("SELECT symbol FROM trade_placed ORDER BY id") == [("7203",), ("9999",)]


def _enrol(hana: Customer) -> str:
    """Set an authenticator app up as a customer does; returns its secret."""
    assert hana.get("/security/").status == 200
    page = hana.get(hana.post("/security/totp/begin/", {}).location or "/security/totp/")
    secret = re.sub(r"\s", "", re.findall(r"<code[^>]*>([A-Z2-7\s]+)</code>", page.text)[0])
    assert hana.post("/security/totp/", {"token": _code(secret)}).location == "/security/"
    return secret


def _guarded(project: Project, hana: Customer, stranger: Customer, secret: str) -> None:
    """Her own browser goes on as before; from elsewhere a code is asked for, and goes on where she wanted."""
    assert hana.buy("7203", 1) == "/orders/new/"
    challenge = stranger.enter("hana")
    assert challenge.startswith("/security/challenge/")
    assert stranger.get(challenge).status == 200
    passed = stranger.post(challenge, {"factor": "totp", "token": _code(secret, steps=1)})
    assert (passed.status, passed.location) == (302, "/orders/new/")
    placed = project.rows("SELECT count(*) FROM trade_placed")
    assert stranger.buy("9999", CASH_IN_ONE_THIN_SYMBOL) == "/orders/new/"
    assert project.rows(LATEST) == [("hold", "held")]
    assert project.rows("SELECT state FROM authshield_hold") == [("waiting",)]
    assert project.rows("SELECT count(*) FROM trade_placed") == placed


def _code(secret: str, *, steps: int = 0) -> str:
    """The code of now, or of a step later, which the site's tolerance accepts too."""
    return f"{totp(base64.b32decode(secret), drift=steps):06d}"
