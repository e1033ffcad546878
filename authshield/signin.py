"""Sign-ins: counted and judged before the password is hashed, enforced once it has proved right.

The verdict is reached under the hypothesis that the password is right, so that no answer tells whether it was.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings as django_settings
from django.contrib.auth import login
from django.shortcuts import resolve_url

from authshield import signedin
from authshield.backends.accounts import account_of, limiter_name, user_by_name, user_of
from authshield.clock import now as clock_now
from authshield.demands import of_sign_in, wants_bound
from authshield.enforce import challenges, responses
from authshield.enforce.responses import wants_json
from authshield.errors import ChallengeError, Refused, StepUpRequired
from authshield.observe import observe
from authshield.pipeline import UNAVAILABLE, assess, conclude
from authshield.record import durable, ledger
from authshield.sealing import keyed_hash
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.assessment import Assessment
from authshield.vocabulary.assurance import EXPIRED
from authshield.vocabulary.decision import Final, Outcome
from authshield.vocabulary.event import Kind, Login, Who
from authshield.vocabulary.operation import PASSWORD_MARK, Operation

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest

    from authshield.models import Challenge

_ATTEMPT = "_authshield_attempt"
CHALLENGE_HEADER = "AuthShield-Challenge"
CHALLENGE_META = "HTTP_AUTHSHIELD_CHALLENGE"
"""The same header. Django's ``request.headers`` would read all of them for it."""

CONCEALED = "invalid_credentials"
"""Stands for a denial that would tell a stranger that there is such an account."""

RATE_LIMITED = "rate_limited"
PASSKEY = "passkey"
MAX_PATH = 500


@dataclass(slots=True)
class Attempt:
    """A sign-in that was judged and whose password is being checked.

    ``grant`` is a passed challenge, ``user`` whom the name names, ``proved`` what the sign-in itself has proved;
    ``is_bound`` says that it was a passkey which stays on its device.
    """

    assessment: Assessment
    grant: Challenge | None = None
    user: AbstractBaseUser | None = None
    proved: Strength = Strength.NONE
    is_bound: bool = False


def begin(request: HttpRequest, username: str, *, method: str = "password") -> Attempt:
    """Count and judge a sign-in before any secret is looked at; raises ``Refused`` where it ends here.

    ``method`` is ``PASSKEY`` for one: whoever calls sets the attempt's ``proved`` once its signature is right.
    One whose code is ``CONCEALED`` must be answered as a wrong password is, after hashing all the same.

    Cost: 1 query for the account, then ``pipeline.assess``.
    """
    now = clock_now()
    user = user_by_name(username)
    return _judge(request, user, username=username, method=method, now=now)


def begin_for(request: HttpRequest, user: AbstractBaseUser) -> Attempt:
    """The same for a sign-in that no password opened, such as single sign-on."""
    return _judge(request, user, username=user.get_username(), method="external", now=clock_now())


def _judge(
    request: HttpRequest, user: AbstractBaseUser | None, *, username: str, method: str, now: datetime
) -> Attempt:
    account = account_of(user) if user is not None else None
    subject = Login(succeeded=True, method=method, is_staff=bool(getattr(user, "is_staff", False)))
    event = observe(
        request,
        Kind.LOGIN,
        Who(account, username=limiter_name(username)),
        now=now,
        subject=subject,
    )
    challenge_id = request.META.get(CHALLENGE_META, "")
    if challenge_id:
        grant = _grant(request, challenge_id, user, now)
        event = replace(event, id=grant.event_id)
        attempt = Attempt(assess(event, now), grant, user)
    else:
        attempt = Attempt(assess(event, now), None, user)
    _refuse(attempt, is_proved=method == "external" or attempt.grant is not None)
    setattr(request, _ATTEMPT, attempt)
    return attempt


def _refuse(attempt: Attempt, *, is_proved: bool) -> None:
    """End what is denied. Only who has proved something, or comes with a browser of the account's, is told why."""
    decision, facts = attempt.assessment.decision, attempt.assessment.features.facts
    if decision.observe_only or decision.action < Action.HOLD:
        return
    conclude(attempt.assessment, Outcome(Final.STOPPED))
    error = refusal(attempt.assessment)
    if is_proved or facts["device.is_seen"] or error.code in {UNAVAILABLE, RATE_LIMITED}:
        raise error
    if decision.retry_after_seconds:
        raise _too_many(decision.retry_after_seconds)
    raise Refused(CONCEALED, status_code=401)


def refusal(assessment: Assessment) -> Refused:
    """The answer to a denied event: a frozen account, an ended session, too many, or just no."""
    decision = assessment.decision
    codes = {reason.code for reason in decision.reasons}
    for code in ("account_frozen", "session_ended"):
        if code in codes:
            return Refused(code)
    if EXPIRED in codes:
        return Refused("session_ended")
    if UNAVAILABLE in codes:
        return Refused(UNAVAILABLE, status_code=503, retry_after_seconds=5)
    if decision.retry_after_seconds:
        return _too_many(decision.retry_after_seconds)
    return Refused("denied")


def _too_many(seconds: int) -> Refused:
    return Refused(RATE_LIMITED, status_code=429, retry_after_seconds=seconds)


def is_hopeless(attempt: Attempt, user: AbstractBaseUser | None) -> bool:
    """Whether this sign-in needs a proof that the account has no factor for.

    Cost: the queries of ``enrolled``, and those only where a challenge is due.
    """
    decision = attempt.assessment.decision
    if user is None or decision.observe_only or decision.action != Action.CHALLENGE or attempt.grant:
        return False
    demand = of_sign_in(attempt.assessment, user)
    return demand.action == Action.CHALLENGE and not demand.factors


