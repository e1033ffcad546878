"""What anybody may try, such as a code or a password reset: counted by name and source before it is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Never

from asgiref.sync import sync_to_async

from authshield.observe import observe
from authshield.pipeline import aassess, assess, conclude
from authshield.signin import refusal
from authshield.vocabulary.actions import Action
from authshield.vocabulary.decision import Final, Outcome

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

    from authshield.vocabulary.assessment import Assessment
    from authshield.vocabulary.event import Kind, Who


def count(request: HttpRequest, kind: Kind, who: Who, now: datetime) -> Assessment:
    """Count something that anybody may try, by name and source; raises ``Refused`` over a limit.

    Cost: ``pipeline.assess``.
    """
    assessment = assess(observe(request, kind, who, now=now), now)
    if _is_stopped(assessment):
        _stop(assessment)
    return assessment


async def acount(request: HttpRequest, kind: Kind, who: Who, now: datetime) -> Assessment:
    """``count`` for an event loop."""
    assessment = await aassess(observe(request, kind, who, now=now), now)
    if _is_stopped(assessment):
        await sync_to_async(_stop)(assessment)
    return assessment


def _is_stopped(assessment: Assessment) -> bool:
    decision = assessment.decision
    return decision.action >= Action.HOLD and not decision.observe_only


def _stop(assessment: Assessment) -> Never:
    conclude(assessment, Outcome(Final.STOPPED))
    raise refusal(assessment)


def succeeded(assessment: Assessment) -> None:
    """Give back what a try that succeeded counted, where its limits say so. Cost: 1 Redis round trip."""
    conclude(assessment, Outcome(Final.ALLOWED))
