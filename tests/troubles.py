"""What may befall a Redis: each takes a running server and leaves it in that state. Must not mend anything."""

from __future__ import annotations

import signal
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers import Valkey

LATE_SECONDS = 0.2
CHUNK = 65_536


def stop(server: Valkey) -> None:
    """Nobody answers: connections are refused."""
    server.process.kill()
    server.process.wait()


def blackhole(server: Valkey) -> None:
    """Connections are taken, and nothing ever comes back."""
    server.process.send_signal(signal.SIGSTOP)


def delay(server: Valkey) -> None:
    """Every answer is 200 ms late."""
    threading.Thread(target=_relay_late, args=_in_front_of(server), daemon=True).start()


def fill_up(server: Valkey) -> None:
    """Out of memory, and nothing may be evicted: reading goes on, writing fails."""
    server.client.config_set("maxmemory-policy", "noeviction")
    server.client.config_set("maxmemory", 1)


def demote(server: Valkey) -> None:
    """A replica of a master that is gone: reading goes on, writing fails."""
    server.client.replicaof("127.0.0.1", "1")


@dataclass
class Overloaded:
    """What comes back from a server that does all it is told: all, nothing, or all but every so many-th answer."""

    is_answering: bool = True
    loses_every: int = 0
    answers: int = 0

    def lets_by(self) -> bool:
        """Whether the next answer comes back."""
        self.answers += 1
        return self.is_answering and not (self.loses_every and self.answers % self.loses_every == 0)


def overload(server: Valkey) -> Overloaded:
    """From now on only some of its answers come back, on new connections and such as are made anew."""
    overloaded = Overloaded()
    front, behind = _in_front_of(server)
    threading.Thread(target=_relay_some, args=(front, behind, overloaded), daemon=True).start()
    return overloaded


UNUSABLE: dict[str, Callable[[Valkey], None]] = {
    "stopped": stop,
    "blackholed": blackhole,
    "slow": delay,
    "out_of_memory": fill_up,
    "read_only": demote,
}


def fail_over(master: Valkey, replica: Valkey) -> None:
    """The replica takes the dead master's place and address."""
    stop(master)
    replica.client.replicaof("NO", "ONE")
    Path(replica.url.removeprefix("unix://")).rename(master.url.removeprefix("unix://"))


def replicate(master: Valkey, replica: Valkey) -> None:
    """Have the replica follow, and wait until it does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    master.client.config_set("port", port)
    replica.client.replicaof("127.0.0.1", str(port))
    assert await_copy(master)


def await_copy(master: Valkey) -> bool:
    """Whether the replica has all that was written, once it has or ten seconds are over."""
    master.client.set("copied", "yes")
    deadline = threading.Event()
    for _ in range(100):
        if master.client.wait(1, 100):
            return True
        deadline.wait(0.05)  # a replica that has not connected yet is not waited for by the server
    return False


def _in_front_of(server: Valkey) -> tuple[socket.socket, str]:
    """A socket in the server's place, and where the server is now."""
    path = Path(server.url.removeprefix("unix://"))
    behind = path.with_suffix(".behind")
    path.rename(behind)
    front = socket.socket(socket.AF_UNIX)
    front.bind(str(path))
    front.listen()
    return front, str(behind)


def _relay_some(front: socket.socket, behind: str, overloaded: Overloaded) -> None:
    with suppress(OSError), front:
        while True:
            near, far = front.accept()[0], socket.socket(socket.AF_UNIX)
            far.connect(behind)
            threading.Thread(target=_pass, args=(near, far, 0.0), daemon=True).start()
            threading.Thread(target=_pass_some, args=(far, near, overloaded), daemon=True).start()


def _pass_some(source: socket.socket, target: socket.socket, overloaded: Overloaded) -> None:
    with suppress(OSError):
        while chunk := source.recv(CHUNK):
            if overloaded.lets_by():
                target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
    source.close()


def _relay_late(front: socket.socket, behind: str) -> None:
    # Once the server is gone, so is the relay.
    with suppress(OSError), front:
        while True:
            near, far = front.accept()[0], socket.socket(socket.AF_UNIX)
            far.connect(behind)
            threading.Thread(target=_pass, args=(near, far, 0.0), daemon=True).start()
            threading.Thread(target=_pass, args=(far, near, LATE_SECONDS), daemon=True).start()


def _pass(source: socket.socket, target: socket.socket, seconds: float) -> None:
    never = threading.Event()
    with suppress(OSError):
        while chunk := source.recv(CHUNK):
            never.wait(seconds)
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
    source.close()
