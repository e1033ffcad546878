"""The ledger says what was decided about money, and holds no secret."""

import json
from dataclasses import replace

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from authshield.enforce import gate
from authshield.measure.derive import Context, without_store
from authshield.measure.keys import fingerprint_text
from authshield.models import AccountState, LedgerEntry
from authshield.record import ledger, redact
from authshield.record.facts import FactsEncoder, told
from authshield.record.rows import device_hash, fingerprint_hash
from authshield.sealing import keyed_hash
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.assessment import Assessment
from authshield.vocabulary.decision import Final, Outcome, Reason
from authshield.vocabulary.event import Client, DeviceSeen, Kind, OrderChange, Withdrawal
from authshield.vocabulary.facts import MISSING
from authshield.vocabulary.features import FactValue
from authshield.vocabulary.operation import Operation
from tests.recorded import ALLOWED, NOW, STOPPED, SUBJECTS, decision, event, features

pytestmark = pytest.mark.django_db

NAMES = st.text(max_size=20)
VALUES = (
    st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.lists(st.text(), max_size=3)
)
SUBJECTS_OF_ALL = SUBJECTS | {
    Kind.ORDER_CHANGE: OrderChange("o-1", "amend", previous_value_minor=5),
    Kind.WITHDRAWAL: Withdrawal(50_000, destination_age_days=2.0, total_minor=200_000),
}
ORDER = Operation(Kind.ORDER, "42", {"symbol": "7992", "side": "buy", "quantity": "1000"})


def test_a_decision_is_written_with_one_insert(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Who, where, what, why and what came of it are in one row."""
    asked = replace(
        decision(Action.CHALLENGE, of="order-1"), reasons=(Reason("a", 1, "small"), Reason("b", 9, "large"))
    )
    outcome = Outcome(Final.HELD, challenge_id="c-1", hold_id="h-1", case_id="k-1")
    with django_assert_num_queries(1):
        ledger.write(
            Assessment(event(Kind.ORDER), features(order__value=5, device__has_cookie=True), asked),
            outcome,
            ORDER,
            NOW,
        )
    row = LedgerEntry.objects.get()
    assert (row.at, row.kind, row.account, row.sid, row.ip) == (NOW, "order", "42", "sid-1", "127.2.0.9")
    assert (row.action, row.required, row.final, row.risk) == ("challenge", "otp", "held", 12.0)
    assert [reason["code"] for reason in row.reasons] == ["b", "a"]
    assert (row.rules, row.ruleset_version, row.is_observed) == (["new-device"], 3, False)
    assert (row.challenge_id, row.hold_id, row.case_id) == ("c-1", "h-1", "k-1")
    assert Operation.from_canonical(row.operation) == ORDER
    assert (row.label, row.place) == ("Firefox, Windows", "Sapporo, Japan")
    assert row.device_hash == keyed_hash("device-1", "device")
    assert row.facts["order.value"] == 5
    assert row.facts["device.has_cookie"] is True


def test_the_ledger_shares_the_fate_of_the_effect() -> None:
    """What is rolled back with its effect leaves no line."""
    with transaction.atomic():
        ledger.write(Assessment(event(Kind.ORDER), features(), decision()), ALLOWED, ORDER, NOW)
        transaction.set_rollback(True)
    assert not LedgerEntry.objects.exists()


def test_a_second_word_on_an_event_renews_its_outcome() -> None:
    """A challenge that is passed later changes the row of its event, and adds none."""
    ledger.write(
        Assessment(event(Kind.ORDER), features(order__value=5), decision(Action.CHALLENGE)),
        STOPPED,
        None,
        NOW,
    )
    passed = Outcome(Final.PASSED, proved=Strength.OTP, challenge_id="c-1")
    ledger.write(Assessment(event(Kind.ORDER), features(), decision(Action.CHALLENGE)), passed, ORDER, NOW)
    row = LedgerEntry.objects.get()
    assert (row.final, row.challenge_id, row.operation) == ("passed", "c-1", ORDER.canonical())
    assert row.facts["order.value"] == 5


def test_a_line_is_not_written_where_a_lock_is_found(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    """The last look at the locks and the line are one statement, for a first word and for a later one."""
    order = Assessment(event(Kind.ORDER), features(), decision())
    locks = ledger.Unless(gate.stopped(), ("42", "sid-1"))
    with django_assert_num_queries(1):
        assert ledger.write(order, STOPPED, ORDER, NOW, unless=locks)
    AccountState.objects.create(account="42", frozen_at=NOW)
    with django_assert_num_queries(1):
        assert not ledger.write(order, ALLOWED, ORDER, NOW, unless=locks)
    assert LedgerEntry.objects.get().final == "stopped"


@given(facts=st.dictionaries(st.sampled_from(sorted(MISSING)) | NAMES, VALUES))
def test_facts_are_written_as_they_are_redacted(facts: dict[str, FactValue]) -> None:
    """The quick JSON says what the redacted facts say, whatever they hold."""
    assert json.loads(FactsEncoder().encode(facts.items())) == redact.facts(facts)


@pytest.mark.parametrize("kind", list(Kind))
def test_what_such_an_event_cannot_have_is_not_derived_for_its_line(kind: Kind) -> None:
    """The line is the same as if every fact had been derived, and less was."""
    subject = SUBJECTS_OF_ALL.get(kind)
    brief, whole = (without_store(event(kind, subject=subject), Context()).facts for _ in range(2))
    told_in_brief = dict(told(kind, brief))
    assert json.loads(FactsEncoder().encode(told_in_brief.items())) == redact.facts(dict(whole))
    assert len(told_in_brief) < len(whole)


def test_no_secret_reaches_the_ledger() -> None:
    """Neither a new password in an operation, nor one in a fact or a reason."""
    change = Operation(Kind.PROFILE_CHANGE, "42", {"field": "password", "new_password": "hunter22"})
    told = replace(decision(), reasons=(Reason("x", 1, "typed password=hunter22"),))
    path = features(request__path="/x?token=hunter22")
    ledger.write(Assessment(event(Kind.PROFILE_CHANGE), path, told), ALLOWED, change, NOW)
    row = LedgerEntry.objects.get()
    whole = json.dumps([row.operation, row.reasons, row.facts])
    assert "hunter22" not in whole
    assert json.loads(row.operation)["fields"]["field"] == "password"


def test_hostile_texts_fit_and_stay_one_line() -> None:
    """An address that is none, control characters and endless ids do not break the insert."""
    hostile = replace(
        event(Kind.ORDER),
        id="i" * 100,
        account="4\n2" * 50,
        session="s" * 100,
        client=Client(ip="not an address", browser="\u202e" * 200),
        device=DeviceSeen(),
    )
    ledger.write(Assessment(hostile, features(), decision()), ALLOWED, None, NOW)
    row = LedgerEntry.objects.get()
    assert (row.ip, row.device_hash, row.place) == (None, "", "JP")
    assert len(row.event_id) == len(row.account) == len(row.sid) == 64
    assert "\n" not in row.account
    assert len(row.label) <= 100


def test_devices_and_fingerprints_are_kept_under_the_counters_hashes() -> None:
    """The durable copy can be put back into the counters only if both hash the same text."""
    fingerprint = {"screen": "1x1", "fonts": "a,b"}
    assert fingerprint_hash(DeviceSeen(fingerprint=fingerprint)) == keyed_hash(
        fingerprint_text(fingerprint), "fingerprint"
    )
    assert fingerprint_hash(DeviceSeen()) == ""
    assert device_hash(None) == ""
