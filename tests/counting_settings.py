"""The test settings, with a password hasher that leaves a mark for each password that it checks."""

from __future__ import annotations

import os
from pathlib import Path

from django.contrib.auth.hashers import MD5PasswordHasher

from demo_site.settings import *  # noqa: F403 - the same site

AUTHSHIELD_STORE_TIMEOUT_SECONDS = float(os.environ.get("STORE_PATIENCE", "0.1"))
PASSWORD_HASHERS = ["tests.counting_settings.CountingHasher"]


class CountingHasher(MD5PasswordHasher):
    """Quick, and counted across processes: a file opened for appending loses no byte."""

    def verify(self, password: str, encoded: str) -> bool:
        """Check, and leave a mark."""
        with Path(os.environ["DEMO_DATA"], "hashes").open("ab", buffering=0) as marks:
            marks.write(b".")
        checked: bool = super().verify(password, encoded)
        return checked
