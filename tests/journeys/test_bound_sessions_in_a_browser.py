"""Device bound session credentials in Chromium itself: it registers, refreshes, and a foreign key is refused.

Chromium does so over a trusted certificate alone, so the test's authority goes into a certificate store of its own,
which takes ``certutil`` (Debian: libnss3-tools). Keys are made in software, as its flags for tests have it.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect, sync_playwright

from authshield.observe.dbsc import COOKIE
from tests.signer import Signer
from tests.tls import Authority
from tests.web import Web, run_web
from tests.workers import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

FLAGS = "--enable-features=DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting"
ROW = "select sid, refreshed_at, challenge, key from authshield_boundsession"


@pytest.fixture(scope="session")
def certutil() -> str:
    """The tool. Where CI is set a missing one fails the test, elsewhere it skips it, as a missing Chromium does."""
    if path := shutil.which("certutil"):
        return path
    missing = "no certutil found, so no certificate that Chromium trusts; Debian: apt install libnss3-tools"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[Web, Authority]]:
    """The demo over https."""
    with tempfile.TemporaryDirectory(prefix="authshield-bound-") as folder:
        authority = Authority(Path(folder))
        papers = authority.issue("localhost", "localhost")
        with run_web(Path(folder), workers=1, papers=papers) as web:
            yield web, authority


@pytest.fixture
def browser(
    site: tuple[Web, Authority], chromium_path: str, certutil: str, tmp_path: Path
) -> Iterator[Browser]:
    """A Chromium that knows the credentials and trusts the site's certificate."""
    store = tmp_path / ".pki" / "nssdb"
    store.mkdir(parents=True)
    trust = ["-A", "-t", "C,,", "-n", "authority", "-i", str(site[1].certificate)]
    for arguments in (["-N", "--empty-password"], trust):
        subprocess.run([certutil, "-d", f"sql:{store}", *arguments], check=True, capture_output=True)
    flags = [FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    environ = {**os.environ, "HOME": str(tmp_path)}
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path, args=flags, env=environ)  # type: ignore[arg-type]
        yield started
        started.close()


def _rows(web: Web) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(web.folder / "db.sqlite3")) as database:
        return database.execute(ROW).fetchall()


def _signed_in(browser: Browser, web: Web, name: str) -> Page:
    """A page of somebody whose browser has registered its key."""
    known = {sid for sid, *_ in _rows(web)}
    page = browser.new_context(base_url=f"https://localhost:{web.port}").new_page()
    page.goto("/login/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", f"{name}-{name}")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(f"https://localhost:{web.port}/")
    wait_for(lambda: {sid for sid, *_ in _rows(web)} - known, "the registration")
    return page


def _is_held(page: Page) -> bool:
    return any(cookie["name"] == COOKIE for cookie in page.context.cookies())


def test_it_registers_and_refreshes_by_itself(site: tuple[Web, Authority], browser: Browser) -> None:
    """A key at the sign-in, a fresh cookie before each request that lacks one; the page just opens."""
    web, _ = site
    known = {sid for sid, *_ in _rows(web)}
    page = _signed_in(browser, web, "alice")
    [sid] = {sid for sid, *_ in _rows(web)} - known
    _, registered, *_ = _row(web, sid)
    wait_for(lambda: not _is_held(page), "the cookie's end")
    page.goto("/orders/")
    expect(page.get_by_role("heading", name="Orders", exact=True)).to_be_visible()
    _, refreshed, *_ = _row(web, sid)
    assert refreshed > registered
    assert _is_held(page)


def test_a_foreign_key_refreshes_nothing(site: tuple[Web, Authority], browser: Browser) -> None:
    """Where the row has another key than the browser signs with, it is asked again until it gives up."""
    web, _ = site
    known = {sid for sid, *_ in _rows(web)}
    page = _signed_in(browser, web, "dave")
    [sid] = {sid for sid, *_ in _rows(web)} - known
    with closing(sqlite3.connect(web.folder / "db.sqlite3")) as database, database:
        database.execute("update authshield_boundsession set key = ? where sid = ?", (Signer().point, sid))
    before = _row(web, sid)
    wait_for(lambda: not _is_held(page), "the cookie's end")
    page.goto("/orders/")
    after = _row(web, sid)
    assert (after[1], after[2] != before[2]) == (before[1], True)
    assert not _is_held(page)


def _row(web: Web, sid: str) -> tuple[Any, ...]:
    return next(row for row in _rows(web) if row[0] == sid)
