"""What was worked out waits for a person: published as the next version of the ruleset, or dismissed. Each once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from authshield.errors import InvalidInput
from authshield.learn.strata import changed
from authshield.models import Proposal, RulesetVersion
from authshield.tune import rulebook
from authshield.tune.transfer import default_source
from authshield.vocabulary.ruleset import RulesetSource

if TYPE_CHECKING:
    from datetime import datetime

    from authshield.tune.rulebook import Author


def publish(proposal: Proposal, author: Author, reason: str, now: datetime) -> RulesetVersion:
    """Put it in force, with the rules and limits that are in force by now.

    Raises ``InvalidInput`` where somebody has decided on it before, ``RuleError`` for what cannot be published.
    """
    with transaction.atomic():
        _decide(proposal, Proposal.State.PUBLISHED, by=_name(author), reason=reason, now=now)
        version = rulebook.publish_part(author, reason, now, **parts(proposal))
        Proposal.objects.filter(pk=proposal.pk).update(version=version.number)
    return version


def dismiss(proposal: Proposal, *, by: str, reason: str, now: datetime) -> None:
    """Leave it. Raises ``InvalidInput`` where somebody has decided on it before."""
    _decide(proposal, Proposal.State.DISMISSED, by=by, reason=reason, now=now)


def preview(proposal: Proposal) -> tuple[RulesetSource, RulesetSource]:
    """What is in force, and what would be."""
    current = rulebook.published() or default_source()
    return current, replace(current, **parts(proposal))


def parts(proposal: Proposal) -> dict[str, Any]:
    """The parts of the ruleset that it replaces."""
    if proposal.kind == Proposal.Kind.THRESHOLDS:
        current = rulebook.published() or default_source()
        return {"thresholds": changed(current, proposal.content["thresholds"])}
    return {"weights": {code: tuple(nats) for code, nats in proposal.content["weights"].items()}}


def _decide(proposal: Proposal, state: Proposal.State, *, by: str, reason: str, now: datetime) -> None:
    done = Proposal.objects.filter(pk=proposal.pk, state=Proposal.State.OPEN).update(
        state=state, decided_at=now, decided_by=by[:150], reason=reason[:200]
    )
    if not done:
        raise InvalidInput(_("Somebody else has decided on it meanwhile."), status_code=409)


def _name(author: Author) -> str:
    return author.get_username() if author is not None else ""
