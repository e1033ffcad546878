"""How AuthShield grows: with processes, limits and keys. Must not hold a figure."""

from __future__ import annotations

from contextlib import ExitStack
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.conductor import VariantProcess, core, valkey_in
from bench.keyspace import by_class, filled
from bench.variants import AUTHSHIELD, BARE, ORDER, PAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.servers import Valkey

PROCESSES = (1, 2, 4)
RATE_SECONDS = 1.5
RATE_PEOPLE = 160
PEOPLE = 120
BLOCKS, CALLS, WARM = 3, 20, 5
LIMITS = (10, 100, 1000)


def throughput(folder: Path, environ: dict[str, str], tell: Callable[[str], None]) -> dict[str, Any]:
    """Requests a second, by variant, scenario and number of processes; all of a variant's share its database."""
    folder.mkdir()
    found: dict[str, Any] = {}
    for variant in (BARE, AUTHSHIELD):
        with valkey_in(folder / f"{variant}-server") as valkey, ExitStack() as stack:
            processes = [
                stack.enter_context(VariantProcess(variant, folder / variant, valkey.url, **environ))
                for _ in range(max(PROCESSES))
            ]
            tell(f"requests a second: preparing {variant}")
            cookies = processes[0].ask("prepare", people=RATE_PEOPLE)
            for index, process in enumerate(processes):
                process.tell("adopt", cookies=cookies, first=index, step=len(processes))
            for process in processes:
                process.answer()
            found[variant] = {
                scenario: {number: _rate(processes[:number], scenario) for number in PROCESSES}
                for scenario in (PAGE, ORDER)
            }
    return found


def _rate(processes: list[VariantProcess], scenario: str) -> float:
    for process in processes:
        process.tell("rate", scenario=scenario, seconds=RATE_SECONDS)
    return float(sum(process.answer() for process in processes))


def growth(folder: Path, decades: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Memory a key by class; what a request adds with 10 to 1,000 limits, and with 10³ to 10^``decades`` keys."""
    folder.mkdir()
    found: dict[str, Any] = {"limits": {}, "keys": {}}
    with valkey_in(folder / "server") as valkey, ExitStack() as stack:
        pair = {
            name: stack.enter_context(VariantProcess(name, folder / name, f"{valkey.url}?db={db}"))
            for db, name in enumerate((AUTHSHIELD, BARE))
        }
        for process in pair.values():
            tell(f"growth: preparing {process.variant}")
            process.ask("prepare", people=PEOPLE)
            process.ask("stay", core=core(0))
        pair[AUTHSHIELD].ask("work_off")
        found["classes"] = by_class(valkey.client)
        for exponent in range(3, decades + 1):
            tell(f"growth: 10^{exponent} keys")
            used = filled(valkey.client, 10**exponent)
            found["keys"][10**exponent] = used | _cost(pair, valkey, (ORDER, PAGE))
        for number in LIMITS:
            tell(f"growth: {number} limits")
            pair[AUTHSHIELD].ask("publish", number=number)
            found["limits"][number] = _cost(pair, valkey, (ORDER,))
    return found


def _cost(pair: Mapping[str, VariantProcess], valkey: Valkey, scenarios: tuple[str, ...]) -> dict[str, float]:
    """Microseconds that a request adds, and of Valkey's own a script call; medians of blocks."""
    found: dict[str, float] = {}
    for scenario in scenarios:
        taken: dict[str, list[float]] = {name: [] for name in pair}
        servers = []
        for _ in range(BLOCKS):
            for name, process in pair.items():
                valkey.client.config_resetstat()
                turn = process.ask("timed", scenario=scenario, calls=CALLS, warm=WARM)
                taken[name].append(median(turn["wall_ns"]) / 1000)
                if name == AUTHSHIELD:
                    servers.append(_server(valkey))
        added = [mine - bare for mine, bare in zip(taken[AUTHSHIELD], taken[BARE], strict=True)]
        found |= {f"{scenario} added": median(added), f"{scenario} server": median(servers)}
    return found


def _server(valkey: Valkey) -> float:
    """Microseconds of the server's clock a request, all its scripts together."""
    stats: dict[str, Any] = valkey.client.info("commandstats")
    spent = sum(one["usec"] for name, one in stats.items() if name in {"cmdstat_evalsha", "cmdstat_eval"})
    return float(spent) / (CALLS + WARM)
