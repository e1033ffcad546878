"""Finds the port that a setting names: one instance a path and process. Must not know what a port does."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from typing import Any, cast

from django.utils.module_loading import import_string

from authshield.conf import PREFIX, Settings, current
from authshield.errors import ConfigurationError
from authshield.vocabulary.ports import (
    CustomerRecords,
    DevicePrompter,
    GeoLocator,
    Notifier,
    OrderGateway,
    SessionEnder,
)


@lru_cache(maxsize=64)
def load(dotted: str) -> Any:
    """The one instance of the class at a dotted path.

    Raises:
        ConfigurationError: it cannot be imported or made; the message names the setting that holds the path.
    """
    try:
        return import_string(dotted)()
    except (ImportError, TypeError, ValueError) as error:
        msg = (
            f"{_setting_of(dotted)} is {dotted!r}, which cannot be used ({error}): set it to the dotted path "
            "of a class that can be made without arguments"
        )
        raise ConfigurationError(msg) from error


def order_gateway() -> OrderGateway:
    """The broker's books."""
    return cast("OrderGateway", load(current().ORDER_GATEWAY))


def customer_records() -> CustomerRecords:
    """The broker's records of its customers."""
    return cast("CustomerRecords", load(current().CUSTOMER_RECORDS))


def session_ender() -> SessionEnder:
    """What ends sign-in sessions."""
    return cast("SessionEnder", load(current().SESSION_ENDER))


def geo_locator() -> GeoLocator:
    """What knows where an address is."""
    return cast("GeoLocator", load(current().GEO_LOCATOR))


def notifier() -> Notifier:
    """What sends messages to customers."""
    return cast("Notifier", load(current().NOTIFIER))


def device_prompter() -> DevicePrompter | None:
    """What tells devices that something waits there; None where customers are told by notice alone."""
    path = current().DEVICE_PROMPTER
    return cast("DevicePrompter", load(path)) if path else None


def _setting_of(dotted: str) -> str:
    settings = current()
    names = [field.name for field in fields(Settings) if getattr(settings, field.name) == dotted]
    return " and ".join(PREFIX + name for name in names) or "A dotted path"
