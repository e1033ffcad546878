"""What AuthShield keeps in Django's own session: the opaque id of the sign-in and when it began.

The id survives the rotation of the session key, so that all events of one sign-in stay together.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth.models import AnonymousUser
from django.utils.functional import SimpleLazyObject

from authshield.backends.accounts import account_of
from authshield.conf import current
from authshield.contain import doubles
from authshield.errors import StoreUnavailable
from authshield.measure import profile
from authshield.measure.settle import ISSUED_DEVICE, WITHOUT_COOKIES
from authshield.measure.store import default_store
from authshield.observe.device import device_or_issued, read_device, renew_device, rotate_device
from authshield.observe.proof import VALID, seen_proof
from authshield.observe.request import observe_client
from authshield.record import sightings
from authshield.sealing import keyed_hash, seal

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest

    from authshield.vocabulary.assessment import Assessment
    from authshield.vocabulary.event import DeviceSeen

SESSION_KEY = "authshield"
_BEGUN = "_authshield_begun"
_in_hand: ContextVar[HttpRequest | None] = ContextVar("authshield_request", default=None)


def sid_of(request: HttpRequest) -> str | None:
    """The id of the signed-in session, None where nobody is signed in."""
    session = getattr(request, "session", None)
    stored = session.get(SESSION_KEY) if session is not None else None
    return stored.get("sid") if isinstance(stored, dict) else None


class in_hand:  # noqa: N801 - used as a verb
    """Let whatever this request causes know whose session it is; for signals that carry no request."""

    __slots__ = ("_before", "_request")

    def __init__(self, request: HttpRequest) -> None:
        """``request`` is being answered while this is entered."""
        self._request = request

    def __enter__(self) -> None:
        """From now on."""
        self._before = _in_hand.set(self._request)

    def __exit__(self, *_: object) -> None:
        """No longer."""
        _in_hand.reset(self._before)


def sid_in_hand() -> str:
    """The id of the session whose request is being answered, empty outside of one."""
    request = _in_hand.get()
    return (sid_of(request) or "") if request is not None else ""


def start(request: HttpRequest, *, key: str = "", now: datetime | None = None) -> str:
    """Give a new sign-in its id, and bind it to the key that proved it; one without may register one for a while."""
    sid = secrets.token_urlsafe(24)
    stored: dict[str, Any] = {"sid": sid}
    if key:
        stored["key"] = key
    elif now is not None:
        stored["until"] = _until(now)
    request.session[SESSION_KEY] = stored
    return sid


def has_begun(request: HttpRequest) -> bool:
    """Whether the signed-in session began with this very request."""
    return hasattr(request, _BEGUN) and sid_of(request) == getattr(request, _BEGUN)


def start_after(request: HttpRequest, assessment: Assessment, now: datetime) -> tuple[str, DeviceSeen]:
    """``start`` after a judged sign-in; returns the id and the device that goes on.

    Its cookie turns to the next generation; one that has a double becomes another device. Cost: nothing, but
    for a double.
    """
    device, facts = assessment.event.device, assessment.features.facts
    is_proved = device.proof == VALID and facts["device.proof"] == VALID
    sid = start(request, key=seen_proof(request).key if is_proved else "", now=now)
    setattr(request, _BEGUN, sid)
    if not facts["device.is_cloned"]:
        rotate_device(request)
        return sid, device
    renew_device(request)
    doubles.retire(assessment.event.account or "", device.key, now)
    return sid, replace(device, id=None, key="")


def bind(request: HttpRequest, key: str, now: datetime) -> bool:
    """Bind the session to its device's key from now on; whether that was still possible.

    Never to another key: a stolen cookie must not bring its own.
    """
    stored = request.session.get(SESSION_KEY)
    if not isinstance(stored, dict) or stored.get("key") or now.timestamp() > stored.get("until", 0):
        return False
    request.session[SESSION_KEY] = {"sid": stored["sid"], "key": key}
    return True


def may_bind(request: HttpRequest, now: datetime) -> bool:
    """Whether the browser may register its key now."""
    stored = request.session.get(SESSION_KEY)
    return isinstance(stored, dict) and not stored.get("key") and now.timestamp() <= stored.get("until", 0)


def note_double(request: HttpRequest, assessment: Assessment) -> None:
    """Keep in mind, until the session is confirmed, that its device has a double."""
    stored = request.session.get(SESSION_KEY)
    if assessment.features.facts["device.is_cloned"] and isinstance(stored, dict):
        request.session[SESSION_KEY] = stored | {"double": 1}


def confirmed(request: HttpRequest, now: datetime) -> None:
    """Whoever holds the session has proved it otherwise: a lost key may be replaced, until then pages open.

    It stays in mind that the session had one. A device with a double becomes another one.
    """
    stored = request.session.get(SESSION_KEY)
    if not isinstance(stored, dict):
        return
    if stored.get("double"):
        become_another_device(request, now)
    if "key" in stored and seen_proof(request).key != stored["key"]:
        request.session[SESSION_KEY] = {"sid": stored["sid"], "key": "", "until": _until(now)}


def become_another_device(request: HttpRequest, now: datetime) -> None:
    """Give the browser of a confirmed session an id that nobody else has a copy of.

    Cost: what ``doubles.retire`` costs, and 1 Redis round trip.
    """
    before, stored = read_device(request), request.session[SESSION_KEY]
    request.session[SESSION_KEY] = {name: kept for name, kept in stored.items() if name != "double"}
    if before is not None:
        doubles.retire(account_of_request(request) or "", keyed_hash(before, "device"), now)
    device = renew_device(request)
    with suppress(StoreUnavailable):
        profile.take_device(default_store(), stored["sid"], device)


def _until(now: datetime) -> int:
    return int(now.timestamp()) + current().REGISTRATION_SECONDS


def account_of_request(request: HttpRequest) -> str | None:
    """The account that is signed in, None where nobody is."""
    user = user_at_hand(request)
    return account_of(user) if user is not None and user.is_authenticated else None


def user_at_hand(request: HttpRequest) -> Any:
    """Whoever makes the request, signed in or not; None where the site has no such thing.

    Django's lazy user is replaced with the one behind it, so that nobody looks through it again and again.
    Cost: 1 query where nobody has asked for the user yet.
    """
    user: Any = getattr(request, "user", None)
    if type(user) is SimpleLazyObject:
        bool(user.is_authenticated)  # loads it
        user = request.user = user._wrapped  # noqa: SLF001 - there is no other way to it
    return user


async def aload(request: HttpRequest) -> None:
    """Load the session where an event loop may, so that the rest finds it there."""
    session = getattr(request, "session", None)
    if session is not None:
        await session.aget(SESSION_KEY)


def take_user(request: HttpRequest, user: Any) -> None:
    """Put the user that an event loop has loaded where the rest looks for it: it must not be loaded again."""
    request.user = user


def user_of_request(request: HttpRequest) -> AbstractBaseUser:
    """The signed-in user; the caller has made sure that there is one."""
    return cast("AbstractBaseUser", request.user)


def empty(request: HttpRequest) -> None:
    """Sign whoever was just signed in out again, as if it had not been."""
    request.session.flush()
    if hasattr(request, "user"):
        request.user = AnonymousUser()


def session_record(request: HttpRequest) -> dict[str, str]:
    """What the durable session row needs to be ended later: the key's hash, and the key sealed."""
    key = request.session.session_key or ""
    if not key:
        return {}
    return {"key_hash": keyed_hash(key, "session-key"), "sealed_key": seal(key.encode(), "session-key").hex()}


