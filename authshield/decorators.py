"""The one decorator that a broker puts on each view that moves money or changes who may."""

from __future__ import annotations

from functools import update_wrapper, wraps
from typing import TYPE_CHECKING, Any, Protocol

from asgiref.sync import async_to_sync, iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpResponseNotAllowed
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from authshield import attempts, demands, operations, signedin
from authshield.backends.accounts import limiter_name
from authshield.clock import now
from authshield.enforce import responses
from authshield.errors import InvalidInput, Refused
from authshield.pipeline import Guarded
from authshield.vocabulary.event import Who
from authshield.vocabulary.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from authshield.models import Challenge
    from authshield.vocabulary.event import Kind, Subject

    View = Callable[..., HttpResponseBase]
    AnyView = Callable[..., HttpResponseBase | Awaitable[HttpResponseBase]]

SAFE = frozenset({"GET", "HEAD"})
SENDING = frozenset({"POST", "PATCH"})


class Parse(Protocol):
    """Reads a request into canonical fields; raises ``InvalidInput``."""

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Mapping[str, str]:
        """Read it; the view's own URL arguments come by name."""


class Describe(Protocol):
    """Describes canonical fields to the rules, with portfolio and instrument; raises ``InvalidInput``."""

    def __call__(self, user: Any, fields: Mapping[str, str]) -> Subject:
        """Describe them."""


