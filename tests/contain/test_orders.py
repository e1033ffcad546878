"""Open orders of a contained session wait or are cancelled, each alone, each once."""

import pytest

from authshield.contain.cases import open_or_join
from authshield.contain.orders import cancel_open_orders, suspend_open_orders
from authshield.enforce import holds
from authshield.errors import GatewayError
from authshield.models import Case, Hold
from authshield.vocabulary.actions import Strength
from tests.open_books import OpenBooks
from tests.recorded import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> Case:
    """The case of sid-1."""
    return open_or_join("42", "sid-1", title="t", score=84, reasons=[], now=NOW)


def test_the_sessions_open_orders_become_holds_of_the_case(books: OpenBooks, case: Case) -> None:
    """Those of other sessions go on; one whose session the broker does not know waits too."""
    for reference, sid in (("O-1", "sid-1"), ("O-2", "sid-2"), ("O-3", "")):
        books.place(reference, sid)
    books.place("O-4", "sid-1", "filled")
    assert suspend_open_orders("42", "sid-1", case=case, now=NOW) == ["O-1", "O-3"]
    assert [order.state for order in books.orders.values()] == ["held", "accepted", "held", "filled"]
    hold = Hold.objects.get(reference="O-1")
    assert (hold.case, hold.state, hold.account, hold.sid) == (case, "waiting", "42", "sid-1")
    assert (hold.required, hold.risk) == (Strength.OOB, 84)


def test_the_desk_decides_about_a_suspended_order_like_any_other(books: OpenBooks, case: Case) -> None:
    """It is released or cancelled through the same holds."""
    books.place("O-1", "sid-1")
    books.place("O-2", "sid-1")
    suspend_open_orders("42", "sid-1", case=case, now=NOW)
    holds.release(Hold.objects.get(reference="O-1"), by="desk", reason="it was him", now=NOW)
    holds.cancel(Hold.objects.get(reference="O-2"), by="desk", reason="it was not", now=NOW)
    assert books.calls[2:] == ["filled O-1", "cancelled O-2"]


def test_twice_is_once(books: OpenBooks, case: Case) -> None:
    """An order that waits already stays as it is; one that was held before joins the case."""
    books.place("O-1", "sid-1")
    for _ in range(2):
        suspend_open_orders("42", "sid-1", case=case, now=NOW)
    assert books.calls == ["held O-1"]
    assert Hold.objects.count() == 1
    books.place("O-1", "sid-1")
    Hold.objects.update(case=None)
    suspend_open_orders("42", "sid-1", case=case, now=NOW)
    assert Hold.objects.get().case == case


def test_without_a_session_it_is_the_whole_account(books: OpenBooks, case: Case) -> None:
    """A case of an account stops whatever is open in it."""
    books.place("O-1", "sid-1")
    books.place("O-2", "sid-2")
    assert suspend_open_orders("42", "", case=case, now=NOW) == ["O-1", "O-2"]


@pytest.mark.parametrize("is_permanent", [True, False])
def test_one_that_fails_does_not_save_the_others(books: OpenBooks, case: Case, *, is_permanent: bool) -> None:
    """Every order is tried; the error says which failed, and no hold stands for those."""
    for number in (1, 2, 3):
        books.place(f"O-{number}", "sid-1")
    books.failing, books.is_permanent = {"O-2"}, is_permanent
    with pytest.raises(GatewayError, match="suspend 1 of 3 open orders: O-2: O-2 of 42 is busy") as failed:
        suspend_open_orders("42", "sid-1", case=case, now=NOW)
    assert failed.value.permanent is is_permanent
    assert sorted(Hold.objects.values_list("reference", flat=True)) == ["O-1", "O-3"]
    books.failing = set()
    assert suspend_open_orders("42", "sid-1", case=case, now=NOW) == ["O-2"]


def test_open_orders_can_be_cancelled_for_good(books: OpenBooks) -> None:
    """The desk may be sure already; repeating it changes nothing more."""
    books.place("O-1", "sid-1")
    books.place("O-2", "sid-2")
    assert cancel_open_orders("42", "sid-1", key="case-1", reason="fraud") == ["O-1"]
    assert cancel_open_orders("42", "sid-1", key="case-1", reason="fraud") == []
    assert books.calls == ["cancelled O-1"]
