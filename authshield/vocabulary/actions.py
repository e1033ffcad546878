"""Ordered words: what may be done to an event, and how strong a proof is.

Both scales are total orders, so that combining findings is a maximum and never softens anything.
"""

from __future__ import annotations

from enum import IntEnum


class Action(IntEnum):
    """What is done to an event, mildest first."""

    ALLOW = 0
    CHALLENGE = 1
    HOLD = 2
    DENY = 3

    @property
    def word(self) -> str:
        """The name used in files, pages and tables."""
        return _ACTIONS[self]

    @classmethod
    def of(cls, word: str) -> Action:
        """Read a word; raises ``KeyError`` for an unknown one."""
        return cls[word.upper()]


class Strength(IntEnum):
    """How strong a proof of identity is, weakest first. ``NONE`` means that nothing was proved."""

    NONE = 0
    ANY = 1
    OTP = 2
    PHISHING_RESISTANT = 3
    OOB = 4

    @property
    def word(self) -> str:
        """The name used in files, pages and tables."""
        return _STRENGTHS[self]

    @classmethod
    def of(cls, word: str) -> Strength:
        """Read a word; raises ``KeyError`` for an unknown one."""
        return cls[word.upper()]

    @property
    def acr(self) -> str:
        """The authentication context class that a step-up answer names (RFC 9470)."""
        return {1: "authshield:any", 2: "authshield:otp", 3: "authshield:phr", 4: "authshield:oob"}[
            max(self, 1)
        ]


# Looked up: a name of a member takes ten times as long.
_ACTIONS = {one: one.name.lower() for one in Action}
_STRENGTHS = {one: one.name.lower() for one in Strength}

FACTOR_STRENGTH: dict[str, Strength] = {
    "email": Strength.ANY,
    "totp": Strength.OTP,
    "static": Strength.OTP,
    "webauthn": Strength.PHISHING_RESISTANT,
    "oob": Strength.OOB,
}
