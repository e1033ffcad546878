"""Pages of a signed-in session: judged one by one, proved where that is asked, ended where it has to be.

The same for a thread and for an event loop; only what waits for Redis differs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async

from authshield import demands, signedin
from authshield.attempts import count
from authshield.clock import now as clock_now
from authshield.conf import current
from authshield.enforce import challenges, gate, responses
from authshield.errors import ProofRequired, Refused, StepUpRequired
from authshield.factors import enrolled
from authshield.judge import judge
from authshield.judge.demand import resolve
from authshield.observe import observe
from authshield.observe.proof import VALID
from authshield.operations import prove_session
from authshield.pipeline import Guarded, aassess, assess, conclude
from authshield.signin import CHALLENGE_META, MAX_PATH, refusal, safe_path
from authshield.tune.rulebook import active
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.assessment import Assessment
from authshield.vocabulary.assurance import EXPIRED
from authshield.vocabulary.decision import Final, Outcome, Reason
from authshield.vocabulary.event import Kind, PageRequest, Who
from authshield.vocabulary.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from django.http import HttpRequest

    from authshield.vocabulary.assurance import Act
    from authshield.vocabulary.event import Event

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
PASSWORD_CHANGE = "password_change"  # noqa: S105 - the name that Django gives its view everywhere


def guard(request: HttpRequest) -> None:
    """Judge one page of a signed-in session; raises ``StepUpRequired``, ``ChallengeError`` or ``Refused``.

    ``ProofRequired`` where the session is bound to its device's key and has not proved it lately from here.

    Cost: 1 Redis round trip, no query, where the page is allowed.
    """
    event = _event(request)
    _ask_device(request, event)
    assessment = assess(event, event.at)
    if _is_plain(request, assessment):
        request.authshield = Guarded(assessment)  # type: ignore[attr-defined]
    else:
        _enforce(request, assessment)


async def aguard(request: HttpRequest) -> None:
    """``guard`` for an event loop: an allowed page meets no thread. The session has to be loaded already."""
    event = _event(request)
    _ask_device(request, event)
    assessment = await aassess(event, event.at)
    if _is_plain(request, assessment):
        request.authshield = Guarded(assessment)  # type: ignore[attr-defined]
    else:
        await sync_to_async(_enforce)(request, assessment)


def ask_for(request: HttpRequest, act: Act, *, return_to: str, known: Collection[str] | None = None) -> None:
    """Ask for what the policy wants for an act of a page that was judged as a page; raises as ``guard`` does.

    After the proof the person is at ``return_to``, and whoever does the act within its ``max_age_seconds`` is not
    asked again. ``known`` names the factors that count, where not all do. Somebody who has nothing that is strong
    enough is refused. Cost: no query and no round trip where nothing is asked.
    """
    seen: Assessment | None = getattr(getattr(request, "authshield", None), "assessment", None)
    if seen is None or seen.features.is_missing:
        return
    event = replace(seen.event, subject=PageRequest(request.path[:200], act.value))
    ruleset, switches = active(event.at)
    decision = judge(event, seen.features, ruleset, switches)
    decision = replace(decision, observe_only=decision.observe_only or current().MODE != "enforce")
    if decision.action == Action.CHALLENGE and not decision.observe_only:
        _challenge(request, Assessment(event, seen.features, decision), return_to, known)


def confirm(request: HttpRequest, *, return_to: str) -> None:
    """Ask whoever holds this session for a proof of a person instead of the device's; raises as ``guard`` does."""
    event = _event(request)
    assessment = assess(event, event.at)
    decision = assessment.decision
    if decision.action <= Action.CHALLENGE:
        asked = max(decision.required, Strength.OTP)
        reasons = (*decision.reasons, Reason("device_proof_missing", 0.0, "came without its device's key"))
        decision = replace(
            decision, action=Action.CHALLENGE, required=asked, reasons=reasons, observe_only=False
        )
    _enforce(request, replace(assessment, decision=decision), return_to)


def _ask_device(request: HttpRequest, event: Event) -> None:
    """Let a stolen cookie show nothing that its browser has not shown before."""
    device = event.device
    if device.is_bound and device.proof != VALID and current().MODE == "enforce":
        raise ProofRequired(_way_back(request))


def _event(request: HttpRequest) -> Event:
    account = signedin.account_of_request(request)
    sid = signedin.sid_of(request) or signedin.start(request)
    subject = PageRequest(request.path[:200])
    return observe(request, Kind.REQUEST, Who(account, sid), now=clock_now(), subject=subject)


def _is_plain(request: HttpRequest, assessment: Assessment) -> bool:
    """Whether the page is let through as it is, as nearly all are."""
    decision = assessment.decision
    is_let_through = decision.observe_only or decision.action == Action.ALLOW
    return is_let_through and not assessment.features.is_missing and not _asks_for_old_password(request)


def _enforce(request: HttpRequest, assessment: Assessment, return_to: str = "") -> None:
    request.authshield = Guarded(assessment)  # type: ignore[attr-defined]
    event, decision = assessment.event, assessment.decision
    if assessment.features.is_missing and gate.is_ended(event.session or ""):
        raise Refused("session_ended")
    if decision.action == Action.CHALLENGE and not decision.observe_only:
        _challenge(request, assessment, return_to)
    elif decision.action != Action.ALLOW and not decision.observe_only:
        conclude(assessment, Outcome(Final.STOPPED))
        if request.path == responses.login_path() and any(one.code == EXPIRED for one in decision.reasons):
            signedin.empty(request)  # whoever comes back to sign in does just that
            return
        raise refusal(assessment)
    if _asks_for_old_password(request):
        count(request, Kind.FACTOR_ATTEMPT, Who(event.account, event.session), event.at)


def _asks_for_old_password(request: HttpRequest) -> bool:
    """Whether it is Django's own form, at the desk or elsewhere: a stolen session must not guess at it freely."""
    match = request.resolver_match if request.method == "POST" else None
    return match is not None and match.url_name == PASSWORD_CHANGE


def _challenge(
    request: HttpRequest, assessment: Assessment, return_to: str = "", known: Collection[str] | None = None
) -> None:
    event, decision = assessment.event, assessment.decision
    operation = Operation(Kind.REQUEST, event.account or "", {"session": event.session or ""})
    if _is_proved_now(request, operation, event.at):
        return
    names = enrolled(signedin.user_of_request(request)) if known is None else known
    demand = resolve(decision, Kind.REQUEST, names)
    if known is None:
        demand = demands.beside(demand, assessment, names)
    if demand.action == Action.ALLOW:
        return
    if not demand.factors:
        conclude(assessment, Outcome(Final.STOPPED))
        is_act = isinstance(event.subject, PageRequest) and event.subject.act
        raise Refused("denied" if is_act else "session_ended")
    signedin.note_double(request, assessment)
    challenge = challenges.open_challenge(
        event,
        decision,
        demand,
        operation,
        binding=signedin.binding_of(request),
        return_to=responses.way_back(request, return_to or _way_back(request)),
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
