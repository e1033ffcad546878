"""The folder that holds the demo's state: secrets, address of Valkey, lock. Read by settings.py too.

Must not import Django (settings are being made when this is read) nor delete what the demo has not written.
"""

import fcntl
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from demo_site.supervisor.errors import StartError

PROJECT = Path(__file__).resolve().parents[2]
MARKER = ".authshield-demo"
SECRETS = "secrets.json"
RUNTIME = "runtime.json"
LOCK = "lock"
LOCK_WAIT_SECONDS = 4.0  # a killed demo's undertaker holds the lock until nothing is left of it


class Secrets(NamedTuple):
    """Made at the first start, kept in ``secrets.json``, never shown."""

    secret_key: str
    sealing_key: str


def data_folder(environ: Mapping[str, str]) -> Path:
    """Return the absolute folder of the demo's state: ``DEMO_DATA``, else ``DATA``, else ``.demo`` here."""
    named = environ.get("DEMO_DATA") or environ.get("DATA") or ".demo"
    return (PROJECT / Path(named).expanduser()).resolve()


def make_data(data: Path) -> None:
    """Make the folder and mark it as the demo's own. Raises StartError if that is not possible."""
    try:
        if data.is_dir() and not (data / MARKER).exists() and any(data.iterdir()):
            raise StartError(f"DATA={data} holds something else; name an empty or a new folder.")
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        (data / MARKER).touch()
    except OSError as error:
        raise StartError(f"DATA={data} cannot be used ({error.strerror}); name another folder.") from error


def secrets_in(data: Path) -> Secrets:
    """Read the secrets, making them first where there are none. Safe in several processes at once."""
    path = data / SECRETS
    if not path.exists():
        make_data(data)
        with tempfile.NamedTemporaryFile(
            "w", dir=data, prefix=f".{SECRETS}."
        ) as draft:  # readable by us alone
            json.dump(
                {key: secrets.token_urlsafe(48) for key in ("SECRET_KEY", "AUTHSHIELD_SEALING_KEY")}, draft
            )
            draft.flush()
            with suppress(FileExistsError):
                path.hardlink_to(draft.name)
    held = json.loads(path.read_text())
    return Secrets(held["SECRET_KEY"], held["AUTHSHIELD_SEALING_KEY"])


def write_runtime(data: Path, redis_url: str, port: int) -> None:
    """Leave word where the running demo is, for `manage.py` in another terminal."""
    draft = data / f".{RUNTIME}"
    draft.write_text(json.dumps({"redis_url": redis_url, "port": port, "pid": os.getpid()}))
    draft.replace(data / RUNTIME)


def forget_runtime(data: Path) -> None:
    """Take the word back: nothing runs any more."""
    (data / RUNTIME).unlink(missing_ok=True)


def redis_url(data: Path, environ: Mapping[str, str]) -> str | None:
    """Return where Valkey is: from the environment, else from the running demo; None: nothing runs."""
    if given := environ.get("AUTHSHIELD_REDIS_URL"):
        return given
    try:
        return str(json.loads((data / RUNTIME).read_text())["redis_url"])
    except FileNotFoundError:
        return None


@contextmanager
def exclusive(data: Path, wait_seconds: float = LOCK_WAIT_SECONDS) -> Iterator[int]:
    """Hold the folder for this process alone; yields the lock's descriptor. Raises StartError if taken."""
    descriptor = os.open(data / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor, data, time.monotonic() + wait_seconds)
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(descriptor: int, data: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise StartError(
                    f"a demo already runs on DATA={data}; end it, or name another DATA=…"
                ) from None
            time.sleep(0.1)  # noqa: TID251 - flock has no deadline of its own
        else:
            return


def reset(data: Path) -> None:
    """Empty the folder. Raises StartError if it isn't the demo's own or if a demo runs on it."""
    if not data.exists():
        return
    if not (data / MARKER).exists():
        raise StartError(f"DATA={data} is not a folder of the demo; nothing was deleted.")
    with exclusive(data, wait_seconds=0):
        for entry in data.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
