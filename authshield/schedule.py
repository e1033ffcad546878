"""What Celery's beat has to send, and how often: names alone, so that a broker's ``celery.py`` can import it.

Must not import the tasks: they need Django's apps, which are not loaded yet where a Celery app is made.
"""

from __future__ import annotations

from typing import Any

from authshield.conf import current

EVERY_SECONDS = {
    "drain": 5.0,
    "run_outbox": 5.0,
    "expire": 30.0,
    "sync_flags": 60.0,
    "purge": 3600.0,
    "learn": 86_400.0,
    "refit": 43_200.0,
}
"""``refit`` asks twice a day whether a week is over: beat may be restarted more often than once a week."""

LEAST_EXPIRY_SECONDS = 10.0


def beat_schedule() -> dict[str, dict[str, Any]]:
    """The periodic work, for ``app.conf.beat_schedule``; each entry names its queue, so it needs no route.

    There is a drain for each shard, so that as many workers as there are shards score at the same time. What a
    stopped worker leaves behind expires in the queue, so that it does not do it all at its return.
    """
    queue = current().QUEUE
    names = dict.fromkeys(EVERY_SECONDS, 1) | {"drain": max(1, current().STREAM_SHARDS)}
    return {
        f"authshield-{name.replace('_', '-')}{f'-{number}' if number > 1 else ''}": {
            "task": f"authshield.{name}",
            "schedule": seconds,
            "options": {"queue": queue, "expires": max(LEAST_EXPIRY_SECONDS, seconds)},
        }
        for name, seconds in EVERY_SECONDS.items()
        for number in range(1, names[name] + 1)
    }
