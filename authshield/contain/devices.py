"""Trusting and forgetting a device, in the database and in the counters alike."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from authshield.errors import StoreUnavailable
from authshield.measure.profile import forget_device_hash, trust_device_hash
from authshield.measure.store import default_store
from authshield.models import Device

if TYPE_CHECKING:
    from datetime import datetime


def trust(device: Device, now: datetime) -> None:
    """Trust a device from now on. Redis, where it is away, learns it from the row later."""
    Device.objects.filter(pk=device.pk).update(trusted_at=now, revoked_at=None)
    with suppress(StoreUnavailable):
        trust_device_hash(default_store(), device.account, device.device_hash, now=now)


def forget(device: Device, now: datetime) -> None:
    """Take a device's trust away for good: it is a stranger's from now on."""
    Device.objects.filter(pk=device.pk).update(trusted_at=None, revoked_at=now)
    with suppress(StoreUnavailable):
        forget_device_hash(default_store(), device.account, device.device_hash)
