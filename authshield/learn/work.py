"""What the outbox can do in all: containment, and what labels bring with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authshield.contain import work
from authshield.learn.labels import FOLLOW, TEACH, count_account
from authshield.learn.profiles import teach_account

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from authshield.record.outbox import Handler

SLOW = work.SLOW


def _follow(account: str, now: datetime) -> None:
    count_account(account)
    teach_account(account, now)


HANDLERS: Mapping[str, Handler] = {**work.HANDLERS, TEACH: teach_account, FOLLOW: _follow}
