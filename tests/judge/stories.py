"""What people and thieves do, as facts: for each shipped rule a story that it is for, and a harmless neighbour."""

from __future__ import annotations

from typing import Any

from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import Kind

HOME: dict[str, Any] = {
    "account.exists": True,
    "account.logins": 40,
    "account.age_days": 90.0,
    "device.has_cookie": True,
    "device.is_seen": True,
    "device.is_trusted": True,
    "device.browser_seen": True,
    "device.proof": "valid",
    "network.is_familiar": True,
    "network.prefix_seen": True,
    "network.asn_seen": True,
    "network.country": "JP",
    "network.country_seen": True,
    "login.method": "password",
    "order.learnt": 20,
    "order.side": "buy",
    "order.value": 250_000,
    "order.portfolio_share": 0.05,
    "order.adv": 90_000_000_000,
    "order.symbol_seen": True,
    "order.market_seen": True,
    "withdrawal.value": 100_000,
    "withdrawal.destination_age_days": 400.0,
}
"""A customer on her own device at home, who trades as she always does."""

NEW_DEVICE = {
    "device.is_seen": False,
    "device.is_trusted": False,
    "device.has_cookie": False,
    "device.proof": "",
}
LOST_COOKIE = NEW_DEVICE | {"device.likeness": 10.0, "device.is_twin": True, "device.surprise": 2.0}
ELSEWHERE = {"network.is_familiar": False, "network.prefix_seen": False, "network.asn_seen": False}
STRANGER = NEW_DEVICE | ELSEWHERE | {"session.is_unusual": True}
COLD = {"account.is_cold": True, "account.logins": 1, "account.age_days": 0.1, "order.learnt": 0}
THIN = {"order.adv": 9_000_000, "order.is_thin": True, "order.symbol_seen": False, "order.adv_share": 0.3}
SOLD = {"order.liquidation_30m": 0.7, "order.liquidation_24h": 0.7}
SPENT = {"order.reuse": 0.9, "order.concentration": 0.8, "order.portfolio_share": 0.6}
UNLIKE = {"order.sale_surprise": 2.8, "order.thin_surprise": 3.2}
"""An account that never sold so much, nor bought what it moves the price of."""

SELL = {"order.side": "sell"}
MOVED = {"session.browser_changed": True, "session.network_changed": True}