def sign_in_record(request: HttpRequest, *, keeps_cookies: bool) -> dict[str, str]:
    """What settling a sign-in keeps besides: the session's record, and the device that the answer brings."""
    extra = {**session_record(request), ISSUED_DEVICE: device_or_issued(request)}
    return extra if keeps_cookies else extra | {WITHOUT_COOKIES: "1"}


def follow_key(request: HttpRequest, key_before: str | None) -> None:
    """Keep the session endable after whoever rotated its key: a step-up, or Django at a password change.

    Cost: 1 update where the key of a signed-in session has changed, otherwise nothing.
    """
    key = request.session.session_key
    sid = sid_of(request) if key_before and key and key != key_before else None
    if sid is not None:
        sightings.remember_key(sid, session_record(request))


def binding_of(request: HttpRequest) -> str:
    """What a challenge of this request is bound to: the signed-in session, else the browser."""
    sid = sid_of(request)
    if sid:
        return f"sid:{sid}"
    if read_device(request) or not _is_api(request):
        return "dev:" + keyed_hash(device_or_issued(request), "binding")
    return _origin(request)


def bindings_of(request: HttpRequest) -> tuple[str, ...]:
    """Every binding that this request can answer for.

    A program without a cookie jar signs in from one address with one agent string: that is all there is to
    bind its sign-in to. A browser is bound by its cookie, so another browser's challenge stays out of reach.
    """
    binding = binding_of(request)
    if _is_api(request) and not binding.startswith("sid:"):
        return tuple({binding: None, _origin(request): None})
    return (binding,)


def _is_api(request: HttpRequest) -> bool:
    return request.content_type == "application/json"


def _origin(request: HttpRequest) -> str:
    client = observe_client(request)
    return "net:" + keyed_hash(f"{client.ip}\x1f{client.user_agent}", "binding")
