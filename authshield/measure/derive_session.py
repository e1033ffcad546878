"""The facts of a session: how old, how idle, what was proved in it, whether it is still the same. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authshield.vocabulary.facts import NEVER_SECONDS

if TYPE_CHECKING:
    from authshield.measure.reply import Reading
    from authshield.vocabulary.event import Event
    from authshield.vocabulary.features import FactValue

BINDING_MS = 30_000


def session_facts(facts: dict[str, FactValue], event: Event, reading: Reading, at: int) -> None:
    """Put in what is known of an event's session; ``reading`` has one."""
    session = reading.session
    bound = session.get("bound", 0)
    if bound:
        # What was on its way when the browser got the cookie for the first time comes without.
        is_late = at > bound + BINDING_MS and not event.device.is_held
        facts["session.is_bound"] = True
        facts["session.key_missing"] = bool(facts["session.key_missing"]) or is_late
    proof = session.get("proof", 0)
    facts["session.age_seconds"] = max(0, at - session.get("started", at)) / 1000
    seen = max(session.get("started", at), reading.seen_before_ms)
    facts["session.idle_seconds"] = max(0, at - seen) / 1000
    facts["session.login_risk"] = float(session.get("risk", 0.0))
    facts["session.login_evidence"] = float(session.get("nats", 0.0))
    facts["session.score"] = float(session.get("score", 0.0))
    facts["session.peak"] = float(session.get("peak", 0.0))
    facts["session.strength"] = session.get("strength", 0)
    facts["session.proof_age_seconds"] = max(0, at - proof) / 1000 if proof else NEVER_SECONDS
    facts["session.is_ended"] = bool(session.get("ended")) or _is_cut_off(reading)
    # A device that had a cookie at the sign-in and comes without one now is another device.
    facts["session.device_changed"] = reading.is_other_device
    facts["session.browser_changed"] = _differs(session.get("browser", ""), event.client.browser)
    facts["session.network_changed"] = _differs(session.get("asn", 0), event.network.asn)
    facts["session.country_changed"] = _differs(session.get("country", ""), event.network.country)


def _is_cut_off(reading: Reading) -> bool:
    """Whether all sessions of the account were ended after this one began, and it was not the one to stay."""
    cut = reading.account.get("cut", 0)
    return bool(reading.session.get("started", cut + 1) <= cut and reading.session.get("spared", 0) < cut)


def _differs(then: str | int, now: str | int) -> bool:
    return bool(then) and bool(now) and then != now