Facts = dict[str, Any]
STORIES: dict[str, tuple[Kind, Facts, Facts]] = {
    "listed-blocked": (Kind.LOGIN, {"lists.ip": ["blocked"]}, {"lists.ip": ["watched"]}),
    "listed-watched": (Kind.LOGIN, {"lists.device": ["watched"]}, {"lists.device": []}),
    "listed-symbol-restricted": (Kind.ORDER, {"lists.symbol": ["restricted"]}, SELL),
    "listed-symbol-watched": (Kind.ORDER, {"lists.symbol": ["watched"]}, SELL),
    "login-shared-device": (Kind.LOGIN, {"device.accounts_24h": 5} | NEW_DEVICE, {"device.accounts_24h": 2}),
    "login-bad-proof": (Kind.LOGIN, ELSEWHERE | {"device.proof": "invalid"}, {"network.prefix_seen": True}),
    "login-cloned": (Kind.LOGIN, {"device.is_cloned": True}, {"login.method": "passkey"}),
    "login-stranger": (Kind.LOGIN, NEW_DEVICE | ELSEWHERE, {"network.is_familiar": True}),
    "login-newcomer": (Kind.LOGIN, NEW_DEVICE | ELSEWHERE | COLD, {"account.age_days": 3.0}),
    "login-guessed": (
        Kind.LOGIN,
        NEW_DEVICE | ELSEWHERE | {"velocity.login-strangers-30d": 9},
        {"velocity.login-strangers-30d": 2},
    ),
    "login-staff": (Kind.LOGIN, {"account.is_staff": True} | NEW_DEVICE, {"device.is_trusted": True}),
    "login-suspect": (Kind.LOGIN, {"account.is_suspect": True} | NEW_DEVICE, {"device.is_trusted": True}),
    "order-suspect": (Kind.ORDER, {"account.is_suspect": True} | NEW_DEVICE, {"device.is_trusted": True}),
    "request-moved": (Kind.REQUEST, MOVED, {"session.strength": 2, "session.proof_age_seconds": 60.0}),
    "request-key-missing": (
        Kind.REQUEST,
        {"session.key_missing": True},
        {"session.strength": 2, "session.proof_age_seconds": 60.0},
    ),
    "request-cloned": (
        Kind.REQUEST,
        {"device.is_cloned": True},
        {"session.strength": 2, "session.proof_age_seconds": 60.0},
    ),
    "order-pump-pattern": (Kind.ORDER, SOLD | SPENT | THIN | UNLIKE, {"order.concentration": 0.2}),
    "order-thin-stranger": (Kind.ORDER, STRANGER | THIN, {"session.is_unusual": False}),
    "order-thin-weak": (
        Kind.ORDER,
        NEW_DEVICE | THIN | {"order.portfolio_share": 0.6},
        {"device.is_trusted": True},
    ),
    "order-liquidation-stranger": (Kind.ORDER, STRANGER | SELL | SOLD, {"order.liquidation_30m": 0.2}),
    "order-proceeds-stranger": (
        Kind.ORDER,
        STRANGER | SOLD | SPENT | {"order.symbol_seen": False},
        {"order.symbol_seen": True},
    ),
    "order-unusual-pattern": (
        Kind.ORDER,
        STRANGER | {"order.symbol_seen": False, "order.portfolio_share": 0.2},
        {"order.symbol_seen": True},
    ),
    "order-first-margin": (
        Kind.ORDER,
        NEW_DEVICE | {"order.is_first_margin": True},
        {"device.is_trusted": True},
    ),
    "order-moved": (Kind.ORDER, MOVED, {"session.browser_changed": False}),
    "order-key-missing": (Kind.ORDER, {"session.key_missing": True}, {"session.key_missing": False}),
    "order-cloned": (Kind.ORDER_CHANGE, {"device.is_cloned": True}, {"change.kind": "cancel"}),
    "order-bad-proof": (Kind.ORDER, ELSEWHERE | {"device.proof": "invalid"}, {"network.prefix_seen": True}),
    "order-contact-changed": (
        Kind.ORDER,
        NEW_DEVICE | {"account.contact_changed_hours": 3.0, "order.portfolio_share": 0.3},
        {"account.contact_changed_hours": 30.0},
    ),
    "amend-unknown-order": (
        Kind.ORDER_CHANGE,
        NEW_DEVICE | {"change.kind": "amend", "order.side": ""},
        {"change.kind": "cancel"},
    ),
    "late-score-deny": (Kind.ORDER, {"session.score": 95.0}, {"session.score": 85.0}),
    "withdrawal-proof": (Kind.WITHDRAWAL, {}, {}),
    "withdrawal-new-destination": (
        Kind.WITHDRAWAL,
        {"withdrawal.destination_age_days": 1.0},
        {"withdrawal.destination_age_days": 8.0},
    ),
    "withdrawal-stranger": (Kind.WITHDRAWAL, STRANGER, {"session.is_unusual": False}),
    "profile-proof": (Kind.PROFILE_CHANGE, {}, {"profile.field": "mfa", "profile.is_first": True}),
    "profile-stranger": (Kind.PROFILE_CHANGE, STRANGER, {"session.is_unusual": False}),
    "order-value-stranger": (
        Kind.ORDER,
        STRANGER | {"velocity.order-value-24h": 40_000_000},
        {"session.is_unusual": False},
    ),
}

