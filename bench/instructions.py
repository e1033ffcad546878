"""`python -m bench.instructions`: thousand instructions that a guard adds to a request. No clock, hardly any noise.

Counted are those of the site's process alone, not the kernel's nor the servers'. Must not hold a figure.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.callgrind import CountedProcess
from bench.conductor import PER_SERVER, VariantProcess, on_core, valkey_in
from bench.gate import GATE, ceilings, exceeded, lowered
from bench.hotspots import places
from bench.variants import AUTHSHIELD, BARE, ORDER, PING, ROW, SCENARIOS, VARIANTS

if TYPE_CHECKING:
    from collections.abc import Sequence

CALLS = 10
SPARE = 2
PROFILED_PEOPLE, PROFILED_CALLS = 60, 25

Counts = dict[str, dict[str, float]]
"""Instructions of a whole request, by variant and scenario."""


def main() -> int:
    """Count, print, and with ``--gate`` say whether it is too much: status 1."""
    options = _parser().parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        if options.by_function:
            print(by_function(Path(name), options.scenarios))
            return 0
        variants = [BARE, *(one for one in options.variants.split(",") if one != BARE)]
        found = over_bare(counted(Path(name), variants, options.scenarios, options.calls))
    print(json.dumps(found, indent=1) if options.json else table(found))
    if options.lower:
        GATE.write_text(lowered(GATE.read_text(encoding="utf-8"), found[AUTHSHIELD]), encoding="utf-8")
    excess = exceeded(found[AUTHSHIELD], found[BARE], ceilings()) if options.gate else []
    for line in excess:
        print(line, file=sys.stderr)
    return 1 if excess else 0


def counted(folder: Path, variants: Sequence[str], scenarios: Sequence[str], calls: int) -> Counts:
    """Medians of so many requests of each kind that the variant looks at. Cost: some 15 s a variant and core."""
    folder.mkdir(exist_ok=True)
    with valkey_in(folder / "valkey") as valkey, ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:

        def count(variant: str) -> dict[str, float]:
            url = f"{valkey.url}?db={variants.index(variant) % PER_SERVER}"
            looked_at = [one for one in scenarios if one in VARIANTS[variant].guards]
            return _counted(folder / variant, variant, url, (looked_at, calls))

        return dict(zip(variants, pool.map(count, variants), strict=True))


def _counted(
    folder: Path, variant: str, redis_url: str, asked: tuple[Sequence[str], int]
) -> dict[str, float]:
    scenarios, calls = asked
    with VariantProcess(variant, folder, redis_url) as quick:
        cookies = quick.ask("prepare", people=calls + SPARE)
    with CountedProcess(variant, folder, redis_url) as process:
        process.ask("adopt", cookies=cookies)
        process.count_from_here()
        return {one: median(process.instructions(one, calls)) for one in scenarios}


def over_bare(counts: Counts) -> Counts:
    """Thousand instructions more than the bare site's; the bare site's own are whole."""
    bare = counts[BARE]
    return {
        variant: {
            scenario: round((number - (bare[scenario] if variant != BARE else 0)) / 1000, 1)
            for scenario, number in one.items()
        }
        for variant, one in counts.items()
    }


def table(found: Counts) -> str:
    """The figures as text, with what a PING takes and the ceilings beside them."""
    allowed = ceilings()
    scenarios = list(found[BARE])
    lines = [f"{'thousand instructions over bare':34}" + "".join(f"{one:>10}" for one in scenarios)]
    for variant, one in found.items():
        title = f"({VARIANTS[variant].title}, whole)" if variant == BARE else VARIANTS[variant].title
        lines.append(f"{title:34}" + "".join(_cell(one.get(scenario)) for scenario in scenarios))
    if PING in found and AUTHSHIELD in found:
        ratios = [found[AUTHSHIELD][one] / found[PING][one] for one in scenarios]
        lines.append(f"{'AuthShield in PINGs':34}" + "".join(f"{ratio:10.1f}" for ratio in ratios))
    if ROW in found and ORDER in found.get(AUTHSHIELD, {}):
        rest = found[AUTHSHIELD][ORDER] - found[ROW][ORDER]
        lines.append(
            "AuthShield without its ledger row "
            + "".join(
                _cell(rest if scenario == ORDER else found[AUTHSHIELD][scenario]) for scenario in scenarios
            )
        )
    lines += [
        f"{name:34}" + "".join(f"{allowed[one][name]:10}" for one in scenarios) for name in ("most", "aim")
    ]
    return "\n".join(lines)


def _cell(number: float | None) -> str:
    return " " * 10 if number is None else f"{number:10.0f}"


def by_function(folder: Path, scenarios: Sequence[str]) -> str:
    """Where AuthShield's requests spend more than the bare site's do: function by function, by cProfile."""
    seen: dict[str, dict[str, Any]] = {}
    with valkey_in(folder / "valkey") as valkey:
        for variant in (BARE, AUTHSHIELD):
            valkey.client.flushall()
            with (
                on_core(0),
                VariantProcess(variant, folder / variant, valkey.url, BENCH_STEADY="1") as process,
            ):
                process.ask("prepare", people=PROFILED_PEOPLE)
                seen[variant] = {
                    one: process.ask("profiled", scenario=one, calls=PROFILED_CALLS) for one in scenarios
                }
    return "\n\n".join(
        f"== {SCENARIOS[one].title}\n{places(seen[BARE][one], seen[AUTHSHIELD][one])}" for one in scenarios
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.instructions", description=__doc__)
    parser.add_argument("--gate", action="store_true", help="fail above the ceilings of bench/gate.toml")
    parser.add_argument("--lower", action="store_true", help="lower those ceilings to what was counted")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--by-function", action="store_true", help="print the costliest functions instead")
    parser.add_argument("--scenarios", nargs="+", choices=SCENARIOS, default=list(SCENARIOS))
    parser.add_argument("--calls", type=int, default=CALLS, help=f"requests of each kind (default: {CALLS})")
    parser.add_argument(
        "--variants",
        default=f"{PING},{ROW},{AUTHSHIELD}",
        help=f"besides bare, some of {', '.join(VARIANTS)} (default: {PING},{ROW},{AUTHSHIELD})",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
