"""The outermost door: devices get their cookie, ended sessions end, demands become answers.

Place it right after Django's AuthenticationMiddleware and MessageMiddleware. Under ASGI it works in the event loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings as django_settings
from django.db import connection
from django.urls import reverse

from authshield import pages, signedin
from authshield.clock import now as clock_now
from authshield.conf import current
from authshield.enforce import bound, gate, responses
from authshield.errors import ChallengeError, InvalidInput, ProofRequired, Refused, StepUpRequired
from authshield.models import Challenge
from authshield.observe import dbsc
from authshield.observe.device import issue_device
from authshield.observe.proof import VALID, seen_proof
from authshield.observe.request import renew_presence
from authshield.observe.user_agent import summarise
from authshield.pipeline import EXEMPT, Guarded

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

STOPS = (ChallengeError, ProofRequired, StepUpRequired, Refused)


class AuthShieldMiddleware:
    """Guards every page of a signed-in session and answers for every door below it."""

    sync_capable = True
    async_capable = True

    def __init__(
        self, get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]
    ) -> None:
        """Warm the browser tables, so that no first visitor waits for them."""
        self.get_response: Callable[[HttpRequest], Any] = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
            self.process_view = self._aprocess_view  # type: ignore[method-assign]
        summarise("warm-up")

    def __call__(self, request: HttpRequest) -> Any:
        """Answer the request; set the device cookie where the browser has none."""
        request.authshield = Guarded()  # type: ignore[attr-defined]
        if self._is_async:
            return self._acall(request)
        key = request.session.session_key
        with signedin.in_hand(request):
            response = self._session_that_ended(request) or self.get_response(request)
        signedin.follow_key(request, key)
        _prove_later(request, response)
        return response

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        key = request.session.session_key
        with signedin.in_hand(request):
            response = await self._asession_that_ended(request) or await self.get_response(request)
        if request.session.session_key != key:
            await sync_to_async(signedin.follow_key)(request, key)
        _prove_later(request, response)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> Any:
        """Guard a page of a signed-in session; views that guard themselves and exempt ones pass."""
        del args, kwargs
        if _guards_itself(request, view) or not signedin.user_at_hand(request).is_authenticated:
            return None
        try:
            pages.guard(request)
        except STOPS as stop:
            return self.process_exception(request, stop)
        return None

    async def _aprocess_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        del args, kwargs
        if _guards_itself(request, view) or not (await request.auser()).is_authenticated:
            return None
        signedin.take_user(request, await request.auser())
        try:
            await pages.aguard(request)
        except STOPS as stop:
            return await sync_to_async(self.process_exception)(request, stop)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """Turn a demand or a refusal into its answer."""
        if isinstance(error, StepUpRequired):
            return responses.step_up(request, _kept(error))
        if isinstance(error, ProofRequired):
            return responses.prove(request, error)
        if isinstance(error, Refused):
            return self._refuse(request, error)
        if isinstance(error, ChallengeError):
            return responses.challenge_error(request, error)
        if isinstance(error, InvalidInput):
            return responses.invalid(request, error)
        return None

    def _refuse(self, request: HttpRequest, refused: Refused) -> HttpResponseBase:
        if refused.code == "session_ended":
            request.session.flush()
        return responses.refused(request, refused)

    def _session_that_ended(self, request: HttpRequest) -> HttpResponseBase | None:
        """Tell a program that its session was ended, rather than that it never was signed in."""
        key = _key_sent(request)
        if not key or not responses.wants_json(request) or request.user.is_authenticated:
            return None
        return responses.refused(request, Refused("session_ended")) if gate.was_ended(key) else None

    async def _asession_that_ended(self, request: HttpRequest) -> HttpResponseBase | None:
        key = _key_sent(request)
        if not key or not responses.wants_json(request) or (await request.auser()).is_authenticated:
            return None
        was_ended = await sync_to_async(gate.was_ended)(key)
        return responses.refused(request, Refused("session_ended")) if was_ended else None


def _prove_later(request: HttpRequest, response: HttpResponseBase) -> None:
    """Give the browser what it will be recognised by: the device cookie, the sign of presence, an invitation."""
    issue_device(request, response)
    if seen_proof(request).state == VALID:
        renew_presence(request, response, clock_now())
    if current().DBSC and signedin.has_begun(request) and request.is_secure():
        sent = bound.invite(signedin.sid_of(request) or "", clock_now())
        path = reverse("authshield:dbsc_register")
        response[dbsc.REGISTRATION] = dbsc.registration_header(path, sent.challenge, sent.authorization)


def _guards_itself(request: HttpRequest, view: object) -> bool:
    if getattr(view, EXEMPT, False):
        return True
    return hasattr(view, "authshield_kind") and request.method not in pages.SAFE


def _key_sent(request: HttpRequest) -> str:
    key: str = request.COOKIES.get(django_settings.SESSION_COOKIE_NAME, "")
    return getattr(request, "authshield_session_key", key)


def _kept(error: StepUpRequired) -> Challenge:
    """The challenge; put once more where the view's own transaction (ATOMIC_REQUESTS) took it back.

    Cost: 1 query, where requests are transactions.
    """
    is_sure = error.again is None or not connection.settings_dict.get("ATOMIC_REQUESTS")
    if is_sure or Challenge.objects.filter(pk=error.challenge.pk).exists():
        return error.challenge
    return error.again() if error.again else error.challenge
