"""What the outbox can do: the names of its tasks and who does them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from authshield.contain import confirmations, devices, notices, playbook, steps
from authshield.record.outbox import Handler
from authshield.record.sightings import APPLY_SESSION


def _contain(case_id: str, now: datetime) -> None:
    playbook.contain(case_id, now)


HANDLERS: Mapping[str, Handler] = {
    playbook.CONTAIN: _contain,
    playbook.LOOK_AGAIN: playbook.look_again,
    APPLY_SESSION: steps.apply_session,
    steps.APPLY_ACCOUNT: steps.apply_account,
    devices.APPLY_DEVICE: devices.apply,
    notices.SEND: notices.send,
    confirmations.PROMPT: confirmations.prompt,
}

SLOW = frozenset({notices.SEND, confirmations.PROMPT})
"""Tasks that wait for somebody else's server: they must not keep containment waiting."""
