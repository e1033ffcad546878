"""Ends sessions in whichever store Django keeps them. Must not decide which."""

from __future__ import annotations

from importlib import import_module

from django.conf import settings

from authshield.errors import GatewayError

_UNENDABLE = "django.contrib.sessions.backends.signed_cookies"


class DjangoSessions:
    """Deletes a session through ``SESSION_ENGINE``'s own store, on every web node at once."""

    def end(self, session_key: str) -> None:
        """Delete it; one that is gone already, or has no key, is fine.

        Raises:
            GatewayError: the engine keeps sessions in the browser, where nothing can be deleted.
        """
        if settings.SESSION_ENGINE == _UNENDABLE:
            msg = (
                f"SESSION_ENGINE is {_UNENDABLE}: the session lives in the browser and cannot be deleted; "
                "use the database, cached_db or cache engine"
            )
            raise GatewayError(msg, permanent=True)
        if session_key:
            import_module(settings.SESSION_ENGINE).SessionStore(session_key).delete()
