"""A customer's own freeze: everybody out, open orders cancelled, nobody in until two people of the desk agree."""

from __future__ import annotations

from datetime import datetime

from authshield.contain import cases, orders, steps
from authshield.errors import GatewayError


def stop_everything(account: str, now: datetime) -> None:
    """Freeze an account, end its sessions and cancel its open orders. Twice is once."""
    steps.freeze(account, "frozen by the customer", by=f"customer {account}", now=now)
    steps.end_all_sessions(account, "frozen by the customer", by=account, now=now)
    try:
        orders.cancel_open_orders(account, "", key=f"freeze:{account}:{now:%Y%m%d%H%M%S}", reason="frozen")
    except GatewayError as error:  # everything else has been stopped: the desk sees to these
        title = "Frozen by the customer; open orders are not cancelled yet"
        case = cases.open_or_join(account, "", title=title, score=0.0, reasons=(), now=now)
        cases.note(case, cases.Entry("freeze:orders", "orders:failed", str(error)), now)
