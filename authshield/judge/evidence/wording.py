"""A sign in words, for the desk: what was seen, with its figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authshield.judge.evidence.order_signs import STAKE

if TYPE_CHECKING:
    from collections.abc import Callable

    from authshield.judge.evidence.sign import Sign


def say(sign: Sign, value: float) -> str:
    """One short line."""
    words = _WORDS.get(sign.code) or _WORDS.get(sign.code.replace("login:", "who:"))
    return sign.text if words is None else words(value)


def _known(known: str, unknown: str) -> Callable[[float], str]:
    return lambda value: known if value < 0 else f"{unknown} ({value:.1f} nats of surprise)"


def _one_of(*words: str) -> Callable[[float], str]:
    return lambda value: words[min(len(words) - 1, max(0, int(value)))]


def _share(words: str) -> Callable[[float], str]:
    return lambda value: words.format(f"{value:.0%}")


def _looks(value: float) -> str:
    if value == 0:
        return "nothing to compare the browser's looks with"
    return "the browser looks as expected" if value < 0 else "the browser looks unlike what is known"


def _impact(value: float) -> str:
    return "no buy, or its daily trade is unknown" if value < -8 else f"{10**value:.1%} of a day's trade"  # noqa: PLR2004


_WORDS: dict[str, Callable[[float], str]] = {
    "login:stranger": _one_of(
        "an address that the account has signed in from for days",
        "the account's own network",
        "a trusted device on a familiar network",
        "a trusted device on a network that is not familiar, or a customer who is hardly known",
        "a device that is not trusted, on a network that is familiar or not far",
        "a device that is not trusted on a network that is not familiar",
        "a device that is not trusted on a network that is not to be expected",
    ),
    "login:shared": lambda value: (
        f"{value:.0f} accounts on this device today" if value > 1 else "a device of one account"
    ),
    "login:looks": lambda value: "a known device looks unlike itself" if value > 0 else "looks as expected",
    "who:device": _one_of("a device that the account trusts", "a device that is not trusted"),
    "who:away": _one_of(
        "a network that the account usually uses", "not a network that the account usually uses"
    ),
    "who:network": _known("the account's own network", "a network that is not familiar"),
    "who:relay": _one_of("no hosting or anonymizing network", "a hosting or anonymizing network"),
    "who:looks": _looks,
    "who:device_proof": _one_of(
        "the device proved itself",
        "the device offered no proof",
        "the device used to prove itself and did not",
        "the device's proof is invalid",
    ),
    "who:browser": _one_of("a browser used before", "a browser never used before"),
    "who:hour": lambda value: "a usual hour" if value < 0.3 else "an unusual hour",  # noqa: PLR2004
    "who:travel": _one_of("no journey too fast", "too far from the last sign-in for any journey"),
    "who:moved": _one_of(
        "as at the sign-in",
        "another network than at the sign-in",
        "another browser or device than at the sign-in",
        "another browser or device on another network than at the sign-in",
    ),
    "who:sign_in": lambda value: f"the sign-in: {value:+.1f} nats",
    "who:unproved": _one_of(
        "proved by what cannot be relayed", "proved by a code", "no proof in this session"
    ),
    "who:changed": _one_of(
        "contact data and factors as they were",
        "contact data or factors changed within three days",
        "contact data or factors changed today",
        "contact data or factors changed within the hour",
    ),
    "login:guessed": lambda value: f"strangers tried the password {value:.0f} times in a day",
    "order:symbol": _known("a symbol of the account's own, or no buy", "a symbol new to the account"),
    "order:impact": _impact,
    "order:concentration": _share("{} of the buying power into one symbol"),
    "order:sold": _share("{} of the portfolio sold within half an hour"),
    "order:sale": _known("no large sale, or not unlike the account", "unlike the account to sell so much"),
    "order:reuse": _share("{} of the proceeds spent at once"),
    "order:market": lambda value: "a usual market" if value <= 0 else "a market new to the account",
    "order:margin": _one_of("nothing new on margin", "the account's first order on margin"),
    "order:pace": lambda value: f"{value:.0f} orders in ten minutes",
    "order:stake": lambda value: f"{STAKE * 10**value:,.0f} at stake",
    "order:hurry": lambda value: f"{-value:,.0f} seconds after the sign-in",
    "order:pump": _one_of("no pump", "sold out, then into a new symbol that the order moves"),
    "money:share": _share("{} of the account to be withdrawn"),
    "money:destination": _one_of(
        "to a bank account known for a month", "to a bank account of this month", "of this week", "of today"
    ),
    "campaign:crowd": lambda value: f"{-value:.0f} customers buy it too",
    "campaign:symbol": lambda value: f"others who buy it look like thieves ({value:.1f} nats)",
}
