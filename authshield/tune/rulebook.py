"""The rulebook: what is drafted, what is published, what is in force. Versions are only ever added.

Must not judge; it hands out compiled rulesets, and refuses to publish what does not compile.
"""

from __future__ import annotations

from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.db import IntegrityError, transaction
from django.db.models import Max

from authshield.conf import current as settings
from authshield.errors import ConfigurationError, RuleError
from authshield.judge import Ruleset, compile_ruleset
from authshield.judge.profiles import PROFILES
from authshield.models import AssuranceDraft, LimitDraft, ListDraft, RuleDraft, RulesetVersion
from authshield.tune import exemptions, policy
from authshield.tune.snapshot import Snapshots
from authshield.tune.transfer import (
    PARTS,
    default_source,
    source_from_json,
    source_of_version,
    source_to_json,
)
from authshield.vocabulary.ruleset import Limit, RulesetSource, Switch, Threshold

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from django.contrib.auth.base_user import AbstractBaseUser

    from authshield.vocabulary.assurance import Assurance

    Author = AbstractBaseUser | None

_ATTEMPTS = 5
_snapshots = Snapshots()


def active(now: datetime, *, tick: float | None = None) -> tuple[Ruleset, tuple[Switch, ...]]:
    """The ruleset and the switches in force. ``tick`` are seconds of a monotonic clock, this process's by default.

    Cost: nothing most of the time, 1 small query every half second, 1 more after a publication. Never fails:
    without the database the last snapshot stays in force, and the shipped ruleset where there never was one.
    """
    held = _snapshots.get(now, monotonic() if tick is None else tick)
    return held.ruleset, held.switches


async def aactive(now: datetime) -> tuple[Ruleset, tuple[Switch, ...]]:
    """``active`` on an event loop; a thread only where the database is asked."""
    held = _snapshots.fresh(monotonic())
    return (held.ruleset, held.switches) if held is not None else await sync_to_async(active)(now)


def forget() -> None:
    """Drop what this process holds, so that the next call reads. For tests and for a changed database."""
    _snapshots.forget()


def published(number: int | None = None) -> RulesetSource | None:
    """A published version, the newest by default; None where there is none."""
    rows = RulesetVersion.objects.order_by("-number")
    row = rows.first() if number is None else rows.filter(number=number).first()
    return None if row is None else source_of_version(row.snapshot, row.number)


def draft_source() -> RulesetSource:
    """What would be published now: the drafts, with thresholds, parameters and exemptions as they are in force.

    Raises ``RuleError`` for drafts that are no ruleset at all.
    """
    current = published() or default_source()
    base = source_to_json(current)
    drafted = AssuranceDraft.objects.first()
    if drafted is not None:
        base["assurance"] = drafted.policy | exemptions.as_json(current.assurance.exemptions)
    return source_from_json(
        base
        | {
            "version": 0,
            "rules": [_row(draft, "rules") for draft in RuleDraft.objects.all()],
            "limits": [_row(draft, "limits") for draft in LimitDraft.objects.all()],
            "lists": _drafted_lists(),
        }
    )


def drafted_limit(draft: LimitDraft) -> Limit:
    """A drafted limit as it would be published. Raises ``RuleError`` for what is no limit at all."""
    return source_from_json({"name": "draft", "limits": [_row(draft, "limits")]}).limits[0]


def publish(author: Author, reason: str, now: datetime) -> RulesetVersion:
    """Publish the drafts as the next version. Raises ``RuleError`` with every problem; then nothing changes."""
    return _publish(draft_source(), author, reason, now)


def publish_source(source: RulesetSource, author: Author, reason: str, now: datetime) -> RulesetVersion:
    """Publish an imported ruleset whole; its rules, limits and lists become the drafts. ``RuleError`` as above."""
    compile_ruleset(source)
    with transaction.atomic():
        load_drafts(source)
        ListDraft.objects.all().delete()
        ListDraft.objects.bulk_create(
            ListDraft(name=one.name, kind=one.kind, value=one.value, expires_at=one.expires_at)
            for one in source.lists
        )
        return _publish(source, author, reason, now)


def publish_part(
    author: Author,
    reason: str,
    now: datetime,
    *,
    thresholds: tuple[Threshold, ...] | None = None,
    weights: Mapping[str, tuple[float, ...]] | None = None,
) -> RulesetVersion:
    """Publish what is in force with other thresholds or weights; drafts wait on. ``RuleError`` as above."""
    current = published() or default_source()
    if thresholds is not None:
        current = replace(current, thresholds=thresholds)
    if weights is not None:
        current = replace(current, weights=weights)
    return _publish(current, author, reason, now)


