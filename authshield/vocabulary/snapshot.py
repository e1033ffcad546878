"""The durable copy of what is known of an account, as it is put back after Redis lost its memory.

Must not hold anything that lets a person be named: devices come as keyed hashes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A device that the account has used and that was not revoked.

    ``device_hash`` is ``sealing.keyed_hash(id, "device")`` and ``fingerprint_hash``
    ``sealing.keyed_hash(text, "fingerprint")`` of ``measure.keys.fingerprint_text``, or empty.
    ``is_trusted`` says that trust was given; trust by age follows from ``first_seen_at``.
    """

    device_hash: str
    first_seen_at: datetime
    last_seen_at: datetime
    is_trusted: bool = False
    fingerprint_hash: str = ""


@dataclass(frozen=True, slots=True)
class AccountSnapshot:
    """What the database knows of an account. The default is an account without any history.

    ``logins`` and ``first_login_at`` are undisputed sign-ins as far as they are known.
    """

    frozen: bool = False
    suspect: bool = False
    must_prove: bool = False
    contact_changed_at: datetime | None = None
    devices: tuple[KnownDevice, ...] = ()
    logins: int = 0
    first_login_at: datetime | None = None
