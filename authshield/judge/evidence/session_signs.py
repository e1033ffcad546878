"""Who is it? Signs of the device, the network and the session. Each grows with suspicion. Pure.

-1 stands for what the account trusts: a device or a network of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from authshield.vocabulary.actions import Strength

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authshield.vocabulary.features import FactValue

    Facts = Mapping[str, FactValue]

OWN = -1.0
RELAYS = frozenset({"hosting", "anonymizer"})
FASTEST_KMH = 900.0
"""No passenger flight is faster."""

FRESH_HOURS = (1.0, 24.0, 72.0)

HOME_DAYS = 5.0
"""Longer than most thieves stay."""

NEAR, FAR = 0.3, 1.3
"""Nats of surprise at a network."""

ALIKE = 3.0

MOST_OF_TRUSTED = 3.0
"""The step of a trusted device on a network that is not familiar."""

HARDLY_KNOWN, KNOWN = 3, 6
"""Sign-ins learnt."""

NO_LOOKS = -100.0


def number(facts: Facts, name: str) -> float:
    """A fact as a number."""
    value = facts[name]
    if type(value) is float:
        return value
    return float(value) if isinstance(value, (bool, int, float)) else 0.0


def _surprise(facts: Facts, name: str) -> float:
    found = number(facts, name)
    return found if found > 0 else OWN


def network(facts: Facts) -> float:
    """How unexpected the network is. What has been there from the start is the account's own."""
    if not facts["account.logins"]:
        return OWN
    return _surprise(facts, "network.surprise")


def stranger(facts: Facts) -> float:
    """What ``together`` says; but who is hardly known can hardly surprise."""
    found, times = together(facts), number(facts, "account.logins")
    if found <= MOST_OF_TRUSTED or times >= KNOWN:
        return found
    return max(MOST_OF_TRUSTED, found - 1) if times >= HARDLY_KNOWN else MOST_OF_TRUSTED


def together(facts: Facts) -> float:
    """From 0, an address of the account's own, by trusted devices elsewhere (3) to strange devices far away (6).

    One of the two new is everyday, both are not; and who signs in from where they have signed in for days is at home,
    whatever the device. A new device is a new telephone more often than one that keeps coming back untrusted.
    """
    is_back = bool(facts["device.is_seen"]) and not facts["device.is_trusted"]
    if number(facts, "network.address_days") > HOME_DAYS:
        return 1.0 if is_back else 0.0
    far = number(facts, "network.surprise")
    if facts["network.is_familiar"] and far < NEAR:
        return 1.0
    if facts["device.is_trusted"]:
        return 2.0 if facts["network.is_familiar"] else 3.0
    if facts["network.is_familiar"]:
        return 4.0
    if far >= FAR and facts["network.kind"] != "mobile":
        return 6.0
    return 5.0 if is_back or number(facts, "device.likeness") > ALIKE else 4.0


def untrusted(facts: Facts) -> float:
    """Whether the account does not trust the device (yet)."""
    return float(not facts["device.is_trusted"])


def shared(facts: Facts) -> float:
    """How many accounts a device that is not trusted was used for within a day."""
    return 0.0 if facts["device.is_trusted"] else number(facts, "device.accounts_24h")


def away(facts: Facts) -> float:
    """Whether the network is none that the account usually uses."""
    return float(not facts["network.is_familiar"])


def relay(facts: Facts) -> float:
    """Whether it is a network that people do not live in, and not one that the account usually uses."""
    return float(facts["network.kind"] in RELAYS and not facts["network.is_familiar"])


def looks(facts: Facts) -> float:
    """How unlike the browser is to itself, or a new one to any that is trusted."""
    return -number(facts, "device.likeness")


def changed_looks(facts: Facts) -> float:
    """How unlike itself a device looks that has been here before: its cookie may be in other hands."""
    return looks(facts) if facts["device.is_seen"] else NO_LOOKS


def device_proof(facts: Facts) -> float:
    """0 valid, 1 none and none expected, 2 none where one was expected, 3 invalid."""
    proof = facts["device.proof"]
    if proof == "valid":
        return 0.0
    if proof == "invalid":
        return 3.0
    return 2.0 if facts["device.proof_missed"] else 1.0


def browser(facts: Facts) -> float:
    """Whether the account never used this browser family and system."""
    return float(not facts["device.browser_seen"])


def hour(facts: Facts) -> float:
    """How unexpected the hour is."""
    return number(facts, "event.hour_surprise")


def travel(facts: Facts) -> float:
    """Whether nobody travels so fast, but for a device that the account trusts."""
    return float(number(facts, "network.travel_kmh") > FASTEST_KMH and not facts["device.is_trusted"])


def moved(facts: Facts) -> float:
    """1 another network than at the sign-in and not a familiar one, 2 another browser or device, 3 both."""
    is_other = bool(facts["session.browser_changed"] or facts["session.device_changed"])
    has_moved = bool(facts["session.network_changed"] or facts["session.country_changed"])
    if is_other:
        return 3.0 if has_moved else 2.0
    return float(has_moved and not facts["network.is_familiar"])


def sign_in(facts: Facts) -> float:
    """Evidence at the sign-in, in nats."""
    return number(facts, "session.login_evidence")


def unproved(facts: Facts) -> float:
    """0 a proof that cannot be relayed, 1 a code, 2 none."""
    strength = number(facts, "session.strength")
    if strength >= Strength.PHISHING_RESISTANT:
        return 0.0
    return 1.0 if strength >= Strength.OTP else 2.0


def changed(facts: Facts) -> float:
    """How lately contact data, bank account, password or factors were changed: 0 not in three days, 3 this hour."""
    hours = number(facts, "account.contact_changed_hours")
    return float(sum(hours < limit for limit in FRESH_HOURS))


def guessed(facts: Facts) -> float:
    """How often strangers tried the account's password in a day, this time included."""
    value = facts.get("velocity.login-strangers-24h", 0)
    return float(value) if isinstance(value, (int, float)) else 0.0