def rollback(number: int, author: Author, reason: str, now: datetime) -> RulesetVersion:
    """Publish an old version's rules, limits, thresholds and parameters anew; they become the drafts too.

    Lists and exemptions stay as they are: what was blocked since then stays blocked. The drafts follow, so that
    the next publication does not bring back what was just taken out.
    """
    old = published(number)
    if old is None:
        raise RuleError([f"version {number} does not exist"])
    with transaction.atomic():
        load_drafts(old)
        current = published()
        kept = current.assurance.exemptions if current else ()
        old = replace(old, assurance=replace(old.assurance, exemptions=kept))
        return _publish(replace(old, lists=current.lists if current else ()), author, reason, now)


def sync_lists(author: Author, reason: str, now: datetime) -> RulesetVersion | None:
    """Publish the lists as they are drafted, with the rules in force. None where nothing changed."""
    current = published() or default_source()
    lists = source_from_json(source_to_json(current) | {"lists": _drafted_lists()}).lists
    if set(lists) == set(current.lists):
        return None
    return _publish(replace(current, lists=lists), author, reason, now)


def seed_default(now: datetime) -> RulesetVersion | None:
    """Publish the shipped ruleset as version 1 and as drafts. None where a version exists already."""
    if RulesetVersion.objects.exists():
        return None
    source = replace(default_source(), assurance=_chosen())
    with transaction.atomic():
        if not RuleDraft.objects.exists() and not LimitDraft.objects.exists():
            load_drafts(source)
        return _publish(source, None, f"the shipped ruleset {source.name}", now)


def sync_exemptions(author: Author, reason: str, now: datetime) -> RulesetVersion | None:
    """Publish the exemptions that two people agreed on, with the policy in force. None where nothing changed."""
    current = published() or default_source()
    agreed = exemptions.agreed(now)
    if agreed == current.assurance.exemptions:
        return None
    changed = replace(current.assurance, exemptions=agreed)
    return _publish(replace(current, assurance=changed), author, reason, now)


def load_policy(source: RulesetSource, by: str = "") -> None:
    """Make the drafted policy that of a ruleset, exemptions apart: those are two people's."""
    plain = policy.written(replace(source.assurance, exemptions=()))
    AssuranceDraft.objects.update_or_create(pk=1, defaults={"policy": plain, "updated_by": by})


def _chosen() -> Assurance:
    """The profile that the settings name. Raises ``ConfigurationError`` for one that there is not."""
    name = settings().ASSURANCE
    if name not in PROFILES:
        msg = f"AUTHSHIELD_ASSURANCE is {name!r}: choose one of {', '.join(PROFILES)}"
        raise ConfigurationError(msg)
    return PROFILES[name]


def load_drafts(source: RulesetSource) -> None:
    """Make the drafted rules, limits and policy those of a ruleset; what was drafted is dropped."""
    load_policy(source)
    data = source_to_json(source)
    with transaction.atomic():
        RuleDraft.objects.all().delete()
        RuleDraft.objects.bulk_create(
            RuleDraft(**_columns(row, "when", "condition")) for row in data["rules"]
        )
        LimitDraft.objects.all().delete()
        # The JSON form leaves out what is at its default, and the column's default is another one.
        action = {"action": PARTS["limits"].defaults["action"].word}
        LimitDraft.objects.bulk_create(LimitDraft(**action | _columns(row)) for row in data["limits"])


def _publish(source: RulesetSource, author: Author, reason: str, now: datetime) -> RulesetVersion:
    compile_ruleset(source)
    for _ in range(_ATTEMPTS):
        number = (RulesetVersion.objects.aggregate(last=Max("number"))["last"] or 0) + 1
        snapshot = source_to_json(replace(source, version=number))
        try:
            with transaction.atomic():
                row = RulesetVersion(number=number, snapshot=snapshot, created_at=now, reason=reason[:200])
                row.author_id = author.pk if author else None
                row.save(force_insert=True)
        except IntegrityError:  # somebody else has just published this number
            continue
        _snapshots.ask_again()
        transaction.on_commit(_snapshots.ask_again)
        return row
    raise RuleError(["others are publishing at the same time; look at their versions and try again"])


def _row(draft: RuleDraft | LimitDraft, part: str) -> dict[str, Any]:
    """A draft as a row of the JSON form."""
    columns = {"id": "identifier", "when": "condition"}
    row = {name: getattr(draft, columns.get(name, name)) for name in PARTS[part].readers}
    return row | {name: row[name] or None for name in ("also", "distinct_of") if name in row}


def _drafted_lists() -> list[dict[str, Any]]:
    return [
        {
            "name": one.name,
            "kind": one.kind,
            "value": one.value,
            "expires_at": one.expires_at.isoformat() if one.expires_at else None,
        }
        for one in ListDraft.objects.all()
    ]


def _columns(row: dict[str, Any], field: str = "", column: str = "") -> dict[str, Any]:
    """A row of the JSON form as columns of a draft."""
    renamed = {"id": "identifier", field: column}
    return {renamed.get(name, name): value for name, value in row.items()}
