"""What travels through the stream arrives as it left."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import msgpack
from hypothesis import given
from hypothesis import strategies as st

from authshield.vocabulary import codec
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.decision import Decision, Final, Outcome, Reason
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
    Withdrawal,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
WHOLE = st.integers(-(2**53), 2**53)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
DECIMAL = st.decimals(allow_nan=False, allow_infinity=False)
MAYBE_WHOLE = st.none() | WHOLE

ORDER = st.builds(
    Order,
    symbol=TEXT,
    side=TEXT,
    quantity=DECIMAL,
    price=DECIMAL,
    value_minor=WHOLE,
    market=TEXT,
    currency=TEXT,
    type=TEXT,
    order_id=TEXT,
    account_type=TEXT,
    queued=st.booleans(),
    instrument=st.builds(Instrument, MAYBE_WHOLE, MAYBE_WHOLE),
    portfolio=st.builds(Portfolio, WHOLE, WHOLE, DECIMAL, WHOLE),
)
SUBJECT = st.one_of(
    st.none(),
    st.builds(Login, st.booleans(), TEXT, st.booleans()),
    ORDER,
    st.builds(OrderChange, TEXT, TEXT, st.none() | ORDER, WHOLE),
    st.builds(Fill, TEXT, DECIMAL, DECIMAL),
    st.builds(Withdrawal, WHOLE, TEXT, NUMBER, WHOLE),
    st.builds(ProfileChange, TEXT),
    st.builds(PageRequest, TEXT),
)
EVENT = st.builds(
    Event,
    id=TEXT,
    at=st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    kind=st.sampled_from(Kind),
    account=st.none() | TEXT,
    session=st.none() | TEXT,
    client=st.builds(Client, *[TEXT] * 8),
    device=st.builds(DeviceSeen, st.none() | TEXT, TEXT, st.dictionaries(TEXT, TEXT, max_size=3)),
    network=st.builds(Network, WHOLE, TEXT, st.none() | NUMBER, st.none() | NUMBER, NUMBER, TEXT),
    subject=SUBJECT,
    username=TEXT,
)
DECISION = st.builds(
    Decision,
    event_id=TEXT,
    action=st.sampled_from(Action),
    required=st.sampled_from(Strength),
    risk=NUMBER,
    reasons=st.lists(st.builds(Reason, TEXT, NUMBER, TEXT), max_size=3).map(tuple),
    rules=st.lists(TEXT, max_size=3).map(tuple),
    ruleset_version=WHOLE,
    retry_after_seconds=WHOLE,
    observe_only=st.booleans(),
    degraded=st.booleans(),
)
OUTCOME = st.builds(Outcome, st.sampled_from(Final), st.sampled_from(Strength), TEXT, TEXT, TEXT)


@given(EVENT)
def test_an_event_comes_back_as_it_was(event: Event) -> None:
    """Through msgpack and through JSON, every field of every kind; decimals keep their zeros."""
    plain = codec.event_to_plain(event)
    for back in (msgpack.unpackb(msgpack.packb(plain)), json.loads(json.dumps(plain))):
        again = codec.event_from_plain(back)
        assert again == event
        assert repr(again.subject) == repr(event.subject)


@given(DECISION, OUTCOME)
def test_a_decision_and_its_outcome_come_back_as_they_were(decision: Decision, outcome: Outcome) -> None:
    """Through msgpack and through JSON."""
    plain = [codec.decision_to_plain(decision), codec.outcome_to_plain(outcome)]
    for decided, done in (msgpack.unpackb(msgpack.packb(plain)), json.loads(json.dumps(plain))):
        assert codec.decision_from_plain(decided) == decision
        assert codec.outcome_from_plain(done) == outcome


def test_what_an_older_release_wrote_can_still_be_read() -> None:
    """A field that was added at the end is missing in older entries, and has its default then."""
    plain = codec.event_to_plain(
        Event("1", datetime(2025, 1, 1, tzinfo=UTC), Kind.LOGIN, None, None, Client("::1"))
    )
    plain["c"] = plain["c"][:7]
    plain["n"] = plain["n"][:5]
    assert codec.event_from_plain(plain).client == Client("::1")
    assert Decimal("1.50") == Decimal("1.5")
