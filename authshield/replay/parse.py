"""A line's JSON object becomes a ``Record``, field by field, as docs/replay.md and the format's page say.

Must not read files. Raises ``FieldError`` for the first field that breaks the format; unknown fields are ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from authshield.observe.fingerprint import ATTRIBUTES
from authshield.observe.user_agent import MAX_LENGTH, summarise
from authshield.replay import fields
from authshield.replay.fields import MAX_NAME, Body, FieldError
from authshield.replay.money import MAX_MINOR, Base
from authshield.replay.record import Record
from authshield.vocabulary.actions import FACTOR_STRENGTH, Strength
from authshield.vocabulary.event import (
    Client,
    DeviceSeen,
    Event,
    Fill,
    Instrument,
    Kind,
    Login,
    Network,
    Order,
    OrderChange,
    PageRequest,
    Portfolio,
    ProfileChange,
    Subject,
    Withdrawal,
)

FACTORS = tuple(FACTOR_STRENGTH)
KINDS = {
    kind.value: kind
    for kind in (
        Kind.LOGIN,
        Kind.ORDER,
        Kind.ORDER_CHANGE,
        Kind.FILL,
        Kind.WITHDRAWAL,
        Kind.PROFILE_CHANGE,
        Kind.REQUEST,
        Kind.LOGOUT,
    )
}
_NETWORK = ("asn", "country", "lat", "lon", "radius_km", "kind")
_NETWORK_KINDS = ("residential", "mobile", "business", "hosting", "anonymizer")
_ACCOUNT_TYPES = ("cash", "margin", "nisa", "ideco")
_PROFILE_FIELDS = ("email", "phone", "bank_account", "password", "mfa")
_NO_RATE = Decimal(1)
_CACHED = 8192
_HEADERS = ("accept_language", "sec_ch_ua", "sec_ch_ua_platform", "sec_ch_ua_mobile", "ja4")

Amended = tuple[Decimal, Decimal] | None


@dataclass(frozen=True, slots=True)
class Setting:
    """Where the events happened: the base currency, and who knows an address that a line says nothing of."""

    base: Base
    locate: Callable[[str], Network]


def record(body: Body, setting: Setting, *, prefix: str = "") -> Record:
    """Check every field and build the event. ``prefix`` keeps ids of different files apart. Cost: 20 µs."""
    name = fields.text(body, "id", 64, least=1)
    at = fields.moment(body, "time")
    kind = KINDS[fields.word(body, "kind", KINDS)]
    client = _client(body)
    subject, fx, amended = _subject(body, kind, setting.base)
    event = Event(
        id=prefix + name,
        at=at,
        kind=kind,
        account=fields.text_or_null(body, "account"),
        session=_session(body, subject),
        client=client,
        device=_device(fields.part(body, "device")),
        network=_network(fields.optional_part(body, "network"), client.ip, setting),
        subject=subject,
        username=fields.text(body, "username") if kind is Kind.LOGIN else "",
    )
    return Record(
        event=event,
        id=name,
        time=str(body["time"]),
        enrolled=_factors(body, "enrolled"),
        can_pass=_factors(body, "can_pass"),
        label=fields.optional_word(body, "label", ("fraud", "legit")),
        campaign=fields.optional_text(body, "campaign", MAX_NAME),
        fx=fx,
        amended=amended,
    )


# One session's lines repeat what the next four are made of: a look-up by the raw values spares the checks. That
# is safe because equal keys have equal types, and because what raises is not kept.


def _client(body: Body) -> Client:
    ip = fields.address(body, "ip")
    agent = fields.text(body, "user_agent")
    headers = fields.optional_part(body, "headers") or {}
    values = tuple(map(headers.get, _HEADERS))
    try:
        return _client_of(ip, agent, values)
    except TypeError:  # a value that cannot be a key is none that is right either
        return _client_of.__wrapped__(ip, agent, values)


@lru_cache(maxsize=_CACHED)
def _client_of(ip: str, agent: str, values: tuple[object, ...]) -> Client:
    language, hints, platform, mobile, ja4 = _texts(_HEADERS, values, fields.MAX_TEXT, "headers.")
    # Cut as a site's own headers are when it observes a request.
    agent, hints, platform = agent[:MAX_LENGTH], hints[:MAX_LENGTH], platform[:64]
    browser = summarise(agent, hints, platform).key
    return Client(ip, agent, language[:200], hints, platform, mobile[:8], ja4[:64], browser)


@lru_cache(maxsize=_CACHED)
def _device_of(name: str | None, proof: str, values: tuple[object, ...]) -> DeviceSeen:
    texts = _texts(ATTRIBUTES, values, MAX_NAME, "device.fingerprint.")
    return DeviceSeen(name, proof, {key: text for key, text in zip(ATTRIBUTES, texts, strict=True) if text})


@lru_cache(maxsize=_CACHED)
def _network_of(values: tuple[object, ...], types: tuple[type, ...]) -> Network:
    del types  # part of the key: true is 1 there, and here it is not
    network, where = dict(zip(_NETWORK, values, strict=True)), "network."
    return Network(
        asn=0 if network["asn"] is None else fields.whole(network, "asn", 2**32 - 1, where=where),
        country=fields.country(network, "country", where=where),
        lat=fields.degrees(network, "lat", 90, where=where),
        lon=fields.degrees(network, "lon", 180, where=where),
        radius_km=float(fields.optional_amount(network, "radius_km", where=where) or 0),
        kind=fields.optional_word(network, "kind", _NETWORK_KINDS, where=where),
    )


@lru_cache(maxsize=_CACHED)
def _factors_of(key: str, values: tuple[object, ...]) -> tuple[str, ...]:
    return fields.words_list({key: list(values)}, key, FACTORS)


def _texts(names: tuple[str, ...], values: tuple[object, ...], limit: int, where: str) -> list[str]:
    sent = dict(zip(names, values, strict=True))
    return [fields.optional_text(sent, name, limit, where=where) for name in names]


def _factors(body: Body, key: str) -> tuple[str, ...]:
    value = body.get(key)
    if type(value) is not list:
        return fields.words_list(body, key, FACTORS)
    try:
        return _factors_of(key, tuple(value))
    except TypeError:  # as in _client
        return _factors_of.__wrapped__(key, tuple(value))


def _session(body: Body, subject: Subject) -> str | None:
    session = fields.text_or_null(body, "session")
    if session is not None and isinstance(subject, Login) and not subject.succeeded:
        raise fields.bad(body, "session", "null for a failed login")
    return session


def _device(device: Body) -> DeviceSeen:
    name = fields.text_or_null(device, "id", where="device.")
    if "proof" not in device:
        raise fields.bad(device, "proof", '"valid", "invalid" or null', where="device.")
    proof = fields.optional_word(device, "proof", ("valid", "invalid"), where="device.")
    fingerprint = fields.optional_part(device, "fingerprint", where="device.") or {}
    values = tuple(map(fingerprint.get, ATTRIBUTES))
    try:
        return _device_of(name, proof, values)
    except TypeError:  # as in _client
        return _device_of.__wrapped__(name, proof, values)


def _network(network: Body | None, ip: str, setting: Setting) -> Network:
    if network is None:
        return setting.locate(ip)
    values = tuple(map(network.get, _NETWORK))
    types = tuple(map(type, values))
    try:
        return _network_of(values, types)
    except TypeError:  # as in _client
        return _network_of.__wrapped__(values, types)


def _subject(body: Body, kind: Kind, base: Base) -> tuple[Subject, Decimal, Amended]:
    if kind is Kind.ORDER:
        order, fx = _order(body, base)
        return order, fx, None
    if kind is Kind.ORDER_CHANGE:
        return _order_change(body)
    return _PLAIN[kind](body, base), _NO_RATE, None


def _order(body: Body, base: Base) -> tuple[Order, Decimal]:
    order, where = fields.part(body, "order"), "order."
    quantity = fields.positive(order, "quantity", where=where)
    price = fields.positive(order, "price", where=where)
    fx = fields.rate(order, "fx", where=where)
    # The page lists these three after the order's own fields, its sample has them among these.
    near = {name: order if name in order else body for name in ("order_id", "account_type", "queued")}
    return Order(
        symbol=fields.text(order, "symbol", 64, where=where, least=1),
        side=fields.word(order, "side", ("buy", "sell"), where=where),
        quantity=quantity,
        price=price,
        value_minor=_value(base, (quantity, price, fx), "order.quantity"),
        market=fields.text(order, "market", 16, where=where, least=1),
        currency=fields.currency(order, "currency", where=where),
        type=fields.word(order, "type", ("market", "limit"), where=where),
        order_id=fields.optional_text(near["order_id"], "order_id", MAX_NAME),
        account_type=fields.optional_word(near["account_type"], "account_type", _ACCOUNT_TYPES),
        queued=fields.flag(near["queued"], "queued"),
        instrument=_instrument(fields.optional_part(body, "instrument"), base),
        portfolio=_portfolio(fields.part(body, "portfolio"), base),
    ), fx


def _value(base: Base, factors: tuple[Decimal, ...], field: str) -> int:
    minor = base.minor(*factors)
    if minor > MAX_MINOR:
        raise FieldError(field, f"a value of at most {MAX_MINOR} minor units", f"a value of {minor}")
    return minor


def _instrument(instrument: Body | None, base: Base) -> Instrument:
    if instrument is None:
        return Instrument()
    adv = fields.optional_amount(instrument, "adv", where="instrument.")
    cap = fields.optional_amount(instrument, "market_cap", where="instrument.")
    return Instrument(None if adv is None else base.minor(adv), None if cap is None else base.minor(cap))


def _portfolio(portfolio: Body, base: Base) -> Portfolio:
    where = "portfolio."
    return Portfolio(
        cash_minor=base.minor(fields.number(portfolio, "cash", where=where)),
        positions_value_minor=base.minor(fields.number(portfolio, "positions_value", where=where)),
        position_quantity=fields.number(portfolio, "position_quantity", where=where),
        positions=fields.whole(portfolio, "positions", 10**9, where=where),
    )


def _order_change(body: Body) -> tuple[Subject, Decimal, Amended]:
    reference = fields.text(body, "order_id", MAX_NAME, least=1)
    change = fields.word(body, "change", ("cancel", "amend"))
    amended = None
    if change == "amend":
        amended = fields.positive(body, "quantity"), fields.positive(body, "price")
    return OrderChange(reference, change), _NO_RATE, amended


def _login(body: Body, _base: Base) -> Subject:
    succeeded = fields.word(body, "outcome", ("success", "failure")) == "success"
    return Login(succeeded, fields.word(body, "method", ("password", "passkey")))


def _fill(body: Body, _base: Base) -> Subject:
    reference = fields.text(body, "order_id", MAX_NAME, least=1)
    return Fill(reference, fields.positive(body, "quantity"), fields.positive(body, "price"))


def _withdrawal(body: Body, base: Base) -> Subject:
    amount, fx = fields.positive(body, "amount"), fields.rate(body, "fx")
    return Withdrawal(
        value_minor=_value(base, (amount, fx), "amount"),
        currency=fields.currency(body, "currency"),
        destination_age_days=float(fields.not_negative(body, "destination_age_days")),
    )


def _profile_change(body: Body, _base: Base) -> Subject:
    field = fields.word(body, "field", _PROFILE_FIELDS)
    strong = (FACTOR_STRENGTH[name] >= Strength.OTP for name in _factors(body, "enrolled"))
    return ProfileChange(field, is_first=field == "mfa" and not any(strong))


_PLAIN: dict[Kind, Callable[[Body, Base], Subject]] = {
    Kind.LOGIN: _login,
    Kind.FILL: _fill,
    Kind.WITHDRAWAL: _withdrawal,
    Kind.PROFILE_CHANGE: _profile_change,
    Kind.REQUEST: lambda body, _: PageRequest(fields.text(body, "path", least=1)),
    Kind.LOGOUT: lambda _body, _base: None,
}
