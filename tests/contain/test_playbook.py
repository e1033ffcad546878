"""Containment stops a session in steps; twice is once, and what fails is tried again alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from hypothesis import given
from hypothesis import settings as law
from hypothesis import strategies as st
from hypothesis.extra.django import TransactionTestCase
from pytest_django.fixtures import Settings

from authshield.backends.loader import load
from authshield.contain import playbook
from authshield.contain.cases import open_or_join
from authshield.contain.work import HANDLERS
from authshield.errors import GatewayError
from authshield.measure import Store
from authshield.models import (
    AccountState,
    Case,
    CaseEntry,
    Challenge,
    Device,
    Hold,
    Notice,
    OutboxTask,
    Session,
)
from authshield.record import outbox
from authshield.record.rows import device_hash
from tests.open_books import PATH, OpenBooks
from tests.recorded import NOW, person

NEW, OLD = device_hash("new"), device_hash("old")

pytestmark = pytest.mark.django_db(transaction=True)


def case_of(account: str, sid: str = "sid-1") -> Case:
    """A case whose session came on a device of its own and has an order open."""
    if sid:
        Session.objects.create(
            sid=sid, account=account, device_hash=NEW, started_at=NOW, last_seen_at=NOW, place="Sapporo"
        )
    Device.objects.create(account=account, device_hash=NEW, first_seen_at=NOW, last_seen_at=NOW)
    Device.objects.create(
        account=account, device_hash=OLD, first_seen_at=NOW, last_seen_at=NOW, trusted_at=NOW
    )
    return open_or_join(account, sid, title="t", score=84, reasons=[], now=NOW)


@pytest.fixture
def case(customer: User, store: Store, books: OpenBooks) -> Case:
    """The case of alice's session, one order open."""
    del store
    books.place("O-1", "sid-1")
    return case_of(str(customer.pk))


def whole() -> dict[str, Any]:
    """All that containment may change."""
    tables = (Case, CaseEntry, Session, Device, Challenge, Hold, Notice, AccountState)
    return {table.__name__: list(table.objects.order_by("pk").values()) for table in tables}


