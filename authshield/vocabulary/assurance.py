"""The assurance policy: which act needs how strong a proof, how old it may be, and what has to wait after a change.

Plain data, published with the rules. Must not judge; and nothing in it can soften what the risk asks for.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING

from authshield.vocabulary.actions import Strength

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


class Act(StrEnum):
    """What somebody wants to do. SECURITY: end sessions, remove devices. WAY_BACK: undo a takeover."""

    LOGIN = "login"
    VIEW = "view"
    ORDER = "order"
    WITHDRAWAL = "withdrawal"
    BANK_ACCOUNT = "bank_account"
    CONTACT = "contact"
    FACTOR = "factor"
    API_KEY = "api_key"
    SECURITY = "security"
    WAY_BACK = "way_back"
    FREEZE_RELEASE = "freeze_release"


@dataclass(frozen=True, slots=True)
class Requirement:
    """What one act needs.

    - ``required``: whoever has nothing so strong cannot do it: it waits, or ends. ``interim`` takes its place until
      the policy's ``interim_until``; None: there is no interim.
    - ``at_most``: the strongest factor that the customer has, up to this; nobody is stopped for having none.
    - ``max_age_seconds``: a proof in the session is enough for so long; 0: each act needs a proof of its own.
    - ``cooldown_seconds``: so long after contact data or factors changed it waits (orders: those over the policy's
      ``cooldown_share`` on a device that the account did not trust before the change).
    - ``device_bound``: a proof that has to be phishing-resistant counts from a passkey that stays on one device alone
      (NIST's AAL3). Acts of pages have none: see ``BOUND_ACTS``. Such a proof is given anew each time.
    - ``known_device``: on a device that the account does not trust yet only a phishing-resistant proof counts.
    """

    act: Act
    required: Strength = Strength.NONE
    interim: Strength | None = None
    at_most: Strength = Strength.NONE
    max_age_seconds: int = 0
    cooldown_seconds: int = 0
    known_device: bool = False
    device_bound: bool = False

    def required_at(self, at: datetime, until: datetime | None) -> Strength:
        """The strength that is needed at this time."""
        is_interim = self.interim is not None and until is not None and at < until
        return self.interim if is_interim and self.interim is not None else self.required


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long a session lasts, in seconds; 0: without end. Looking around, and trading.

    Idle is since its last request, absolute since the sign-in; to trade again a proof is enough.
    """

    reading_idle: int = 0
    reading_absolute: int = 0
    trading_idle: int = 0
    trading_absolute: int = 0

    def __iter__(self) -> Iterator[tuple[str, int]]:
        """Names and seconds."""
        return ((one.name, getattr(self, one.name)) for one in fields(self))


@dataclass(frozen=True, slots=True)
class Exemption:
    """One account need not meet one act's ``required`` until a date. What the risk asks for stays."""

    account: str
    act: Act
    reason: str
    author: str
    approver: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Assurance:
    """The whole policy. The default asks for nothing beyond the risk.

    ``profile`` names the shipped one that it is or tightens, OWN one of the broker's own making.
    """

    profile: str = ""
    interim_until: datetime | None = None
    requirements: tuple[Requirement, ...] = ()
    lifetimes: Lifetimes = Lifetimes()
    cooldown_share: float = 0.1
    exemptions: tuple[Exemption, ...] = ()

    def of(self, act: Act) -> Requirement:
        """What this act needs."""
        return next((one for one in self.requirements if one.act is act), Requirement(act))


OWN = "own"
"""The profile of a policy that is weaker than every shipped one, or simply another."""

BOUND = "bound_passkey"
"""Code of the reason by which only a passkey that stays on one device counts."""

BOUND_ACTS = frozenset(
    {Act.LOGIN, Act.ORDER, Act.WITHDRAWAL, Act.BANK_ACCOUNT, Act.CONTACT, Act.FACTOR, Act.API_KEY}
)
"""Acts that are proved one by one. A page is proved by the session, which does not say by which passkey."""

EXPIRED = "session_expired"
"""Code of the reason by which a session is over: its age, or that nobody used it."""
