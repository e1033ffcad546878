"""What is compared, and doing what. Must not import a peer: only the process that runs one does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    """One kind of request."""

    name: str
    title: str
    note: str


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
SIGNING_IN = (STRANGER, TYPO, LOGIN)


@dataclass(frozen=True)
class Variant:
    """One way to guard the site. ``note`` says how it is set up, ``guards`` which requests it looks at.

    ``contends``: it claims to stop guesses, so it has to show how many, and what it does without Redis.
    """

    name: str
    title: str
    note: str
    guards: tuple[str, ...] = (*SIGNING_IN, ORDER)
    contends: bool = False
    is_peer: bool = True


BARE, PING, ROW, AUTHSHIELD, VIEW = "bare", "ping", "row", "authshield", "drf-view"

VARIANTS = {
    variant.name: variant
    for variant in (
        Variant(BARE, "bare Django", "the site without any guard", tuple(SCENARIOS), is_peer=False),
        Variant(
            PING,
            "one PING",
            "bare, with one redis-py PING in the view: the floor of one trip",
            tuple(SCENARIOS),
            is_peer=False,
        ),
        Variant(
            ROW,
            "one ledger row",
            "bare, with the INSERT of one ready row of AuthShield's ledger in the order's transaction: the floor of "
            "writing one",
            (ORDER,),
            is_peer=False,
        ),
        Variant(
            AUTHSHIELD,
            "AuthShield",
            "the shipped ruleset, enforced: {login} limits on a sign-in, {order} on an order, {request} on a page; "
            "every rule, profile, session, the stream for the workers, the ledger line of an order",
            tuple(SCENARIOS),
            contends=True,
        ),
        Variant(
            "axes",
            "django-axes, cache",
            "cache handler on django-redis; two lockout parameters: name, address; not verbose",
            SIGNING_IN,
            contends=True,
        ),
        Variant(
            "axes-database",
            "django-axes, database",
            "the same with the database handler, which is its default",
            SIGNING_IN,
            contends=True,
        ),
        Variant(
            "defender",
            "django-defender",
            "as it comes: name and address, each attempt logged to the database",
            SIGNING_IN,
            contends=True,
        ),
        Variant(
            "defender-nolog",
            "django-defender, no log",
            "the same without the log in the database",
            SIGNING_IN,
        ),
        Variant(
            "ratelimit",
            "django-ratelimit ×3",
            "three decorators on django-redis: address, name or user, user agent; counts successes too",
            contends=True,
        ),
        Variant(
            "ratelimit10",
            "django-ratelimit ×10",
            "ten decorators on django-redis: name or user, address, /24, user agent, name with address; each for 10 "
            "minutes and for a day",
        ),
        Variant(
            "ratelimit10-own",
            "django-ratelimit ×10, Django's cache",
            "the same on Django's own Redis cache instead of django-redis",
        ),
        Variant(
            "limits",
            "limits ×10",
            "sliding-window counters: the same ten; hit one after the other",
            contends=True,
        ),
        Variant(
            "allauth",
            "django-allauth",
            "its rate limits on django-redis, as its sign-in uses them: `login` an address, `login_failed` an "
            "address and a name; on orders three: address, user, user a day",
            contends=True,
        ),
        Variant(
            VIEW,
            "REST framework, view alone",
            "the view as `@api_view`, without throttles: what to take off the next line for the throttles alone",
            is_peer=False,
        ),
        Variant(
            "drf",
            "REST framework ×3",
            "that view with three throttles on django-redis, a minute each: name or user, address, both",
            contends=True,
        ),
        Variant(
            "otp",
            "django-otp",
            "its middleware; the customer's TOTP device counts as verified from the sign-in on, orders and pages ask "
            "for `is_verified()`; it limits nothing",
            (LOGIN, ORDER, PAGE),
        ),
    )
}

CONTENDERS = tuple(name for name, variant in VARIANTS.items() if variant.contends)


def guarding(scenario: str, among: tuple[str, ...] = tuple(VARIANTS)) -> list[str]:
    """The variants that look at such requests, bare and PING included."""
    return [name for name in among if scenario in VARIANTS[name].guards]
