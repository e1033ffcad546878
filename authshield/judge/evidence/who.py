"""The signs of who it is, with their steps. What each step weighs stands in ``weights.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authshield.judge.evidence import session_signs
from authshield.judge.evidence.sign import LATER, LOGIN, SESSION, Sign

if TYPE_CHECKING:
    from authshield.judge.evidence.sign import Read


def _at_both(
    name: str, *, edges: tuple[float, ...], read: Read, facts: tuple[str, ...], text: str
) -> tuple[Sign, Sign]:
    """The same sign at the sign-in and later, where it weighs something else: by then it is known of the sign-in."""
    return (
        Sign(f"login:{name}", SESSION, LOGIN, edges, read, facts, text),
        Sign(f"who:{name}", SESSION, LATER, edges, read, facts, text),
    )


_NETWORK = ("network.surprise", "account.logins")

WHO: tuple[Sign, ...] = (
    Sign(
        "login:stranger",
        SESSION,
        LOGIN,
        edges=(0.5, 1.5, 2.5, 3.5, 4.5, 5.5),
        read=session_signs.stranger,
        facts=(
            "device.is_trusted",
            "device.is_seen",
            "device.likeness",
            "network.address_days",
            "network.is_familiar",
            "network.surprise",
            "network.kind",
            "account.logins",
        ),
        text="device and network together",
    ),
    Sign(
        "login:shared",
        SESSION,
        LOGIN,
        edges=(1.5, 2.5),
        read=session_signs.shared,
        facts=("device.accounts_24h", "device.is_trusted"),
        text="accounts on this device",
    ),
    Sign(
        "who:device",
        SESSION,
        LATER,
        edges=(0.5,),
        read=session_signs.untrusted,
        facts=("device.is_trusted",),
        text="device",
    ),
    Sign(
        "who:away",
        SESSION,
        LATER,
        edges=(0.5,),
        read=session_signs.away,
        facts=("network.is_familiar",),
        text="network that is not the usual one",
    ),
    Sign(
        "login:network",
        SESSION,
        LOGIN,
        edges=(-0.5, 0.01, 0.2, 0.3, 0.4, 0.55, 0.75, 0.9, 1.1, 1.3, 1.6, 2.0, 2.5, 3.0, 3.5, 4.5),
        read=session_signs.network,
        facts=_NETWORK,
        text="network",
    ),
    Sign(
        "who:network",
        SESSION,
        LATER,
        edges=(-0.5, 0.01, 0.7, 1.5, 2.5, 3.5),
        read=session_signs.network,
        facts=_NETWORK,
        text="network",
    ),
    *_at_both(
        "relay",
        edges=(0.5,),
        read=session_signs.relay,
        facts=(
            "network.kind",
            "network.is_familiar",
        ),
        text="hosting or anonymizing network",
    ),
    Sign(
        "login:looks",
        SESSION,
        LOGIN,
        edges=(3.0, 8.0),
        read=session_signs.changed_looks,
        facts=("device.likeness", "device.is_seen"),
        text="a known device's looks",
    ),
    Sign(
        "who:looks",
        SESSION,
        LATER,
        edges=(0.01, 2.0, 4.0),
        read=session_signs.looks,
        facts=("device.likeness",),
        text="the browser's looks since the sign-in",
    ),
    *_at_both(
        "device_proof",
        edges=(0.5, 1.5, 2.5),
        read=session_signs.device_proof,
        facts=(
            "device.proof",
            "device.proof_missed",
        ),
        text="the device's proof",
    ),
    Sign(
        "who:browser",
        SESSION,
        LATER,
        edges=(0.5,),
        read=session_signs.browser,
        facts=("device.browser_seen",),
        text="browser never used before",
    ),
    *_at_both(
        "hour",
        edges=(0.3, 1.0, 2.0),
        read=session_signs.hour,
        facts=("event.hour_surprise",),
        text="hour of the day",
    ),
    *_at_both(
        "travel",
        edges=(0.5,),
        read=session_signs.travel,
        facts=(
            "network.travel_kmh",
            "device.is_trusted",
        ),
        text="too far from the last sign-in",
    ),
    Sign(
        "who:moved",
        SESSION,
        LATER,
        edges=(0.5, 1.5, 2.5),
        read=session_signs.moved,
        facts=(
            "session.browser_changed",
            "session.device_changed",
            "session.network_changed",
            "session.country_changed",
            "network.is_familiar",
        ),
        text="changed since the sign-in",
    ),
    Sign(
        "who:sign_in",
        SESSION,
        LATER,
        edges=(-4.0, -3.0, -2.2, -1.5, -0.8, 0.0, 1.0, 2.0, 3.0, 4.5),
        read=session_signs.sign_in,
        facts=("session.login_evidence",),
        text="evidence at the sign-in",
    ),
    Sign(
        "who:unproved",
        SESSION,
        LATER,
        edges=(0.5, 1.5),
        read=session_signs.unproved,
        facts=("session.strength",),
        text="proof in the session",
    ),
    Sign(
        "who:changed",
        SESSION,
        LATER,
        edges=(0.5, 1.5, 2.5),
        read=session_signs.changed,
        facts=("account.contact_changed_hours",),
        text="contact data or factors changed",
    ),
    Sign(
        "login:guessed",
        SESSION,
        LOGIN,
        edges=(1.5, 3.5, 8.5),
        read=session_signs.guessed,
        facts=("velocity.login-strangers-24h",),
        text="guessed at",
    ),
)