def stop(attempt: Attempt) -> None:
    """Note that a sign-in with the right password was stopped all the same."""
    conclude(attempt.assessment, Outcome(Final.STOPPED))


def attempt_of(request: HttpRequest) -> Attempt | None:
    """The attempt that this request has under way."""
    attempt: Attempt | None = getattr(request, _ATTEMPT, None)
    return attempt


def complete(request: HttpRequest, user: AbstractBaseUser, attempt: Attempt) -> None:
    """Enforce the verdict on a sign-in that Django has just let in.

    Raises ``StepUpRequired`` or ``Refused`` after emptying the session: a half-proved sign-in is none.
    Cost: 1 Redis round trip; 3 queries more where a challenge is put.
    """
    now = clock_now()
    decision = attempt.assessment.decision
    proved = Strength.NONE
    if decision.action == Action.CHALLENGE and not decision.observe_only:
        proved = _require_proof(request, user, attempt, now)
    final = Final.PASSED if proved else Final.ALLOWED
    sid, device = signedin.start_after(request, attempt.assessment, now)
    event = replace(attempt.assessment.event, session=sid, device=device)
    assessment = Assessment(event, attempt.assessment.features, decision)
    if request.session.session_key is None:
        request.session.save()
    extra = signedin.sign_in_record(request, keeps_cookies=bool(request.COOKIES) or not wants_json(request))
    outcome = Outcome(final, proved=proved)
    if attempt.assessment.features.is_missing:
        durable.session_started(event, assessment.decision, outcome, extra, now)
    conclude(assessment, outcome, extra)


def _require_proof(request: HttpRequest, user: AbstractBaseUser, attempt: Attempt, now: datetime) -> Strength:
    event, decision = attempt.assessment.event, attempt.assessment.decision
    demand = of_sign_in(attempt.assessment, user)
    if attempt.grant is not None and demand.factors and attempt.grant.proved >= demand.required:
        challenges.use(attempt.grant, now)
        return Strength(attempt.grant.proved)
    is_enough = attempt.is_bound or not wants_bound(decision)
    if demand.factors and attempt.proved >= demand.required and is_enough:
        return attempt.proved
    if demand.action == Action.ALLOW:
        return Strength.NONE
    backend = request.session.get("_auth_user_backend", "")
    request.session.flush()
    if not demand.factors:
        stop(attempt)
        raise Refused("denied")
    binding = signedin.binding_of(request)
    return_to = responses.way_back(request, _return_to(request))

    def put() -> Challenge:
        challenge = challenges.open_challenge(
            event,
            decision,
            demand,
            _operation(user),
            binding=binding,
            return_to=return_to,
            login_backend=backend,
            now=now,
        )
        outcome = Outcome(Final.STOPPED, challenge_id=str(challenge.pk))
        ledger.write(attempt.assessment, outcome, None, now)
        return challenge

    raise StepUpRequired(put(), again=put)


def finish(request: HttpRequest, challenge: Challenge) -> str:
    """Sign in whoever passed a sign-in's challenge. Returns the path to go on at.

    Raises ``ChallengeError`` where the challenge was used before, ``Refused`` where the account may not sign
    in any more.
    """
    now = clock_now()
    user = user_of(challenge.account)
    if user is None or not user.is_active:
        raise Refused("denied")
    if not hmac.compare_digest(challenge.digest, _operation(user).digest):
        challenges.cancel(challenge)
        raise ChallengeError("challenge_expired", 410)
    attempt = _judge_again(request, user, challenge, now)
    setattr(request, _ATTEMPT, attempt)
    login(request, cast("Any", user), backend=challenge.login_backend)
    return challenge.return_to or resolve_url(django_settings.LOGIN_REDIRECT_URL)


def _judge_again(
    request: HttpRequest, user: AbstractBaseUser, challenge: Challenge, now: datetime
) -> Attempt:
    event = observe(
        request,
        Kind.LOGIN,
        Who(challenge.account, username=limiter_name(user.get_username())),
        now=now,
        subject=Login(succeeded=True, is_staff=bool(getattr(user, "is_staff", False))),
    )
    attempt = Attempt(assess(replace(event, id=challenge.event_id), now), challenge, user)
    _refuse(attempt, is_proved=True)
    if attempt.assessment.decision.action == Action.ALLOW:
        challenges.use(challenge, now)
    return attempt


def _grant(
    request: HttpRequest, challenge_id: str, user: AbstractBaseUser | None, now: datetime
) -> Challenge:
    """The passed challenge that was named. One that is not theirs is none, whether the name exists or not."""
    if user is None:
        raise ChallengeError("challenge_not_found", 404)
    operation = _operation(user)
    last: ChallengeError | None = None
    for binding in signedin.bindings_of(request):
        try:
            return challenges.grant(challenge_id, operation=operation, binding=binding, now=now)
        except ChallengeError as error:
            last = error
            if error.code != "challenge_not_found":
                raise
    raise last or ChallengeError("challenge_not_found", 404)


def _operation(user: AbstractBaseUser) -> Operation:
    """What a sign-in's challenge is bound to: a new password voids what the old one began."""
    mark = keyed_hash(user.password, PASSWORD_MARK)
    return Operation(Kind.LOGIN, account_of(user), {"username": user.get_username(), PASSWORD_MARK: mark})


def _return_to(request: HttpRequest) -> str:
    target = request.POST.get("next") or request.GET.get("next") or ""
    return safe_path(target)


def safe_path(target: str) -> str:
    """A path of this site, or nothing: whatever could lead elsewhere is dropped."""
    is_local = target.startswith("/") and not target.startswith(("//", "/\\"))
    is_plain = "\\" not in target and all(c.isprintable() for c in target)
    return target[:MAX_PATH] if is_local and is_plain else ""
