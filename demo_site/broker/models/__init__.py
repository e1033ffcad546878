"""The broker's tables. Money is integer yen, prices are decimals in yen."""

from demo_site.broker.models.accounts import Account, BankAccount, ContactDetails, Position
from demo_site.broker.models.changes import HeldChange, PendingPassword, Withdrawal
from demo_site.broker.models.market import Instrument
from demo_site.broker.models.orders import Order
from demo_site.broker.models.tokens import ApiToken

__all__ = [
    "Account",
    "ApiToken",
    "BankAccount",
    "ContactDetails",
    "HeldChange",
    "Instrument",
    "Order",
    "PendingPassword",
    "Position",
    "Withdrawal",
]