class ProtectedView:
    """A view behind the guard. ``authshield_perform`` carries out what a passed challenge shows."""

    def __init__(self, view: View, kind: Kind, *, parse: Parse, describe: Describe, held_url: str) -> None:
        """Take over the view's name and attributes, so that URL tools see it as before."""
        update_wrapper(self, view)
        # It has a transaction of its own; a request's (ATOMIC_REQUESTS) would take back what stops an order.
        transaction.non_atomic_requests(self)
        self.view = view
        # Attributes, not methods: a decorator around this view carries them on.
        self.authshield_kind = kind
        self.authshield_perform = self.perform
        self.parse = parse
        self.describe = describe
        self.held_url = held_url
        self.floor: demands.Floor | None = None

    def __call__(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Answer a request."""
        if request.method not in SAFE | SENDING:
            return HttpResponseNotAllowed(sorted(SAFE | SENDING))
        if not signedin.user_at_hand(request).is_authenticated:
            return _anonymous(request)
        if request.method in SAFE:
            return self.view(request, None, **kwargs)
        try:
            operation, subject = self._read(request, kwargs)
            return self._carry_out(request, operation, subject, None, kwargs)
        except InvalidInput as invalid:
            return self._invalid(request, invalid, kwargs)

    def perform(self, request: HttpRequest, challenge: Challenge, **kwargs: Any) -> HttpResponseBase:
        """Carry out the stored operation of a passed challenge; raises what ``carry_out`` raises."""
        stored = Operation.from_canonical(challenge.operation)
        try:
            operation, subject = self._described(request, stored.fields)
            return self._carry_out(request, operation, subject, challenge, kwargs)
        except InvalidInput as invalid:
            return self._invalid(request, invalid, kwargs)

    def _read(self, request: HttpRequest, kwargs: Mapping[str, Any]) -> tuple[Operation, Subject]:
        return self._described(request, self.parse(request, **kwargs))

    def _described(self, request: HttpRequest, fields: Mapping[str, str]) -> tuple[Operation, Subject]:
        account = signedin.account_of_request(request) or ""
        operation = Operation(self.authshield_kind, account, dict(fields))
        return operation, self.describe(request.user, operation.fields)

    def _carry_out(  # noqa: PLR0917 - who, what, how it was proved, where
        self,
        request: HttpRequest,
        operation: Operation,
        subject: Subject,
        challenge: Challenge | None,
        kwargs: Mapping[str, Any],
    ) -> HttpResponseBase:
        try:
            return operations.carry_out(
                request,
                operation,
                subject,
                lambda approved: self._act(request, approved, kwargs),
                challenge=challenge,
                floor=self.floor,
            )
        except operations.Held as held:
            return _held(request, held, self.held_url)

    def _act(
        self, request: HttpRequest, operation: Operation | None, kwargs: Mapping[str, Any]
    ) -> HttpResponseBase:
        return self.view(request, operation, **kwargs)

    def _invalid(
        self, request: HttpRequest, invalid: InvalidInput, kwargs: Mapping[str, Any]
    ) -> HttpResponseBase:
        if responses.wants_json(request):
            return responses.invalid(request, invalid)
        request.authshield = Guarded(invalid=invalid)  # type: ignore[attr-defined]
        response = self._act(request, None, kwargs)
        response.status_code = invalid.status_code
        return response


class AsyncProtectedView(ProtectedView):
    """The same for a view of an event loop; what is asked of the database is asked in a thread, as Django does.

    An approved operation runs inside the transaction that also holds its ledger line, so from that thread.
    """

    def __init__(self, view: View, kind: Kind, *, parse: Parse, describe: Describe, held_url: str) -> None:
        """As ``ProtectedView``."""
        super().__init__(view, kind, parse=parse, describe=describe, held_url=held_url)
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        """Answer a request."""
        if request.method not in SAFE | SENDING:
            return HttpResponseNotAllowed(sorted(SAFE | SENDING))
        user = await request.auser()
        if not user.is_authenticated:
            return _anonymous(request)
        signedin.take_user(request, user)
        if request.method in SAFE:
            return await self._aact(request, None, kwargs)
        try:
            operation, subject = await sync_to_async(self._read)(request, kwargs)
            return await operations.acarry_out(
                request,
                operation,
                subject,
                lambda approved: self._act(request, approved, kwargs),
                floor=self.floor,
            )
        except operations.Held as held:
            return await sync_to_async(_held)(request, held, self.held_url)
        except InvalidInput as invalid:
            return await sync_to_async(self._invalid)(request, invalid, kwargs)

    async def _aact(
        self, request: HttpRequest, operation: Operation | None, kwargs: Mapping[str, Any]
    ) -> HttpResponseBase:
        view: Any = self.view
        response: HttpResponseBase = await view(request, operation, **kwargs)
        return response

    def _act(
        self, request: HttpRequest, operation: Operation | None, kwargs: Mapping[str, Any]
    ) -> HttpResponseBase:
        return async_to_sync(self._aact)(request, operation, kwargs)


def protect(
    kind: Kind,
    *,
    parse: Parse,
    describe: Describe,
    held_url: str = "/orders/",
    floor: demands.Floor | None = None,
) -> Callable[[AnyView], ProtectedView]:
    """Guard a view: ``view(request, operation, **kwargs)`` acts only where ``operation`` is not None.

    A GET or HEAD brings None, and so does a form that makes no sense (``request.authshield.invalid`` then says
    why). Otherwise the operation was judged, and proved where that was due; the view's effect, the proof's
    use and the ledger's line are one transaction. ``held_url`` is where a page goes on once its operation
    waits. ``floor`` asks for a proof whatever the rules say. The view may be a coroutine function; the others are
    plain functions.
    """

    def decorate(view: Any) -> ProtectedView:
        made = AsyncProtectedView if iscoroutinefunction(view) else ProtectedView
        guarded = made(view, kind, parse=parse, describe=describe, held_url=held_url)
        guarded.floor = floor
        return guarded

    return decorate


def watch(kind: Kind, *, username_field: str) -> Callable[[AnyView], View]:
    """Count and judge each POST of a view that anybody may use, such as a password reset, before it acts."""

    def name_in(request: HttpRequest) -> Who:
        return Who(username=limiter_name(request.POST.get(username_field, "")))

    def decorate(view: Any) -> View:
        made: Any = (_awatched if iscoroutinefunction(view) else _watched)(view, kind, name_in)
        made.authshield_kind = kind
        guarded: View = made
        return guarded

    return decorate


def _watched(view: View, kind: Kind, name_in: Callable[[HttpRequest], Who]) -> View:
    @wraps(view)
    def watched(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST":
            try:
                attempts.count(request, kind, name_in(request), now())
            except Refused as refused:
                return responses.refused(request, refused)
        return view(request, *args, **kwargs)

    return watched


def _awatched(view: Any, kind: Kind, name_in: Callable[[HttpRequest], Who]) -> Any:
    @wraps(view)
    async def watched(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST":
            await signedin.aload(request)
            try:
                await attempts.acount(request, kind, name_in(request), now())
            except Refused as refused:
                return await sync_to_async(responses.refused)(request, refused)
        response: HttpResponseBase = await view(request, *args, **kwargs)
        return response

    return watched


def _anonymous(request: HttpRequest) -> HttpResponseBase:
    if responses.wants_json(request):
        return responses.problem("not_authenticated", 401, _("Sign in first."))
    return redirect_to_login(request.get_full_path(), responses.login_path())


def _held(request: HttpRequest, held: operations.Held, held_url: str) -> HttpResponseBase:
    if responses.wants_json(request):
        return responses.held(request, held.hold)
    told = _("This is waiting for a check. Nothing has been executed yet.")
    messages.warning(request, told, fail_silently=True)  # a site may have no messages
    return redirect(held_url)
