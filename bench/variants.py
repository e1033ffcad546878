"""What is compared, and doing what. Must not import a peer: only the process that runs one does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    """One way to guard the site. ``note`` says how it is set up, ``is_peer`` that it claims to guard."""

    name: str
    title: str
    note: str
    is_peer: bool = True
    guards_orders: bool = False


@dataclass(frozen=True)
class Scenario:
    """One kind of request."""

    name: str
    title: str
    note: str


BARE, PING, AUTHSHIELD = "bare", "ping", "authshield"

VARIANTS = {
    variant.name: variant
    for variant in (
        Variant(BARE, "bare Django", "the site without any guard", is_peer=False),
        Variant(
            PING, "one PING", "bare, with one redis-py PING in the view: the floor of one trip", is_peer=False
        ),
        Variant(
            AUTHSHIELD,
            "AuthShield",
            "the shipped ruleset, enforced: 9 limits on a sign-in, 2 on an order; every rule, profile, session, "
            "the stream for the workers, the ledger line of an order",
            guards_orders=True,
        ),
        Variant(
            "axes",
            "django-axes",
            "cache handler on django-redis; two lockout parameters: name, address; not verbose",
        ),
        Variant(
            "defender",
            "django-defender",
            "as it comes: name and address, each attempt logged to the database",
        ),
        Variant("defender-nolog", "django-defender, no log", "the same without the log in the database"),
        Variant(
            "ratelimit",
            "django-ratelimit ×3",
            "three decorators on django-redis: address, name or user, user agent; counts successes too",
            guards_orders=True,
        ),
        Variant(
            "limits",
            "limits ×10",
            "sliding-window counters: five keys, each for 10 minutes and for a day; hit one after the other",
            guards_orders=True,
        ),
    )
}

LOGIN, TYPO, STRANGER, ORDER, PAGE = "login", "typo", "stranger", "order", "page"

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            STRANGER, "guess by a stranger", "a wrong password from a browser and an address never seen"
        ),
        Scenario(TYPO, "owner's typing error", "a wrong password from the owner's browser and address"),
        Scenario(LOGIN, "sign-in", "the right password from the owner's browser and address"),
        Scenario(ORDER, "order", "an order of a signed-in customer that is let through"),
        Scenario(PAGE, "page", "a plain page of a signed-in customer"),
    )
}
