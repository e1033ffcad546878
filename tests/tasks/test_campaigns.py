"""A campaign goes from the stream to one case with all its members, live as in a replay."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from authshield import clock, tasks
from authshield.learn.work import HANDLERS
from authshield.measure import Store, default_store, measure
from authshield.measure.stream import ack, read
from authshield.models import CampaignMember, Case, CaseEntry, ScanMember, Session, SessionScore
from authshield.record import outbox
from authshield.score.drain import process
from tests.replay.replaying import replay, story
from tests.ring import ALONE, CONTAIN, RING, attack, live, records_of, ruleset, thief
from tests.together import together

pytestmark = pytest.mark.django_db(transaction=True)


def test_live_and_replayed_agree(tmp_path: Path, ring_store: Store) -> None:
    """The same events: the same sessions ended at the same event, one case, the same accounts in it."""
    lines = attack(RING)
    replayed = replay(tmp_path, lines, ruleset(), scoring_delay=timedelta(0))
    assert live(tmp_path, lines, ring_store) == replayed.finals
    assert replayed.finals[-RING:] == ["moot"] * RING
    whole = Case.objects.filter(part_of=None)
    assert whole.count() == replayed.report["cases"]["opened"] == 1
    assert Case.objects.exclude(campaign="").count() == replayed.report["cases"]["campaigns"] == 1
    assert set(whole.get().members.values_list("account", flat=True)) == {
        f"90{n}" for n in range(1, RING + 1)
    }
    assert {line["case"] for line in replayed.lines if line["case"]} == {replayed.lines[-1]["case"]}


def test_a_ring_is_one_case_and_all_of_it_is_contained(tmp_path: Path, ring_store: Store) -> None:
    """Scores of earlier members grow with the campaign; each is contained as a session of its own is."""
    live(tmp_path, attack(1)[:3], ring_store)
    assert not Case.objects.exists()
    assert Session.objects.get(pk="s1").score == pytest.approx(ALONE)
    live(tmp_path, attack(RING)[3 : 3 * RING], ring_store)
    case = Case.objects.get(part_of=None)
    names = {f"s{number}" for number in range(1, RING + 1)}
    assert (case.campaign, case.account, case.sid) == ("symbol:9999", "", "")
    assert {member.sid for member in case.members.all()} == names
    assert case.state == Case.State.CONTAINED
    assert set(Session.objects.filter(ended_reason="contained").values_list("sid", flat=True)) == names
    assert all((row.score or 0) >= CONTAIN for row in Session.objects.all())
    assert set(case.parts.values_list("sid", "state")) == {(name, "contained") for name in names}
    told = " ".join(CaseEntry.objects.filter(case=case).values_list("text", flat=True))
    for word in ("9999", *(f"90{number}" for number in range(1, RING + 1))):
        assert word in told
    assert "campaign:scan" in {reason["code"] for reason in case.reasons}


def test_everything_twice_is_one_campaign(tmp_path: Path, ring_store: Store) -> None:
    """Delivered again, one by one and backwards."""
    live(tmp_path, attack(RING)[: 3 * RING], ring_store)
    counts = [rows.objects.count() for rows in (Case, CampaignMember, CaseEntry, ScanMember, SessionScore)]
    entries = []
    for line in attack(RING)[2 : 3 * RING : 3]:
        event = next(iter(records_of(tmp_path, [line]))).event
        measure(event, ruleset(), ring_store)
        entries += read(ring_store, count=10, block_ms=1)
    for entry in reversed([*entries, *entries]):
        process([entry], ring_store, tasks._work())
    outbox.run_due(clock.now(), HANDLERS)
    assert counts == [
        rows.objects.count() for rows in (Case, CampaignMember, CaseEntry, ScanMember, SessionScore)
    ]


def test_a_session_that_has_a_case_joins_the_campaigns(tmp_path: Path, ring_store: Store) -> None:
    """Its own case stays, as a part."""
    own = Case.objects.create(account="901", sid="s1", title="t", opened_at=clock.now())
    live(tmp_path, attack(RING)[: 3 * RING], ring_store)
    own.refresh_from_db()
    assert own.part_of == Case.objects.get(campaign="symbol:9999")


def test_a_campaign_that_the_desk_found_to_be_none_stays_none(tmp_path: Path, ring_store: Store) -> None:
    """Nobody is contained for buying the symbol, as long as people go on buying it; and no case is opened."""
    now = clock.now()
    Case.objects.create(
        campaign="symbol:9999",
        campaign_seen_at=now,
        title="a rally",
        opened_at=now,
        state=Case.State.CLOSED,
        verdict="legit",
    )
    assert "moot" not in live(tmp_path, attack(RING), ring_store)
    assert Case.objects.count() == 1
    assert (Session.objects.get(pk=f"s{RING}").score or 0) <= ALONE


def test_a_campaign_after_a_quiet_day_is_another_one(tmp_path: Path, ring_store: Store) -> None:
    """Also where the desk has not closed the first."""
    live(tmp_path, attack(RING)[: 3 * RING], ring_store)
    others = [one for number in range(11, 11 + RING) for one in thief(number)]
    again = story(*others, step=timedelta(seconds=10))
    for number, line in enumerate(again):
        again[number] = line | {"time": line["time"].replace("-14T", "-17T"), "id": f"later-{number}"}
    live(tmp_path, again, ring_store)
    first, second = Case.objects.exclude(campaign="").order_by("campaign_seen_at")
    assert first.campaign_ended_at is not None
    assert second.campaign_ended_at is None
    assert set(second.members.values_list("sid", flat=True)) == {f"s{n}" for n in range(11, 11 + RING)}


def test_observing_contains_nobody(tmp_path: Path, ring_store: Store, settings: Settings) -> None:
    """The case tells who would have been contained."""
    settings.AUTHSHIELD_MODE = "observe"
    assert "moot" not in live(tmp_path, attack(RING), ring_store)
    case = Case.objects.get()
    assert case.state == Case.State.OPEN
    assert case.members.filter(score__gte=CONTAIN).count() == RING


def test_two_workers_at_one_moment_find_one_campaign(
    tmp_path: Path, ring_store: Store, settings: Settings
) -> None:
    """Each has half of the accounts, both are behind, and neither waits for the other in a circle."""
    del ring_store
    settings.AUTHSHIELD_STREAM_SHARDS = 2
    settings.AUTHSHIELD_STORE_TIMEOUT_SECONDS = 5.0
    store = default_store()
    live(tmp_path, attack(8)[:24], store, works=False)

    def worker(shard: int) -> int:
        entries = read(store, count=100, block_ms=0, shard=shard)
        process(entries, store, tasks._work())
        ack(store, entries, shard=shard)
        return len(entries)

    done = together([partial(worker, shard) for shard in (0, 1)])
    assert all(isinstance(count, int) and count > 0 for count in done), done
    while outbox.run_due(clock.now(), HANDLERS):
        pass
    case = Case.objects.exclude(campaign="").get()
    assert {member.sid for member in case.members.all()} == {f"s{number}" for number in range(1, 9)}
    assert case.state == Case.State.CONTAINED
    assert Session.objects.filter(ended_reason="contained").count() == 8
