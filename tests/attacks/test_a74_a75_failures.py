"""A74, A75: something breaks in the middle. An order is then not placed, and the answer says no more than that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection

from authshield import signals
from authshield.models import LedgerEntry, RulesetVersion
from authshield.tune import rulebook
from demo_site.broker.models import Order
from tests.site import Guest

pytestmark = pytest.mark.usefixtures("own_site")


@contextmanager
def _failing(statement: str) -> Iterator[None]:
    """Every SQL statement that begins so fails, as it does when the database goes away."""

    def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: PLR0917
        if sql.startswith(statement):
            raise OperationalError("disk I/O error")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        yield


def test_a74_a_failing_receiver_changes_nothing() -> None:
    """Who listens to decisions cannot stop or spoil them."""

    def break_down(**_: Any) -> None:
        raise RuntimeError("a receiver's own fault")

    signals.decided.connect(break_down)
    try:
        owner = Guest()
        assert owner.sign_in("alice").headers["Location"] == "/"
        assert owner.order("1301", quantity="1").status_code == 201
    finally:
        signals.decided.disconnect(break_down)


def test_a74_rules_that_cannot_be_read_leave_the_last_ones_in_force() -> None:
    """A snapshot that makes no sense is not taken; orders go on by the one before."""
    owner = Guest()
    owner.sign_in("alice")
    row = RulesetVersion.objects.latest("number")
    RulesetVersion.objects.create(number=row.number + 1, snapshot={"rules": 7}, created_at=row.created_at)
    rulebook.forget()
    assert owner.order("1301", quantity="1").status_code in {201, 401, 503}
    assert not LedgerEntry.objects.filter(ruleset_version=row.number + 1).exists()


@pytest.mark.parametrize("statement", ['INSERT INTO "authshield_ledgerentry"', "SELECT 'account_frozen'"])
def test_a75_without_its_ledger_line_no_order_is_placed(statement: str) -> None:
    """The effect and its record share one transaction: both or neither."""
    owner = Guest()
    owner.sign_in("alice")
    before = Order.objects.count()
    with _failing(statement):
        answer = owner.order("1301", quantity="1")
    if statement.startswith("INSERT"):
        assert answer.status_code == 503
        assert answer.json()["code"] == "unavailable"
        assert Order.objects.count() == before
    assert owner.order("1301", quantity="1").status_code == 201
