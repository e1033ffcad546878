"""Exemptions from the assurance policy, as two people agreed on them: each with its reason and its end.

Must not grant anything by itself: ``rulebook.sync_exemptions`` publishes what is agreed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from authshield.models import Approval
from authshield.tune import policy
from authshield.vocabulary.assurance import OWN, Act, Assurance, Exemption


def agreed(now: datetime) -> tuple[Exemption, ...]:
    """Those that are in force and not over yet, by account and act. Cost: 1 query."""
    rows = Approval.objects.filter(
        kind=Approval.Kind.EXEMPTION, state=Approval.State.APPROVED, until__gt=now
    ).order_by("account", "target")
    return tuple(
        Exemption(row.account, Act(row.target), row.reason, row.asked_by, row.decided_by, row.until)
        for row in rows
        if row.until is not None
    )


def as_json(exemptions: Iterable[Exemption]) -> dict[str, Any]:
    """Exemptions as the part of a policy's JSON form that holds them; nothing where there are none."""
    found = policy.written(Assurance(profile=OWN, exemptions=tuple(exemptions)))
    return {name: rows for name, rows in found.items() if name == "exemptions"}
