"""The outermost door: devices get their cookie, ended sessions end, demands become answers.

Place it right after Django's AuthenticationMiddleware and MessageMiddleware.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.db import connection

from authshield import signedin
from authshield.clock import now as clock_now
from authshield.enforce import challenges, gate, responses
from authshield.errors import ChallengeError, InvalidInput, Refused, StepUpRequired
from authshield.factors import enrolled
from authshield.judge.demand import resolve
from authshield.models import Challenge
from authshield.observe import observe
from authshield.observe.device import issue_device
from authshield.observe.user_agent import summarise
from authshield.operations import count, prove_session
from authshield.pipeline import EXEMPT, Guarded, assess, conclude
from authshield.signin import CHALLENGE_META, MAX_PATH, refusal, safe_path
from authshield.vocabulary.actions import Action
from authshield.vocabulary.decision import Final, Outcome
from authshield.vocabulary.event import Kind, PageRequest, Who
from authshield.vocabulary.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from authshield.vocabulary.assessment import Assessment

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
PASSWORD_CHANGE = "password_change"  # noqa: S105 - the name that Django gives its view everywhere


class AuthShieldMiddleware:
    """Guards every page of a signed-in session and answers for every door below it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Warm the browser tables, so that no first visitor waits for them."""
        self.get_response = get_response
        summarise("warm-up")

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request; set the device cookie where the browser has none."""
        request.authshield = Guarded()  # type: ignore[attr-defined]
        key = request.session.session_key
        with signedin.in_hand(request):
            response = self._session_that_ended(request) or self.get_response(request)
        signedin.follow_key(request, key)
        issue_device(request, response)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Guard a page of a signed-in session; views that guard themselves and exempt ones pass."""
        del args, kwargs
        if getattr(view, EXEMPT, False) or not request.user.is_authenticated:
            return None
        if hasattr(view, "authshield_kind") and request.method not in SAFE:
            return None
        try:
            guard_page(request)
            if request.method == "POST" and _asks_for_old_password(request):
                who = Who(signedin.account_of_request(request), signedin.sid_of(request))
                count(request, Kind.FACTOR_ATTEMPT, who, clock_now())
        except (ChallengeError, StepUpRequired, Refused) as stop:
            return self.process_exception(request, stop)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """Turn a demand or a refusal into its answer."""
        if isinstance(error, StepUpRequired):
            return responses.step_up(request, _kept(error))
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
        key = request.COOKIES.get(django_settings.SESSION_COOKIE_NAME, "")
        key = getattr(request, "authshield_session_key", key)
        if not key or not responses.wants_json(request) or request.user.is_authenticated:
            return None
        if gate.was_ended(key):
            return responses.refused(request, Refused("session_ended"))
        return None


def _asks_for_old_password(request: HttpRequest) -> bool:
    """Whether it is Django's own form, at the desk or elsewhere: a stolen session must not guess at it freely."""
    match = request.resolver_match
    return match is not None and match.url_name == PASSWORD_CHANGE


def _kept(error: StepUpRequired) -> Challenge:
    """The challenge; put once more where the view's own transaction (ATOMIC_REQUESTS) took it back.

    Cost: 1 query, where requests are transactions.
    """
    is_sure = error.again is None or not connection.settings_dict.get("ATOMIC_REQUESTS")
    if is_sure or Challenge.objects.filter(pk=error.challenge.pk).exists():
        return error.challenge
    return error.again() if error.again else error.challenge


def guard_page(request: HttpRequest) -> None:
    """Judge one page of a signed-in session; raises ``StepUpRequired`` or ``Refused``.

    Cost: 1 Redis round trip, no query, where the page is allowed.
    """
    now = clock_now()
    account = signedin.account_of_request(request)
    sid = signedin.sid_of(request)
    if sid is None:
        sid = signedin.start(request)
    event = observe(
        request,
        Kind.REQUEST,
        Who(account, sid),
        now=now,
        subject=PageRequest(request.path[:200]),
    )
    assessment = assess(event, now)
    request.authshield = Guarded(assessment)  # type: ignore[attr-defined]
    if assessment.features.is_missing and gate.is_ended(sid):
        raise Refused("session_ended")
    decision = assessment.decision
    if decision.observe_only or decision.action == Action.ALLOW:
        return
    if decision.action == Action.CHALLENGE:
        _challenge_page(request, assessment)
        return
    conclude(assessment, Outcome(Final.STOPPED))
    raise refusal(assessment)


def _challenge_page(request: HttpRequest, assessment: Assessment) -> None:
    event, decision = assessment.event, assessment.decision
    operation = Operation(Kind.REQUEST, event.account or "", {"session": event.session or ""})
    if _is_proved_now(request, operation, event.at):
        return
    demand = resolve(decision, Kind.REQUEST, enrolled(signedin.user_of_request(request)))
    if not demand.factors:
        conclude(assessment, Outcome(Final.STOPPED))
        raise Refused("session_ended")
    challenge = challenges.open_challenge(
        event,
        decision,
        demand,
        operation,
        binding=signedin.binding_of(request),
        return_to=_way_back(request),
        login_backend="",
        now=event.at,
    )
    conclude(assessment, Outcome(Final.STOPPED, challenge_id=str(challenge.pk)))
    raise StepUpRequired(challenge)


def _way_back(request: HttpRequest) -> str:
    """The page that was asked for; without its query where that is endless, the start where it was a form."""
    if request.method not in SAFE:
        return "/"
    whole = request.get_full_path()
    return whole if len(whole) <= MAX_PATH else safe_path(request.path) or "/"


def _is_proved_now(request: HttpRequest, operation: Operation, now: datetime) -> bool:
    """Whether a program brings the challenge that it passed for this session."""
    challenge_id = request.META.get(CHALLENGE_META, "")
    if not challenge_id:
        return False
    binding = signedin.binding_of(request)
    challenge = challenges.grant(challenge_id, operation=operation, binding=binding, now=now)
    prove_session(request, challenge, now)
    return True
