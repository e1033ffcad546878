"""Trusting and forgetting a device, in the database and in the counters alike.

The row is the truth. The counters follow at once, and again by the outbox where they cannot be asked.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction

from authshield.contain.steps import AGAIN_SECONDS, on_commit
from authshield.measure.profile import forget_device_hash, trust_device_hash
from authshield.measure.store import default_store
from authshield.models import Device
from authshield.record import outbox

if TYPE_CHECKING:
    from datetime import datetime


APPLY_DEVICE = "apply_device"
"""The outbox's task that brings Redis in line with a device's row."""


def trust(device: Device, now: datetime) -> None:
    """Trust a device from now on."""
    with transaction.atomic():
        Device.objects.filter(pk=device.pk).update(trusted_at=now, revoked_at=None)
        _apply_soon(device, now)


def forget(device: Device, now: datetime) -> None:
    """Take a device's trust away for good: it is a stranger's from now on."""
    with transaction.atomic():
        Device.objects.filter(pk=device.pk).update(trusted_at=None, revoked_at=now)
        _apply_soon(device, now)


def apply(device_id: str, now: datetime) -> None:
    """Bring Redis in line with a device's row, whichever way it stands. Raises ``StoreUnavailable``.

    One that is neither trusted nor revoked is left as it is: its age counts on.
    """
    row = Device.objects.filter(pk=device_id).first()
    if row is None:
        return
    if row.revoked_at is not None:
        forget_device_hash(default_store(), row.account, row.device_hash)
    elif row.trusted_at is not None:
        trust_device_hash(default_store(), row.account, row.device_hash, now=now)


def _apply_soon(device: Device, now: datetime) -> None:
    outbox.enqueue(APPLY_DEVICE, str(device.pk), now, AGAIN_SECONDS)
    on_commit(partial(apply, str(device.pk), now))
