"""The books in the admin, to look at: what moves money goes through the guarded pages alone."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from demo_site.broker.models import Account, HeldChange, Instrument, Order, Position, Withdrawal


class LookOnly(admin.ModelAdmin):
    """Nobody adds, changes or deletes here, not even a superuser."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Never."""
        return False


@admin.register(Order)
class OrderAdmin(LookOnly):
    """Orders, the newest first."""

    list_display = ["public_id", "account", "side", "quantity", "instrument", "state", "created_at"]
    list_filter = ["state", "side"]
    list_select_related = ["account__user", "instrument"]
    search_fields = ["public_id", "account__user__username", "session"]


@admin.register(Account)
class AccountAdmin(LookOnly):
    """Cash of each customer."""

    list_display = ["user", "cash_minor", "reserved_minor", "opened_at"]
    list_select_related = ["user"]


@admin.register(Withdrawal)
class WithdrawalAdmin(LookOnly):
    """Money that left or waits."""

    list_display = ["public_id", "account", "amount_minor", "bank_account", "state", "created_at"]
    list_select_related = ["account__user"]


@admin.register(Position)
class PositionAdmin(LookOnly):
    """Who holds what."""

    list_display = ["account", "instrument", "quantity", "reserved"]
    list_select_related = ["account__user", "instrument"]


@admin.register(HeldChange)
class HeldChangeAdmin(LookOnly):
    """Changes that wait."""

    list_display = ["public_id", "account", "state", "created_at"]
    list_select_related = ["account__user"]


@admin.register(Instrument)
class InstrumentAdmin(LookOnly):
    """The market."""

    list_display = ["symbol", "name", "market", "base_price", "adv_minor"]
    search_fields = ["symbol", "name_en", "name_ja"]
