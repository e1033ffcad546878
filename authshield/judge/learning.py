"""What an event may teach the account's profile. Pure, and shared by live requests and replays.

Nothing is learnt from a stopped event. Trust comes from a proof that cannot be relayed, from a device or a warm-up
that has it already, or from age; never from a code that a phisher could have passed on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from authshield.vocabulary.actions import Strength
from authshield.vocabulary.event import HOLDABLE, Event, Kind, Login
from authshield.vocabulary.quick import quick

if TYPE_CHECKING:
    from authshield.vocabulary.decision import Outcome
    from authshield.vocabulary.features import Features


TEACHING = frozenset({"account.logins", "device.is_trusted"})
"""The facts that a lesson may rest on."""

TEACHING_NOTHING = frozenset({Kind.FACTOR_ATTEMPT, Kind.PASSWORD_RESET})
"""Tries at a secret: whoever makes them has not got in yet."""


@quick
@dataclass(frozen=True, slots=True)
class Learning:
    """Whether the profile learns from an event, and whether what it learns is trusted at once."""

    learn: bool
    trust: bool


def learning(
    event: Event,
    outcome: Outcome,
    features: Features,
    *,
    warm_up: bool = False,
    trust_first_device: bool = False,
) -> Learning:
    """Decide what may be learnt. ``warm_up`` is the time in which a new installation only watches."""
    subject = event.subject
    is_no_use = event.kind in TEACHING_NOTHING or (isinstance(subject, Login) and not subject.succeeded)
    if not outcome.happened or is_no_use:
        return Learning(learn=False, trust=False)
    is_first = trust_first_device and not features.is_missing and features.facts["account.logins"] == 0
    proof = proof_of(event, outcome)
    # Another device has confirmed this very order, not the device that asked for it.
    is_of_operation = proof == Strength.OOB and event.kind in HOLDABLE
    has_strong_proof = proof >= Strength.PHISHING_RESISTANT and not is_of_operation
    trust = warm_up or has_strong_proof or is_first or bool(features.facts["device.is_trusted"])
    return Learning(learn=True, trust=trust)


def proof_of(event: Event, outcome: Outcome) -> Strength:
    """The strongest proof given with an event: a passkey used to sign in, or the challenge that was passed."""
    if isinstance(event.subject, Login) and event.subject.succeeded and event.subject.method == "passkey":
        return max(outcome.proved, Strength.PHISHING_RESISTANT)
    return outcome.proved
