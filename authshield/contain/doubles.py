"""A device cookie that came twice: of the two copies nobody knows which is the customer's, so both lose their trust.

The customer goes on with another device id after one confirmation. Must not end a session: that is the rules' say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from authshield.contain.devices import forget
from authshield.contain.notices import local_time, notify
from authshield.models import Device

if TYPE_CHECKING:
    from datetime import datetime


def retire(account: str, device_hash: str, now: datetime) -> None:
    """Take the trust of a device with a double away, in the account it came to, and tell the customer once.

    Cost: 1 query, about 10 statements where the account had the device.
    """
    for device in Device.objects.filter(account=account, device_hash=device_hash, revoked_at=None):
        forget(device, now)
    key = f"device_copied:{account}:{device_hash[:24]}"
    notify(account, "device_copied", key, context={"at": local_time(now)}, now=now)
