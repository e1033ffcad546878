"""A fraudulent session's lessons go out of its account's profile, and come back if the label is taken back.

What an event taught follows from what is recorded of it; what was taken out is kept, so that just that comes back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authshield.judge.learning import TEACHING_NOTHING
from authshield.learn.labels import in_force, standing, verdicts
from authshield.learn.recorded import Row, rows_of
from authshield.measure.keys import networks, tag_of
from authshield.measure.lessons import LARGE_SALE, MOVING_SHARE
from authshield.measure.operands import field_tag
from authshield.measure.store import default_store
from authshield.measure.unlearning import Taught, relearn, unlearn
from authshield.models import Device, Label, Session, Unlearnt, Verdict
from authshield.vocabulary.event import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from authshield.measure.keys import Keys

_SLACK_MS = 2_000
"""The ledger dates an order when it is written, some milliseconds after its event."""

_UNTEACHING = frozenset(kind.value for kind in TEACHING_NOTHING) | {Kind.REQUEST.value}


def teach_account(account: str, now: datetime) -> None:
    """Bring an account's profile in line with its labels. Harmless twice. Raises ``StoreUnavailable``."""
    labels = standing(account)
    rows = rows_of(
        account,
        sids={label.sid for label in labels if not label.event_id},
        event_ids={label.event_id for label in labels if label.event_id},
    )
    told = verdicts(rows, labels)
    frauds = [row for event_id, row in rows.items() if told.get(event_id) == Verdict.FRAUD]
    gone = {row.event_id: row for row in Unlearnt.objects.filter(account=account)}
    store = default_store()
    lessons = taught(frauds, store.keys)
    new = [lesson for event_id, lesson in lessons.items() if event_id not in gone]
    if new:
        unlearn(store, account, new)
        kept = [
            Unlearnt(
                event_id=one.event_id,
                account=account,
                at=now,
                lesson=_plain(one) | {"sid": rows[one.event_id].sid},
            )
            for one in new
        ]
        Unlearnt.objects.bulk_create(kept, ignore_conflicts=True)
    back = [row for row in gone.values() if not _is_fraud(in_force(row.event_id, row.lesson["sid"], labels))]
    if back:
        relearn(store, account, [_lesson(row) for row in back])
        Unlearnt.objects.filter(pk__in=[row.pk for row in back]).delete()


def taught(rows: list[Row], keys: Keys) -> dict[str, Taught]:
    """What these events of one account taught, by event. Cost: 2 queries."""
    sids = {row.sid for row in rows if row.sid}
    devices = dict(Session.objects.filter(pk__in=sids).values_list("sid", "device_hash"))
    hashes = {row.device_hash or devices.get(row.sid, "") for row in rows}
    prints = dict(
        Device.objects.filter(
            account__in={row.account for row in rows}, device_hash__in=hashes - {""}
        ).values_list("device_hash", "fingerprint_hash")
    )
    since = {row.sid: min(_ms(one.at) for one in rows if one.sid == row.sid) - _SLACK_MS for row in rows}
    found = {}
    for row in rows:
        if not row.has_happened or row.kind in _UNTEACHING:
            continue
        is_login = row.kind == Kind.LOGIN.value
        device = row.device_hash or (devices.get(row.sid, "") if is_login else "")
        fields = [("dev", tag_of(device))] if device else []
        if is_login:
            fields += _of_login(row, prints.get(device, ""), keys)
        counts = ["logins"] if is_login else []
        if row.kind == Kind.ORDER.value:
            fields += _of_order(row, keys)
            counts += _habits(row.facts)
        found[row.event_id] = Taught(
            row.event_id,
            _ms(row.at),
            since[row.sid],
            tuple(fields),
            tuple(counts),
            is_first_margin=bool(row.facts.get("order.is_first_margin")),
            has_place=is_login,
        )
    return found


def _of_login(row: Row, fingerprint: str, keys: Keys) -> Iterator[tuple[str, int]]:
    if fingerprint:
        yield "fp", tag_of(fingerprint)
    asn = row.facts.get("network.asn")
    host, block = networks(row.ip) if row.ip else ("", "")
    values = {
        "ip": host,
        "net": block,
        "asn": str(asn) if asn else "",
        "cc": row.facts.get("network.country", ""),
        "br": row.label.replace(", ", "/"),
        "hr": str(row.at.hour),
    }
    for field, value in values.items():
        if value:
            yield field, field_tag(keys, field, value)
    if asn and not row.facts.get("network.prefix_seen"):
        yield "an", field_tag(keys, "asn", str(asn))


def _of_order(row: Row, keys: Keys) -> Iterator[tuple[str, int]]:
    if _is_strange(row.facts):
        return
    for field, fact in (("sym", "order.symbol"), ("mkt", "order.market")):
        value = row.facts.get(fact, "")
        if value:
            yield field, field_tag(keys, field, value)


def _habits(facts: Mapping[str, Any]) -> Iterator[str]:
    """As ``measure.lessons`` teaches them."""
    yield "orders"
    if _is_strange(facts):
        return
    if facts.get("order.side") == "buy":
        yield "buys"
        if facts.get("order.is_thin") or facts.get("order.adv_share", 0) >= MOVING_SHARE:
            yield "thins"
    if facts.get("order.liquidation_24h", 0) >= LARGE_SALE:
        yield "sales"


def _is_strange(facts: Mapping[str, Any]) -> bool:
    return bool(facts.get("session.is_unusual") or facts.get("session.device_changed"))


def _is_fraud(label: Label | None) -> bool:
    return label is not None and label.verdict == Verdict.FRAUD


def _plain(one: Taught) -> dict[str, Any]:
    return {
        "at": one.at_ms,
        "since": one.since_ms,
        "fields": [list(pair) for pair in one.fields],
        "counts": list(one.counts),
        "margin": one.is_first_margin,
        "place": one.has_place,
    }


def _lesson(row: Unlearnt) -> Taught:
    kept = row.lesson
    return Taught(
        row.event_id,
        kept["at"],
        kept["since"],
        tuple((field, member) for field, member in kept["fields"]),
        tuple(kept["counts"]),
        is_first_margin=kept["margin"],
        has_place=kept["place"],
    )


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
