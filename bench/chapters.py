"""The document's chapters on instructions and on growth. Must not leave out what speaks against AuthShield."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.gate import ceilings
from bench.markdown import table
from bench.prose import GROWN, INSTRUCTIONS, KEYS, MEMORY, RATES
from bench.scaled import EXACT
from bench.variants import AUTHSHIELD, BARE, ORDER, PAGE, PING, SCENARIOS, VARIANTS

if TYPE_CHECKING:
    from collections.abc import Mapping


def instructions(found: Mapping[str, Any]) -> str:
    """What each guard adds, counted instead of timed."""
    counts, allowed = found["instructions"], ceilings()
    rows = [
        [
            f"({VARIANTS[name].title}, whole)" if name == BARE else VARIANTS[name].title,
            *(_rounded(one.get(scenario)) for scenario in SCENARIOS),
        ]
        for name, one in counts.items()
    ]
    ratios = [f"{counts[AUTHSHIELD][one] / counts[PING][one]:.1f}" for one in SCENARIOS]
    rows.append(["AuthShield in PINGs", *ratios])
    rows.append(["gate", *(f"{allowed[one]['most']:,}" for one in SCENARIOS)])
    rows.append(["aim", *(f"{allowed[one]['aim']:,}" for one in SCENARIOS)])
    return f"{INSTRUCTIONS}\n" + table(["", *(one.title for one in SCENARIOS.values())], rows)


def _rounded(number: float | None) -> str:
    return "" if number is None else f"{number:,.0f}"


def throughput(found: Mapping[str, Any]) -> str:
    """Requests a second with more processes."""
    seen = found["throughput"]
    numbers = list(seen[BARE][PAGE])
    rows = [
        [
            f"{SCENARIOS[scenario].title}, {VARIANTS[name].title}",
            *(f"{seen[name][scenario][number]:,.0f}" for number in numbers),
        ]
        for scenario in (PAGE, ORDER)
        for name in (BARE, AUTHSHIELD)
    ]
    emptiest = found["growth"]["keys"][_least(found["growth"]["keys"])]
    page, order = (emptiest[f"{scenario} server"] for scenario in (PAGE, ORDER))
    head = RATES.format(page=page, order=order, pages=1e6 / page, orders=1e6 / order)
    titles = [f"{number} processes" if int(number) > 1 else "1 process" for number in numbers]
    return f"{head}\n" + table(["", *titles], rows)


def _least(by_number: Mapping[Any, Any]) -> Any:
    return min(by_number, key=int)


def growth(found: Mapping[str, Any]) -> str:
    """Memory, limits and keys."""
    seen = found["growth"]
    classes = [
        (f"`{name}`", f"{one['keys']:,}", f"{one['bytes']:.0f}", f"{one['most']:.0f}")
        for name, one in seen["classes"].items()
    ]
    keys = [
        (
            f"{int(number):,}",
            f"{one['used_bytes'] / 2**20:,.0f}",
            f"{one['bytes']:.0f}" if one["bytes"] else "",
            *_costs(one, (ORDER, PAGE)),
        )
        for number, one in seen["keys"].items()
    ]
    limits = [(f"{int(number):,}", *_costs(one, (ORDER,))) for number, one in seen["limits"].items()]
    heads = ("keys", "MiB used", "bytes a key", "order adds", "server", "page adds", "server")
    return "\n".join(
        [
            MEMORY,
            table(("key", "keys", "bytes, mean", "bytes, most"), classes),
            KEYS,
            table(heads, keys),
            GROWN.format(exact=EXACT),
            table(("limits", "order adds", "server"), limits),
        ]
    )


def _costs(one: Mapping[str, float], scenarios: tuple[str, ...]) -> list[str]:
    return [f"{one[f'{scenario} {what}']:,.0f}" for scenario in scenarios for what in ("added", "server")]
