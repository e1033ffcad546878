"""Sessions end in whichever store they are kept."""

import pytest
from django.contrib.sessions.backends.cache import SessionStore as CacheStore
from django.contrib.sessions.backends.db import SessionStore
from pytest_django.fixtures import Settings

from authshield.backends.sessions import DjangoSessions
from authshield.errors import GatewayError


@pytest.mark.django_db
def test_a_session_in_the_database_is_gone_after_its_end() -> None:
    """Deleting is at once and for every node; doing it again, or for no key, is fine."""
    session = SessionStore()
    session.create()
    for key in (session.session_key, session.session_key, ""):
        DjangoSessions().end(key or "")
    assert not SessionStore().exists(session.session_key or "")


def test_a_session_in_the_cache_is_gone_after_its_end(settings: Settings) -> None:
    """The engine of the settings decides where it is deleted."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    session = CacheStore()
    session.create()
    DjangoSessions().end(session.session_key or "")
    assert not CacheStore().exists(session.session_key or "")


def test_sessions_in_signed_cookies_cannot_be_ended(settings: Settings) -> None:
    """The error says so, instead of leaving a thief's session alive in silence."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    with pytest.raises(GatewayError, match="signed_cookies") as refused:
        DjangoSessions().end("key")
    assert refused.value.permanent
