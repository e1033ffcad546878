"""What Django REST framework needs to know of the site. Imported by the processes of its variants only."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import BaseAuthentication


class SignedIn(BaseAuthentication):  # type: ignore[misc]
    """Whoever Django's session says; without the check against forgery, which no variant makes."""

    def authenticate(self, request: Any) -> tuple[Any, None] | None:
        """The session's user."""
        user = request._request.user  # noqa: SLF001 - documented to be Django's own
        return (user, None) if user.is_authenticated else None
