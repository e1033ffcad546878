"""What AuthShield's keys weigh, and a server full of them. Must not read their values."""

from __future__ import annotations

import re
from collections import defaultdict
from statistics import mean
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis import Redis

CLASS = re.compile(rb"\{(\w+):")
BATCH = 20_000

COPIES = """
local models, first, last = KEYS, tonumber(ARGV[1]), tonumber(ARGV[2])
for number = first, last do
  local model = models[number % #models + 1]
  local copy = model .. ':copy:' .. number
  redis.call('COPY', model, copy)
end
"""
"""Copies of the keys that are there, with their time to live, made by the server itself."""


def by_class(client: Redis) -> dict[str, dict[str, float]]:
    """Number of keys and mean bytes, by what they are about."""
    weights: dict[str, list[int]] = defaultdict(list)
    for key in client.scan_iter(count=1000):
        found = CLASS.search(key)
        if found:
            weights[found[1].decode()].append(client.memory_usage(key, samples=0) or 0)
    return {
        name: {"keys": len(seen), "bytes": mean(seen), "most": max(seen)}
        for name, seen in sorted(weights.items())
    }


def filled(client: Redis, keys: int) -> dict[str, float]:
    """Copy the keys that are there in turn until there are so many; what the server's memory says then."""
    models = [key for key in client.scan_iter(count=1000) if CLASS.search(key) and b":copy:" not in key]
    copy = client.register_script(COPIES)
    before: dict[str, Any] = client.info("memory")
    there = client.dbsize()
    for first in range(there, keys, BATCH):
        copy(keys=models, args=[first, min(first + BATCH, keys) - 1])
    after: dict[str, Any] = client.info("memory")
    more = client.dbsize() - there
    return {
        "used_bytes": after["used_memory"],
        "bytes": (after["used_memory"] - before["used_memory"]) / more if more > 0 else 0.0,
    }
