"""What every test may rely on: a real Valkey, no network but loopback, a browser where one is asked for.

Must not hold test data (tests/factories.py) nor stand in for any part of the project.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest
from django.utils import translation
from playwright.sync_api import Browser, sync_playwright
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from authshield.models import LimitDraft, RuleDraft, RulesetVersion
from authshield.tune import rulebook
from tests import scheduling
from tests.servers import Valkey, start_valkey
from tests.sockets import forbid_network

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


# A busy machine is no failure, and a run that gates a change must be repeatable.
hypothesis.settings.register_profile(
    "suite",
    deadline=None,
    max_examples=50,
    derandomize="CI" in os.environ,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    """Shut the network before the first import of a test; say how tests share processes, if there are several."""
    forbid_network()
    # A run that a script starts in its background inherits a deaf ear for Ctrl-C, and so would what it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.pluginmanager.hasplugin("xdist"):
        config.pluginmanager.register(scheduling.Plugin())


def pytest_unconfigure() -> None:
    """A process of a parallel run ends without its exit handlers."""
    from tests.settings import TEST_FOLDER  # noqa: PLC0415 - it makes the folder

    shutil.rmtree(TEST_FOLDER, ignore_errors=True)


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose path is short enough for a socket, which tmp_path's is not."""
    with tempfile.TemporaryDirectory(prefix="authshield-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[Valkey]:
    """One server for each process of the test run; tests take `valkey`, which empties it first."""
    with tempfile.TemporaryDirectory(prefix="authshield-") as folder:
        server = start_valkey(Path(folder))
        yield server
        server.stop()


@pytest.fixture
def valkey(valkey_server: Valkey, settings: Settings) -> Valkey:
    """An empty Valkey that the project is configured with, and waits for where the machine is busy."""
    valkey_server.client.flushall()
    settings.AUTHSHIELD_REDIS_URL = valkey_server.url
    settings.AUTHSHIELD_STORE_TIMEOUT_SECONDS = 5.0
    return valkey_server


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:  # noqa: ARG001
    """Take out what `migrate` has published: a test starts with an empty rulebook, or publishes what it needs."""
    with django_db_blocker.unblock():
        for model in (RulesetVersion, RuleDraft, LimitDraft):
            model.objects.all().delete()


@pytest.fixture(autouse=True)
def fresh_rulebook() -> None:
    """No test starts with the ruleset of the one before."""
    rulebook.forget()


@pytest.fixture(autouse=True)
def fresh_language() -> None:
    """Nor in the language of the last page that somebody opened."""
    translation.deactivate()


@pytest.fixture
def start_own_valkey() -> Iterator[Callable[[], Valkey]]:
    """Starts servers that a test may stop, freeze or fill; they end with the test."""
    with ExitStack() as stack:

        def start() -> Valkey:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="authshield-"))
            server = start_valkey(Path(folder))
            stack.callback(server.stop)
            return server

        yield start


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The installed Chromium. Where CI is set a missing one fails the test, elsewhere it skips it."""
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    missing = "no Chromium found; Debian: apt install chromium"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """A headless Chromium; a test opens a context of its own in it for each browser that its story has."""
    # Playwright keeps an event loop in this thread while it is open, where Django would refuse the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        started = playwright.chromium.launch(executable_path=chromium_path, args=arguments)
        yield started
        started.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
