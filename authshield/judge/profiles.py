"""The shipped profiles of the assurance policy, and what makes another policy weaker than one of them.

Sources: JSDA guideline on unauthorised access, 15 Oct 2025; NIST SP 800-63B-4; PSD2 RTS (EU) 2018/389. Must not be
read as legal advice: docs/assurance.md says what each line rests on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from authshield.vocabulary.actions import Strength
from authshield.vocabulary.assurance import OWN, Act, Assurance, Lifetimes, Requirement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_NONE, _OTP, _STRONG = Strength.NONE, Strength.OTP, Strength.PHISHING_RESISTANT

_SECURITY = Requirement(Act.SECURITY, at_most=_STRONG, max_age_seconds=15 * _MINUTE)
_WAY_BACK = Requirement(Act.WAY_BACK, at_most=_STRONG)
_CONTACT = Requirement(Act.CONTACT, _OTP, at_most=_STRONG)
_FACTOR = Requirement(Act.FACTOR, _OTP, at_most=_STRONG, known_device=True)
_API_KEY = Requirement(Act.API_KEY, _OTP, at_most=_STRONG, known_device=True)

JSDA = Assurance(
    profile="jsda-2025",
    interim_until=datetime(2028, 3, 31, 15, 0, tzinfo=UTC),
    requirements=(
        Requirement(Act.LOGIN, _STRONG, interim=_NONE),
        Requirement(Act.VIEW),
        Requirement(Act.ORDER, cooldown_seconds=_DAY),
        Requirement(Act.WITHDRAWAL, _STRONG, interim=_OTP, cooldown_seconds=_DAY),
        Requirement(Act.BANK_ACCOUNT, _STRONG, interim=_OTP, at_most=_STRONG),
        _CONTACT,
        _FACTOR,
        _API_KEY,
        _SECURITY,
        _WAY_BACK,
        Requirement(Act.FREEZE_RELEASE, _STRONG, interim=_OTP, max_age_seconds=15 * _MINUTE),
    ),
    # The guideline names no times: who left a page open over a trading day is not asked, who did over night is.
    lifetimes=Lifetimes(_DAY // 2, 7 * _DAY, _DAY // 3, _DAY),
)
JSDA_PASSKEYS = replace(
    JSDA,
    profile="jsda-2025-passkeys",
    interim_until=None,
    requirements=tuple(replace(one, interim=None) for one in JSDA.requirements),
)
"""The same once its interim is over, for a broker whose customers have passkeys already."""

NIST = Assurance(
    profile="nist-800-63b-4",
    requirements=(
        Requirement(Act.LOGIN, _OTP),
        Requirement(Act.VIEW),
        Requirement(Act.ORDER, _OTP, max_age_seconds=_DAY // 2, cooldown_seconds=_DAY),
        Requirement(Act.WITHDRAWAL, _OTP, at_most=_STRONG, cooldown_seconds=_DAY),
        Requirement(Act.BANK_ACCOUNT, _OTP, at_most=_STRONG),
        _CONTACT,
        _FACTOR,
        _API_KEY,
        _SECURITY,
        _WAY_BACK,
        Requirement(Act.FREEZE_RELEASE, _STRONG, max_age_seconds=15 * _MINUTE),
    ),
    lifetimes=Lifetimes(_HOUR, _DAY, _HOUR // 4, _DAY // 2),
)
NIST_AAL3 = replace(
    NIST,
    profile="nist-800-63b-4-aal3",
    requirements=(
        Requirement(Act.LOGIN, _STRONG, device_bound=True),
        Requirement(Act.VIEW),
        Requirement(Act.ORDER, _STRONG, cooldown_seconds=_DAY, device_bound=True),
        Requirement(Act.WITHDRAWAL, _STRONG, cooldown_seconds=_DAY, device_bound=True),
        Requirement(Act.BANK_ACCOUNT, _STRONG, device_bound=True),
        Requirement(Act.CONTACT, _STRONG, device_bound=True),
        _FACTOR,  # by it the first such passkey comes in
        Requirement(Act.API_KEY, _STRONG, known_device=True, device_bound=True),
        _SECURITY,
        _WAY_BACK,
        Requirement(Act.FREEZE_RELEASE, _STRONG, max_age_seconds=15 * _MINUTE),
    ),
    lifetimes=Lifetimes(_HOUR // 4, _DAY // 2, _HOUR // 4, _DAY // 2),
)
"""Every proof by a key that cannot be copied. Whoever has none can look on, and trades once it is set up."""

PSD2 = Assurance(
    profile="psd2",
    requirements=(
        Requirement(Act.LOGIN, _OTP),
        Requirement(Act.VIEW),
        Requirement(Act.ORDER, _OTP, cooldown_seconds=_DAY),
        Requirement(Act.WITHDRAWAL, _OTP, at_most=_STRONG, cooldown_seconds=_DAY),
        Requirement(Act.BANK_ACCOUNT, _OTP, at_most=_STRONG),
        _CONTACT,
        _FACTOR,
        _API_KEY,
        _SECURITY,
        _WAY_BACK,
        Requirement(Act.FREEZE_RELEASE, _OTP, max_age_seconds=15 * _MINUTE),
    ),
    lifetimes=Lifetimes(5 * _MINUTE, _DAY, 5 * _MINUTE, _DAY // 2),
)
PROFILES: Mapping[str, Assurance] = {one.profile: one for one in (JSDA, JSDA_PASSKEYS, NIST, NIST_AAL3, PSD2)}


def weaker(policy: Assurance) -> Iterator[tuple[str, str]]:
    """Where a policy asks for less than the profile whose name it bears, as pairs of path and words."""
    profile = PROFILES.get(policy.profile)
    if profile is None:
        return
    for base in profile.requirements:
        for name in _less(policy.of(base.act), base):
            yield f"requirements.{base.act}", f"{name} is weaker than in the profile {profile.profile}"
    own = dict(policy.lifetimes)
    for name, seconds in profile.lifetimes:
        if seconds and not 0 < own[name] <= seconds:
            yield f"lifetimes.{name}", f"{own[name]} is longer than in the profile {profile.profile}"
    if policy.cooldown_share > profile.cooldown_share:
        yield "cooldown_share", f"is larger than in the profile {profile.profile}"
    if profile.interim_until is None and any(one.interim is not None for one in policy.requirements):
        yield (
            "interim_until",
            f"the profile {profile.profile} knows no interim; a policy with one is your own",
        )


def _less(one: Requirement, base: Requirement) -> Iterator[str]:
    if one.required < base.required:
        yield "required"
    if (one.required if one.interim is None else one.interim) < (
        base.required if base.interim is None else base.interim
    ):
        yield "interim"
    if max(one.at_most, one.required) < base.at_most:
        yield "at_most"
    if one.cooldown_seconds < base.cooldown_seconds:
        yield "cooldown_seconds"
    if (base.required or base.at_most) and one.max_age_seconds > base.max_age_seconds:
        yield "max_age_seconds"
    if base.device_bound and not one.device_bound:
        yield "device_bound"
    if base.known_device and not one.known_device:
        yield "known_device"


def named(profile: str) -> Assurance:
    """The shipped profile of that name; nothing at all for OWN. Raises ``KeyError`` for an unknown one."""
    return Assurance(profile=OWN) if profile == OWN else PROFILES[profile]
