"""Bearer tokens: which session a token stands for, and the middleware that puts it on the request.

A token is 256 random bits of which only the hash is kept. It carries a session that no cookie carries, so a
request with one needs no CSRF token: no browser sends it by itself.
"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from authshield import sealing
from authshield.clock import now as clock_now
from demo_site.broker.models import ApiToken
from demo_site.broker.problems import problem

LOGIN_PATH = "/api/login"
SCHEME = "bearer "
PURPOSE = "demo-api-session"
TOKEN_BYTES = 32


def issue(session: SessionBase) -> tuple[str, int]:
    """Make a token for a saved session; returns it and its lifetime in seconds."""
    seconds = settings.SESSION_COOKIE_AGE
    now = clock_now()
    ApiToken.objects.filter(expires_at__lte=now).delete()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    ApiToken.objects.create(
        token_hash=_hash(token),
        sealed_session_key=_sealed(session),
        expires_at=now + timedelta(seconds=seconds),
    )
    return token, seconds


class BearerSession:
    """Swaps the session of a request that comes with a token; the cookie's session stays untouched.

    Stands after SessionMiddleware, before everything that reads the session. The token endpoint gets a
    session of its own likewise, so that signing in there neither sets nor takes over a cookie.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer 401 where a token is sent that stands for nothing."""
        header = request.headers.get("Authorization", "")
        if request.path_info == LOGIN_PATH:
            return self._with_session(request, SessionStore())[0]
        if not header.lower().startswith(SCHEME):
            return self.get_response(request)
        row = _find(header[len(SCHEME) :].strip())
        if row is None:
            return _unknown_token()
        key = sealing.unseal(bytes(row.sealed_session_key), PURPOSE).decode()
        # AuthShield tells from it whether the session was ended, or has just run out.
        request.authshield_session_key = key  # type: ignore[attr-defined]
        response, session = self._with_session(request, SessionStore(key))
        _follow(row, key, session)
        return response

    def _with_session(
        self, request: HttpRequest, session: SessionBase
    ) -> tuple[HttpResponseBase, SessionBase]:
        cookie_session, request.session, used = request.session, session, session
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined] # noqa: SLF001 - Django's own mark
        try:
            response = self.get_response(request)
            used = request.session
            if (
                used.modified
                and not used.is_empty()
                and response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
            ):
                used.save()
        except UpdateError:  # ended by somebody else while this request ran
            return _unknown_token(), used
        finally:
            request.session = cookie_session
        return response, used


def _find(token: str) -> ApiToken | None:
    row = ApiToken.objects.filter(token_hash=_hash(token)).first()
    return row if row and row.expires_at > clock_now() else None


def _follow(row: ApiToken, key: str, session: SessionBase) -> None:
    """Keep the token on its session when the key was rotated; one without a session stands for none."""
    if session.session_key in {key, None}:
        return
    row.sealed_session_key = _sealed(session)
    row.save(update_fields=["sealed_session_key"])


def _sealed(session: SessionBase) -> bytes:
    return sealing.seal((session.session_key or "").encode(), PURPOSE)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _unknown_token() -> HttpResponseBase:
    response = problem(401, "invalid_token", "This token is not valid (any more): POST /api/login again.")
    response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    return response