def test_a_contained_session_is_stopped_and_told(
    case: Case, books: OpenBooks, mailoutbox: list[EmailMessage]
) -> None:
    """Session ended, order waiting, new device revoked, customer told, and all of it in the case."""
    done = playbook.contain(str(case.pk), NOW)
    assert (done.state, done.contained_at) == (Case.State.CONTAINED, NOW)
    assert Session.objects.get().ended_at == NOW
    assert books.orders["O-1"].state == "held"
    assert Hold.objects.get().case == case
    assert Device.objects.get(device_hash=NEW).revoked_at == NOW
    assert Device.objects.get(device_hash=OLD).revoked_at is None
    outbox.run_due(NOW, HANDLERS)
    assert "Sapporo" in str(mailoutbox[0].body)
    kinds = list(CaseEntry.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == [
        "case:opened", "session:done", "orders:done", "device:done", "customer:shown", "customer:done",
    ]  # fmt: skip
    shown = CaseEntry.objects.get(kind="customer:shown").text
    assert shown.startswith("We ended a session of your account")
    assert not AccountState.objects.exists()


def test_twice_is_once(case: Case, books: OpenBooks) -> None:
    """A repeated task changes nothing at all."""
    playbook.contain(str(case.pk), NOW)
    once, calls = whole(), books.calls[:]
    playbook.contain(str(case.pk), NOW + timedelta(hours=1), by="desk")
    assert (whole(), books.calls) == (once, calls)


def test_an_order_that_was_being_placed_meanwhile_is_suspended_too(case: Case, books: OpenBooks) -> None:
    """Its last look at the locks was before the session ended, its commit after: a second look finds it."""
    playbook.contain(str(case.pk), NOW)
    books.place("O-2", "sid-1")
    outbox.run_due(NOW + timedelta(seconds=5), HANDLERS)
    assert books.orders["O-2"].state != "held"
    outbox.run_due(NOW + timedelta(seconds=30), HANDLERS)
    assert books.orders["O-2"].state == "held"
    assert Hold.objects.filter(case=case, reference="O-2").exists()
    assert CaseEntry.objects.filter(case=case, text__contains="O-2").count() == 1


def test_a_step_that_fails_is_tried_again_alone(case: Case, books: OpenBooks) -> None:
    """The others are done, the failure is in the case, and the outbox comes back for it."""
    books.failing = {"O-1"}
    outbox.enqueue(playbook.CONTAIN, str(case.pk), NOW)
    outbox.run_due(NOW, HANDLERS, skip={"send_notice"})
    case.refresh_from_db()
    assert (case.state, case.contained_at) == (Case.State.OPEN, None)
    assert Session.objects.get().ended_at == NOW
    failed = CaseEntry.objects.get(kind="orders:failed")
    assert "O-1 of" in failed.text
    assert Notice.objects.count() == 1
    assert "not done yet: orders" in OutboxTask.objects.get(task=playbook.CONTAIN).error
    books.failing = set()
    later = NOW + timedelta(seconds=2)
    outbox.run_due(later, HANDLERS)
    case.refresh_from_db()
    assert (case.state, case.contained_at) == (Case.State.CONTAINED, later)
    assert Session.objects.get().ended_at == NOW
    assert CaseEntry.objects.filter(kind="session:done").count() == 1
    assert Notice.objects.count() == 1


def test_redis_that_is_away_delays_the_device_alone(case: Case, settings: Settings) -> None:
    """The session ends in the database, the orders wait, the customer is told."""
    settings.AUTHSHIELD_REDIS_URL = "unix:///nowhere/at-all.sock"
    with pytest.raises(GatewayError, match="not done yet: device"):
        playbook.contain(str(case.pk), NOW)
    assert Session.objects.get().ended_at == NOW
    assert Hold.objects.exists()
    assert Device.objects.get(device_hash=NEW).revoked_at is None


def test_the_desk_contains_in_its_own_name(case: Case) -> None:
    """The timeline says who did it."""
    playbook.contain(str(case.pk), NOW, by="analyst")
    actors = set(CaseEntry.objects.filter(kind__endswith=":done").values_list("actor", flat=True))
    assert actors == {"analyst"}


def test_a_session_that_had_ended_before_is_said_so(case: Case) -> None:
    """Its row keeps the first reason."""
    Session.objects.update(ended_at=NOW - timedelta(days=1), ended_reason="logout", device_hash="")
    playbook.contain(str(case.pk), NOW)
    texts = " ".join(CaseEntry.objects.values_list("text", flat=True))
    assert "had been ended before" in texts
    assert "device is not known" in texts
    assert Session.objects.get().ended_reason == "logout"


def test_a_device_of_long_standing_is_not_revoked(case: Case) -> None:
    """The thief used the victim's own: the desk decides about that."""
    Device.objects.update(first_seen_at=NOW - timedelta(days=90))
    playbook.contain(str(case.pk), NOW)
    assert not Device.objects.filter(revoked_at__isnull=False).exists()


def test_a_case_without_a_session_stops_the_accounts_orders(
    customer: User, store: Store, books: OpenBooks
) -> None:
    """There is no session to end; the rest is done."""
    del store
    books.place("O-1", "sid-1")
    case = case_of(str(customer.pk), sid="")
    playbook.contain(str(case.pk), NOW)
    assert books.orders["O-1"].state == "held"
    assert "names no session" in CaseEntry.objects.get(kind="session:done").text
    case.refresh_from_db()
    assert case.state == Case.State.CONTAINED


def test_a_customer_without_an_address_is_not_told(customer: User, store: Store, books: OpenBooks) -> None:
    """The case says so, and is contained all the same."""
    del store
    del books
    User.objects.update(email="")
    case = case_of(str(customer.pk))
    assert playbook.contain(str(case.pk), NOW).state == Case.State.CONTAINED
    texts = list(CaseEntry.objects.values_list("text", flat=True))
    assert "There was no open order to suspend." in texts
    assert any("was not told" in text for text in texts)


def test_what_was_held_before_joins_the_case(case: Case) -> None:
    """The desk finds all that waits of this session in one place."""
    Hold.objects.create(
        account=case.account, sid="sid-1", kind="order", operation="{}", digest="", event_id="e",
        ruleset_version=1, created_at=NOW, expires_at=NOW, reference="W-1",
    )  # fmt: skip
    playbook.contain(str(case.pk), NOW)
    assert Hold.objects.filter(case=case).count() == 2


def test_a_closed_case_is_left_alone(case: Case, books: OpenBooks) -> None:
    """A task that comes after the desk closed it does nothing."""
    Case.objects.update(state=Case.State.CLOSED)
    playbook.contain(str(case.pk), NOW)
    assert Session.objects.get().ended_at is None
    assert books.calls == []


class AnyTrouble(TransactionTestCase):
    """The law behind it, for any failures on the way."""

    @law(deadline=None, max_examples=15)
    @given(st.lists(st.sets(st.sampled_from(["O-1", "O-2", "O-3"])), max_size=4))
    def test_contained_in_any_number_of_tries_is_contained_once(self, troubles: list[set[str]]) -> None:
        """However often it runs and whatever fails meanwhile, each effect happens once."""
        load.cache_clear()
        with self.settings(AUTHSHIELD_ORDER_GATEWAY=PATH):
            books = load(PATH)
            for number in (1, 2, 3):
                books.place(f"O-{number}", "sid-1")
            case = open_or_join(str(person().pk), "sid-1", title="t", score=84, reasons=[], now=NOW)
            for failing in [*troubles, set(), set()]:
                books.failing = failing
                try:
                    playbook.contain(str(case.pk), NOW)
                except GatewayError:
                    assert failing
        assert sorted(books.calls) == ["held O-1", "held O-2", "held O-3"]
        assert Hold.objects.filter(case=case).count() == 3
        assert Notice.objects.count() == 1
        keys = list(CaseEntry.objects.values_list("key", flat=True))
        assert len(keys) == len(set(keys))
        for table in (Case, Hold, Notice, Session, OutboxTask):
            table.objects.all().delete()
