"""How often a password was hashed in this process, whether it was compared or only took its time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import override_settings

_counting: list[Counted] = []


@dataclass
class Counted:
    """Hashes since the counting began."""

    hashes: int = 0


class CountingHasher(MD5PasswordHasher):
    """Quick, and counted: a password that is compared is hashed once, too."""

    def encode(self, password: str, salt: str) -> str:
        """Hash it."""
        for counted in _counting:
            counted.hashes += 1
        encoded: str = super().encode(password, salt)
        return encoded


@contextmanager
def counted_hashes() -> Iterator[Counted]:
    """Count what this process hashes, on all its threads."""
    counted = Counted()
    _counting.append(counted)
    with override_settings(PASSWORD_HASHERS=["tests.hashes.CountingHasher"]):
        yield counted
    _counting.remove(counted)
