"""Ports are found by the dotted path of a setting."""

from collections.abc import Callable

import pytest
from pytest_django.fixtures import Settings as Changeable

from authshield.backends import loader
from authshield.backends.geo import MmdbLocator
from authshield.backends.notify import EmailNotifier
from authshield.backends.orders import NoBooks
from authshield.backends.sessions import DjangoSessions
from authshield.conf import Settings
from authshield.errors import ConfigurationError, GatewayError
from authshield.vocabulary.event import Kind
from authshield.vocabulary.operation import Operation


def test_each_port_has_a_default(settings: Changeable) -> None:
    """Without a setting every port is there."""
    settings.AUTHSHIELD_ORDER_GATEWAY = Settings.ORDER_GATEWAY
    assert isinstance(loader.order_gateway(), NoBooks)
    assert isinstance(loader.session_ender(), DjangoSessions)
    assert isinstance(loader.geo_locator(), MmdbLocator)
    assert isinstance(loader.notifier(), EmailNotifier)


def test_a_path_is_made_once(settings: Changeable) -> None:
    """Two look-ups give the same instance, so that caches inside it live on."""
    assert loader.load(settings.AUTHSHIELD_ORDER_GATEWAY) is loader.order_gateway()


@pytest.mark.parametrize(
    "path", ["no.such.Module", "nodots", "authshield.backends.orders.Missing", "datetime.datetime"]
)
def test_a_path_that_cannot_be_used_names_its_setting(settings: Changeable, path: str) -> None:
    """The error tells the setting, the value and what would be right."""
    settings.AUTHSHIELD_NOTIFIER = path
    with pytest.raises(ConfigurationError, match=f"AUTHSHIELD_NOTIFIER is '{path}'.*dotted path"):
        loader.notifier()


def test_a_path_of_no_setting_is_told_as_well() -> None:
    """A path from elsewhere gets the same clear error."""
    with pytest.raises(ConfigurationError, match=r"A dotted path is 'x\.y'"):
        loader.load("x.y")


def test_without_books_nothing_is_held_and_nothing_pretended() -> None:
    """The default gateway takes a hold without effect, and refuses for good what it cannot do."""
    books = NoBooks()
    assert books.hold(Operation(Kind.ORDER, "42", {}), session="sid", key="k") == ""
    assert books.open_orders("42") == ()
    calls: list[Callable[[], None]] = [
        lambda: books.release("42", "O-1", key="k"),
        lambda: books.cancel("42", "O-1", reason="r", key="k"),
        lambda: books.suspend("42", "O-1", reason="r", key="k"),
    ]
    for call in calls:
        with pytest.raises(GatewayError, match="AUTHSHIELD_ORDER_GATEWAY") as refused:
            call()
        assert refused.value.permanent
