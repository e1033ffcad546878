"""Open orders of a contained session: suspended or cancelled through the broker's port, each alone.

A suspended order becomes a hold, so that the desk decides about it like about any other.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db import transaction

from authshield.backends.loader import order_gateway
from authshield.conf import current
from authshield.errors import GatewayError
from authshield.models import Case, Hold
from authshield.vocabulary.actions import Strength
from authshield.vocabulary.event import Kind
from authshield.vocabulary.operation import Operation
from authshield.vocabulary.ports import OpenOrder

HELD = "held"
"""The state of an order that waits already, in the words of the port."""


def suspend_open_orders(account: str, sid: str, *, case: Case, now: datetime) -> list[str]:
    """Turn a session's open orders into holds of this case; returns their references.

    Orders whose session the broker does not know are suspended too; without ``sid`` it is all of the account.
    Every order is tried, then ``GatewayError`` tells which failed. Orders that wait already stay as they are.
    """

    def suspend(order: OpenOrder) -> None:
        with transaction.atomic():
            _hold(account, order, case, now)
            order_gateway().suspend(
                account, order.reference, reason="contained", key=f"{case.pk}:{order.reference}:suspend"
            )

    return _each(_open(account, sid), suspend, "suspend")


def cancel_open_orders(account: str, sid: str, *, key: str, reason: str) -> list[str]:
    """Cancel a session's open orders for good; as ``suspend_open_orders`` otherwise."""

    def cancel(order: OpenOrder) -> None:
        order_gateway().cancel(account, order.reference, reason=reason, key=f"{key}:{order.reference}:cancel")

    return _each(_open(account, sid), cancel, "cancel")


def _open(account: str, sid: str) -> Iterator[OpenOrder]:
    for order in order_gateway().open_orders(account):
        is_theirs = not sid or order.session in {sid, ""}
        if is_theirs and order.state != HELD:
            yield order


def _each(orders: Iterator[OpenOrder], step: Callable[[OpenOrder], None], verb: str) -> list[str]:
    done: list[str] = []
    failed: list[str] = []
    is_permanent = True
    for order in orders:
        try:
            step(order)
        except GatewayError as error:
            failed.append(f"{order.reference}: {error}")
            is_permanent = is_permanent and error.permanent
        else:
            done.append(order.reference)
    if failed:
        msg = f"Could not {verb} {len(failed)} of {len(failed) + len(done)} open orders: {'; '.join(failed)}"
        raise GatewayError(msg, permanent=is_permanent)
    return done


def _hold(account: str, order: OpenOrder, case: Case, now: datetime) -> None:
    waiting = Hold.objects.filter(account=account, reference=order.reference, state=Hold.State.WAITING)
    if waiting.update(case=case):
        return
    fields = {"reference": order.reference, "side": order.side, "symbol": order.symbol}
    operation = Operation(Kind.ORDER, account, fields)
    Hold.objects.create(
        id=uuid.uuid4(),
        account=account,
        sid=order.session,
        kind=operation.kind.value,
        operation=operation.canonical(),
        digest=operation.digest,
        reference=order.reference,
        # Nobody who sits in the session may release it with whatever factor the session could reach.
        required=Strength.OOB,
        risk=case.score,
        reasons=case.reasons,
        event_id=f"case:{case.pk}",
        ruleset_version=0,
        case=case,
        created_at=now,
        expires_at=now + timedelta(seconds=current().HOLD_SECONDS),
    )
