"""The facts that a rule may name: declared once, with type, unit and the value when missing.

Rule validation, the admin's field list and the documentation are generated from this table.
``velocity.<limit id>`` (int, the count that includes this event) is declared by each limit besides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from authshield.vocabulary.features import FactValue

FactType = Literal["bool", "int", "double", "string", "list<string>"]

NEVER_HOURS = 1_000_000.0
NEVER_SECONDS = 1_000_000_000.0


@dataclass(frozen=True, slots=True)
class Fact:
    """One declared fact. ``missing`` is its value when it cannot be known."""

    name: str
    type: FactType
    missing: FactValue
    text: str
    unit: str = ""


def _flag(name: str, text: str, *, missing: bool = False) -> Fact:
    return Fact(name, "bool", missing, text)


def _int(name: str, text: str, unit: str = "") -> Fact:
    return Fact(name, "int", 0, text, unit)


def _double(name: str, text: str, unit: str = "", missing: float = 0.0) -> Fact:
    return Fact(name, "double", missing, text, unit)


def _word(name: str, text: str) -> Fact:
    return Fact(name, "string", "", text)


def _words(name: str, text: str) -> Fact:
    return Fact(name, "list<string>", [], text)


FACTS: tuple[Fact, ...] = (
    _word("event.kind", "kind of event"),
    _int("event.hour", "hour of the day on the market's clock", "0-23"),
    _double("event.hour_surprise", "how little this account lets expect the hour of the day", "nats"),
    _flag("store.is_missing", "the counters could not be asked (Redis down)"),
    _flag("account.exists", "the account exists"),
    _flag("account.is_staff", "a member of staff signs in"),
    _flag("account.is_frozen", "the account is frozen"),
    _flag("account.is_suspect", "a session of the account was contained and its case is not closed yet"),
    _flag("account.must_prove", "released from a freeze or taken back, and no stronger proof since"),
    _int("account.logins", "sign-ins learnt without dispute"),
    _flag("account.is_cold", "fewer than three sign-ins learnt"),
    _double("account.age_days", "time since the first sign-in learnt", "days"),
    _double(
        "account.contact_changed_hours",
        "time since contact data, bank account, password or factors were changed",
        "hours",
        NEVER_HOURS,
    ),
    _flag("device.has_cookie", "a valid device cookie came"),
    _flag("device.is_seen", "the account has used this device before"),
    _flag(
        "device.is_trusted",
        "the device has earned trust: phishing-resistant proof, 21 undisputed days, or warm-up",
    ),
    _double("device.age_days", "time since the account first used this device", "days"),
    _int("device.accounts_24h", "different accounts on this device in 24 hours, this one included"),
    _word("device.proof", "device-key proof: valid, invalid or empty"),
    _flag(
        "device.is_cloned",
        "its cookie has a double: an older one than the newest came, or another of the same age",
    ),
    _flag("device.browser_seen", "the account has used this browser family and system"),
    _double(
        "device.surprise",
        "how little this account lets expect a device that it does not trust yet; 0 for one it trusts",
        "nats",
    ),
    _double(
        "device.likeness",
        "how much it looks as it did before or, a new one, like a trusted one; negative: what has changed",
        "nats",
    ),
    _flag("device.is_twin", "a new device that was compared with the trusted one it resembles most"),
    _flag("device.proof_missed", "it has given valid proofs before, and gave none now"),
    _flag("device.fingerprint_seen", "the account has used a device with this fingerprint"),
    _flag("network.is_familiar", "the address block or the carrier is one that the account usually uses"),
    _double(
        "network.surprise",
        "how little this account lets expect a network that is not familiar; 0 for one that is",
        "nats",
    ),
    _double(
        "network.address_days",
        "time from the first sign-in from this very address (of IPv6 its /64) to this session; 0 for a new one",
        "days",
    ),
    _flag("network.prefix_seen", "the account has used this address block (/24 or /48)"),
    _flag("network.asn_seen", "the account has used this carrier (autonomous system)"),
    _flag("network.country_seen", "the account has used this country"),
    _int("network.asn", "autonomous system number, 0 if unknown"),
    _word("network.country", "ISO 3166-1 code, empty if unknown"),
    _word("network.kind", "residential, mobile, business, hosting, anonymizer or empty"),
    _double("network.travel_kmh", "least speed between the last sign-in and this one", "km/h"),
    _word("login.method", "password or passkey"),
    _double("session.age_seconds", "time since the sign-in", "seconds"),
    _double("session.idle_seconds", "time since its last request, to the minute", "seconds"),
    _double("session.login_risk", "risk of the sign-in that opened the session", "0-100"),
    _double(
        "session.login_evidence", "what the model of sign-ins said of it; negative: for the customer", "nats"
    ),
    _double("session.score", "verdict of the late scoring so far", "0-100"),
    _double("session.peak", "the most evidence against one of its earlier orders or changes", "nats"),
    _int(
        "session.strength",
        "strongest proof in the session: 0 none, 1 any, 2 otp, 3 phishing-resistant, 4 oob",
    ),
    _double("session.proof_age_seconds", "time since that proof", "seconds", NEVER_SECONDS),
    _flag(
        "session.is_bound",
        "the session is bound to a key of its device, by the script or by the browser itself",
    ),
    _flag(
        "session.key_missing", "it is bound to a key, and this came without a proof by it: a stolen cookie"
    ),
    _flag("session.is_ended", "the session was ended"),
    _flag("session.is_unusual", "opened on a device that is not trusted and a network that is not familiar"),
    _flag("session.device_changed", "another device id than at the sign-in"),
    _flag("session.browser_changed", "another browser family or system than at the sign-in"),
    _flag("session.network_changed", "another carrier than at the sign-in"),
    _flag("session.country_changed", "another country than at the sign-in"),
    _word("order.side", "buy or sell"),
    _word("order.type", "market or limit"),
    _word("order.symbol", "symbol"),
    _word("order.market", "market identifier code"),
    _word("order.account_type", "cash, margin, nisa, ideco or empty"),
    _int("order.value", "value of the order", "minor units of the base currency"),
    _double("order.portfolio_share", "value of the order as a share of cash and positions"),
    _int("order.adv", "average daily traded value of the symbol, 0 if unknown", "minor units"),
    _double("order.adv_share", "value of the order as a share of that, 0 if unknown"),
    _flag("order.is_thin", "the symbol's average daily traded value is known and under the threshold"),
    _flag("order.symbol_seen", "the account traded this symbol in a usual session, or held it before today"),
    _double(
        "order.symbol_surprise", "how little this account lets expect a new symbol; 0 for its own", "nats"
    ),
    _double("order.market_surprise", "the same of a new market", "nats"),
    _double("order.thin_surprise", "the same of buying what this order would move the price of", "nats"),
    _double("order.sale_surprise", "the same of selling a large part of the portfolio in a day", "nats"),
    _double(
        "order.campaign",
        "evidence that others who buy this symbol are no customers, in the worst of 10 minutes, 2 hours, a day",
        "nats",
    ),
    _int(
        "order.crowd",
        "accounts that bought this symbol in two hours from sessions that look like their customers'",
    ),
    _flag("order.market_seen", "the account has traded on this market"),
    _int("order.learnt", "orders of the account learnt without dispute"),
    _flag("order.is_queued", "placed outside trading hours"),
    _flag("order.is_first_margin", "a margin order of an account that never placed one"),
    _int("order.count_10m", "orders of the account in 10 minutes, this one included"),
    _int("order.turnover_24h", "bought or sold in 24 hours, this order included", "minor units"),
    _int("order.sold_24h", "sold in 24 hours, this order included", "minor units"),
    _int("order.bought_24h", "bought in 24 hours, this order included", "minor units"),
    _int("order.symbol_bought_24h", "bought of this symbol in 24 hours, this order included", "minor units"),
    _double("order.liquidation_30m", "sold in 30 minutes as a share of the portfolio before"),
    _double("order.liquidation_24h", "sold in 24 hours as a share of the portfolio before"),
    _double("order.reuse", "share of the last 24 hours' sales already spent on buying"),
    _double("order.concentration", "bought of this symbol in 24 hours as a share of all buying power"),
    _int("order.symbol_buyers_60m", "accounts that bought this symbol in 60 minutes from unusual sessions"),
    _double(
        "order.symbol_unusual_adv_60m",
        "bought of this symbol by them in 60 minutes as a share of its average daily traded value",
    ),
    _word("change.kind", "cancel or amend"),
    _int("change.value_increase", "how much an amend adds to the order", "minor units"),
    _int("withdrawal.value", "amount to be withdrawn", "minor units"),
    _double("withdrawal.share", "that as a share of cash and positions"),
    _double("withdrawal.destination_age_days", "time since the destination account was registered", "days"),
    _word("profile.field", "email, phone, bank_account, password or mfa"),
    _flag("profile.is_first", "the account's first strong factor is being enrolled"),
    _word("request.path", "path of the page"),
    _words("lists.ip", "names of the lists that hold the address"),
    _words("lists.device", "names of the lists that hold the device"),
    _words("lists.account", "names of the lists that hold the account"),
    _words("lists.symbol", "names of the lists that hold the symbol"),
    _words("lists.network", "names of the lists that hold the carrier or the country"),
)

BY_NAME: dict[str, Fact] = {fact.name: fact for fact in FACTS}
MISSING: dict[str, FactValue] = {fact.name: fact.missing for fact in FACTS}