LOGINS = [
    ("an unknown browser at home", NEW_DEVICE | {"device.browser_seen": False}, Action.ALLOW, Strength.NONE),
    ("an own device abroad", ELSEWHERE | {"network.country_seen": False}, Action.ALLOW, Strength.NONE),
    ("both unknown", NEW_DEVICE | ELSEWHERE, Action.CHALLENGE, Strength.PHISHING_RESISTANT),
    ("both unknown, but it looks like her phone", LOST_COOKIE | ELSEWHERE, Action.ALLOW, Strength.NONE),
    (
        "that on a network that is a surprise",
        LOST_COOKIE | ELSEWHERE | {"network.surprise": 4.0, "event.hour_surprise": 1.5},
        Action.CHALLENGE,
        Strength.PHISHING_RESISTANT,
    ),
    (
        "both unknown, by passkey",
        NEW_DEVICE | ELSEWHERE | {"login.method": "passkey"},
        Action.ALLOW,
        Strength.NONE,
    ),
    (
        "an account without history",
        NEW_DEVICE | ELSEWHERE | COLD | {"account.logins": 0},
        Action.ALLOW,
        Strength.NONE,
    ),
    (
        "a young account on its new phone",
        ELSEWHERE | COLD | {"device.is_trusted": False},
        Action.ALLOW,
        Strength.NONE,
    ),
    ("an account of yesterday, all new", NEW_DEVICE | ELSEWHERE | COLD, Action.CHALLENGE, Strength.ANY),
    (
        "a young account, all new",
        NEW_DEVICE | ELSEWHERE | COLD | {"account.age_days": 5.0},
        Action.ALLOW,
        Strength.NONE,
    ),
    (
        "an old account's phone of last week, away",
        ELSEWHERE | {"device.is_trusted": False},
        Action.ALLOW,
        Strength.NONE,
    ),
    (
        "an old account's phone of last week, at home",
        {"device.is_trusted": False},
        Action.ALLOW,
        Strength.NONE,
    ),
    ("staff on a new device", NEW_DEVICE | {"account.is_staff": True}, Action.CHALLENGE, Strength.OTP),
]

FIRST_BUY = {"order.symbol_seen": False, "order.portfolio_share": 0.05}
ORDERS = [
    ("alice buys a large cap at home", FIRST_BUY, Action.ALLOW, Strength.NONE),
    ("alice buys it from a new browser at home", NEW_DEVICE | FIRST_BUY, Action.ALLOW, Strength.NONE),
    ("alice buys a small lot of it as a stranger", STRANGER | FIRST_BUY, Action.ALLOW, Strength.NONE),
    (
        "bob leaves his index funds as a stranger",
        STRANGER | FIRST_BUY | {"order.portfolio_share": 0.2},
        Action.CHALLENGE,
        Strength.OTP,
    ),
    ("a legitimate liquidation at home", SELL | SOLD, Action.ALLOW, Strength.NONE),
    (
        "a rally in a thin name at home",
        THIN | {"order.portfolio_share": 0.4, "order.symbol_buyers_60m": 9},
        Action.ALLOW,
        Strength.NONE,
    ),
    (
        "a fifth of the holdings sold as a stranger",
        STRANGER | SELL | {"order.liquidation_30m": 0.2, "order.liquidation_24h": 0.2},
        Action.ALLOW,
        Strength.NONE,
    ),
    ("golden scenario, the sales", STRANGER | SELL | SOLD, Action.CHALLENGE, Strength.PHISHING_RESISTANT),
    ("golden scenario, the thin buy", STRANGER | SOLD | SPENT | THIN, Action.HOLD, Strength.NONE),
    ("the thin buy on a new account", STRANGER | COLD | THIN, Action.CHALLENGE, Strength.PHISHING_RESISTANT),
    (
        "the thin buy by night",
        STRANGER | THIN | {"order.is_queued": True},
        Action.CHALLENGE,
        Strength.PHISHING_RESISTANT,
    ),
    ("the same on a stolen cookie at home", SOLD | SPENT | THIN | UNLIKE, Action.HOLD, Strength.NONE),
    ("the same of who does so every week", SOLD | SPENT | THIN, Action.CHALLENGE, Strength.NONE),
    (
        "a new account buys for its first money",
        STRANGER | COLD | {"order.symbol_seen": False, "order.portfolio_share": 0.5},
        Action.ALLOW,
        Strength.NONE,
    ),
    ("a session that moved", MOVED, Action.CHALLENGE, Strength.PHISHING_RESISTANT),
    ("a session found hijacked", {"session.score": 90.0}, Action.DENY, Strength.NONE),
]
