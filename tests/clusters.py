"""Real clusters for tests: three masters with a replica each, or a master with a replica under three sentinels.

Loopback only, each on a port that was free. Must not know what is tested against them.
"""

import os
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from redis import Redis
from redis.crc import key_slot

from tests.servers import Valkey, start_server, wait_for

SLOTS = 16384
NODE_TIMEOUT_MS = 1000
SERVICE = "counters"
BUS = 10_000
BIND = ["--bind", "127.0.0.1", "--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"]
"""Replicas that follow at once."""


@dataclass(frozen=True)
class Cluster:
    """A running cluster; ``masters`` and ``replicas`` are what they were at the start, in the slots' order."""

    masters: Sequence[Valkey]
    replicas: Sequence[Valkey]

    @property
    def url(self) -> str:
        """What the project is given: two of the nodes to begin with."""
        return "redis+cluster://" + ",".join(_host(node) for node in self.masters[:2])

    @property
    def nodes(self) -> Sequence[Valkey]:
        """All of them."""
        return [*self.masters, *self.replicas]

    def index_of(self, key: str) -> int:
        """Which of the masters was in charge of a key at the start."""
        return next(i for i, (first, last) in enumerate(RANGES) if first <= key_slot(key.encode()) <= last)

    def names(self, count: int, index: int, prefix: str = "key") -> list[str]:
        """As many keys of one master."""
        found = (f"{prefix}:{{{number}}}" for number in range(10_000))
        return [
            key for key, _ in zip((k for k in found if self.index_of(k) == index), range(count), strict=False)
        ]

    def is_whole(self) -> bool:
        """Whether every node that lives sees every slot served, and every replica follows."""
        return all(_is_well(node.client) for node in self.nodes if node.process.poll() is None)


RANGES = [(0, 5460), (5461, 10922), (10923, SLOTS - 1)]


@contextmanager
def started_cluster(folder: Path) -> Iterator[Cluster]:
    """Start one of six nodes. Cost: 1.5 s. It is told who is who by file, so that nobody has to meet first."""
    ports = bus_ports(6)
    ids = [f"{number:040x}" for number in range(1, 7)]
    with ExitStack() as stack:
        nodes = []
        for number in range(6):
            home = folder / str(number)
            home.mkdir()
            (home / "nodes.conf").write_text(_roster(ids, ports, number))
            options = [
                "--port",
                str(ports[number]),
                "--cluster-enabled",
                "yes",
            ]
            options += [
                "--cluster-node-timeout",
                str(NODE_TIMEOUT_MS),
                "--cluster-require-full-coverage",
                "no",
            ]
            options += [
                "--cluster-replica-validity-factor",
                "0",
                "--cluster-allow-replica-migration",
                "no",
                *BIND,
            ]
            nodes.append(start_server(home, options, f"redis://127.0.0.1:{ports[number]}"))
            stack.callback(nodes[-1].stop)
        cluster = Cluster(nodes[:3], nodes[3:])
        wait_for(cluster.is_whole, "the cluster", 15.0)
        yield cluster


def _roster(ids: Sequence[str], ports: Sequence[int], me: int) -> str:
    lines = []
    for number in range(6):
        flags = "master" if number < 3 else "slave"
        flags = f"myself,{flags}" if number == me else flags
        master = "-" if number < 3 else ids[number - 3]
        slots = "{}-{}".format(*RANGES[number]) if number < 3 else ""
        epoch = number % 3 + 1
        at = f"127.0.0.1:{ports[number]}@{ports[number] + BUS}"
        lines.append(f"{ids[number]} {at} {flags} {master} 0 0 {epoch} connected {slots}".rstrip())
    return "\n".join([*lines, "vars currentEpoch 3 lastVoteEpoch 0", ""])


def _is_well(client: Redis) -> bool:
    state = client.info("replication")
    if state["role"] == "slave" and state["master_link_status"] != "up":
        return False
    if state["role"] == "master" and not state["connected_slaves"]:
        return False
    told: dict[str, Any] = cast("Any", client).execute_command("CLUSTER INFO")
    return told["cluster_state"] == "ok" and int(told["cluster_slots_ok"]) == SLOTS


@dataclass(frozen=True)
class Guarded:
    """A master and its replica, and the sentinels that watch them."""

    master: Valkey
    replica: Valkey
    sentinels: Sequence[Valkey]
    folders: Sequence[Path] = field(default_factory=list)

    @property
    def url(self) -> str:
        """What the project is given."""
        return f"redis+sentinel://{','.join(_host(one) for one in self.sentinels)}/{SERVICE}/0"


@contextmanager
def started_sentinels(folder: Path) -> Iterator[Guarded]:
    """Start five servers. Cost: 2.5 s, for sentinels have to find each other."""
    ports = free_ports(5)
    with ExitStack() as stack:

        def start(number: int, options: Sequence[str]) -> Valkey:
            home = folder / str(number)
            home.mkdir(exist_ok=True)
            server = start_server(home, options, f"redis://127.0.0.1:{ports[number]}")
            stack.callback(server.stop)
            return server

        master = start(0, ["--port", str(ports[0]), *BIND])
        replica = start(1, ["--port", str(ports[1]), "--replicaof", "127.0.0.1", str(ports[0]), *BIND])
        wait_for(lambda: master.client.info("replication")["connected_slaves"] == 1, "the replica")
        sentinels = []
        for number in (2, 3, 4):
            home = folder / str(number)
            home.mkdir()
            watched = home / "sentinel.conf"
            watched.write_text(_watching(ports[number], ports[0]))
            sentinels.append(start(number, [str(watched), "--sentinel"]))
        wait_for(lambda: all(_knows_all(one.client) for one in sentinels), "the sentinels", 15.0)
        yield Guarded(master, replica, sentinels)


def _watching(port: int, master: int) -> str:
    return "\n".join(
        [
            f"port {port}",
            "bind 127.0.0.1",
            f"sentinel monitor {SERVICE} 127.0.0.1 {master} 2",
            f"sentinel down-after-milliseconds {SERVICE} 500",
            f"sentinel failover-timeout {SERVICE} 2000",
            "",
        ]
    )


def _knows_all(client: Redis) -> bool:
    state: dict[str, Any] = cast("Any", client).execute_command("SENTINEL MASTER", SERVICE)
    return int(state["num-other-sentinels"]) == 2 and int(state["num-slaves"]) == 1


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in sockets]


def bus_ports(count: int) -> list[int]:
    """The same, with the port free on which nodes of a Cluster talk to each other: servers before 7 know no other."""
    found: list[int] = []
    while len(found) < count:
        (port,) = free_ports(1)
        with suppress(OSError, OverflowError), socket.create_server(("127.0.0.1", port + BUS)):
            found += [port] if port not in found else []
    return found


@contextmanager
def frozen(server: Valkey) -> Iterator[None]:
    """A server that takes connections and never answers."""
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.process.pid, signal.SIGCONT)


def _host(server: Valkey) -> str:
    return server.url.removeprefix("redis://")
