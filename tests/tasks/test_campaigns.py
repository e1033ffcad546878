"""A campaign goes from the stream to one case with all its members, live as in a replay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from authshield import clock, tasks
from authshield.backends.loader import geo_locator
from authshield.judge import Ruleset, judge, learning
from authshield.judge.evidence.weigh import POINTS_A_NAT
from authshield.learn.work import HANDLERS
from authshield.measure import Settlement, Store, default_store, measure, settle
from authshield.measure.stream import ack, read
from authshield.models import CampaignMember, Case, CaseEntry, ScanMember, Session, SessionScore
from authshield.record import outbox
from authshield.replay import reader
from authshield.replay.money import Base
from authshield.replay.parse import Setting
from authshield.replay.record import Record
from authshield.replay.settle import as_judged, demand_of, outcome_of
from authshield.score.drain import process
from authshield.tune import rulebook
from authshield.vocabulary.event import Login
from tests.hijack import few_weights
from tests.replay.lines import OWN_NETWORK, body, write
from tests.replay.replaying import order, replay, simple_rules, story
from tests.servers import Valkey

pytestmark = pytest.mark.django_db(transaction=True)

DOUBTFUL = 4.0
"""Nats: no case alone, a campaign together with others like it."""

ALONE = POINTS_A_NAT * DOUBTFUL
CASE, CONTAIN = 50.0, 65.0


def ruleset() -> Ruleset:
    """What is doubtful is a pump alone: nothing else weighs."""
    weights = few_weights()
    weights |= {"order:sold": (0.0,) * len(weights["order:sold"]), "order:pump": (0.0, DOUBTFUL)}
    return simple_rules(weights=weights, limits=(), score_case=CASE, score_contain=CONTAIN)


def thief(number: int, symbol: str = "9999") -> list[dict[str, Any]]:
    """Everything sold and put into one thin symbol; each from a place of its own."""
    who: dict[str, Any] = {
        "account": f"90{number}",
        "session": f"s{number}",
        "username": f"victim{number}",
        "ip": f"198.51.{number}.9",
        "network": OWN_NETWORK | {"asn": 64000 + number},
        "device": {"id": f"d-{number}", "proof": None},
    }
    everything = {"cash": 0, "positions_value": 7_000_000, "position_quantity": 2000, "positions": 3}
    proceeds = {"cash": 7_000_000, "positions_value": 0, "position_quantity": 0, "positions": 0}
    thin = {"adv": 9_000_000, "market_cap": 10**9}
    sell = order("7203", side="sell", quantity=2000, price=3500, portfolio=everything, **who)
    buy = order(symbol, side="buy", quantity=7000, price=1000, portfolio=proceeds, instrument=thin, **who)
    name = who.pop("username")
    return [body(**who, username=name), sell, buy]


def attack(count: int) -> list[dict[str, Any]]:
    """So many in turns, and a look at a page by each of them at the end."""
    doings = [one for number in range(1, count + 1) for one in thief(number)]
    pages = [
        body("request", account=f"90{number}", session=f"s{number}", ip=f"198.51.{number}.9")
        for number in range(1, count + 1)
    ]
    return story(*doings, *pages, step=timedelta(seconds=10))


@pytest.fixture
def store(valkey: Valkey, settings: Settings) -> Iterator[Store]:
    """The live counters, with the ruleset in force."""
    del valkey
    settings.AUTHSHIELD_STORE_TIMEOUT_SECONDS = 5.0
    publish()
    yield default_store()
    rulebook.forget()


def publish() -> None:
    """Have the ruleset in force."""
    rulebook.publish_source(ruleset().source, None, "test", clock.now())
    rulebook.forget()


def live(folder: Path, lines: list[dict[str, Any]], store: Store, *, by: Ruleset | None = None) -> list[str]:
    """What the doors and a worker that is never behind make of the lines; what became of each."""
    setting = Setting(Base.of("JPY"), geo_locator().locate)
    records = reader.read(
        [write(folder / "live.jsonl", lines)], setting, lambda problem: pytest.fail(str(problem))
    )
    return [_door(record, by or ruleset(), store) for record in records]


def _door(record: Record, by: Ruleset, store: Store) -> str:
    event = record.event
    if Session.objects.filter(pk=event.session, ended_at__isnull=False).exists():
        return "moot"
    judged = as_judged(event)
    features = measure(judged, by, store)
    features = replace(features, is_cold=False)
    decision = judge(judged, features, by)
    outcome = outcome_of(demand_of(decision, record), record, in_warm_up=False)
    lesson = learning(event, outcome, features, warm_up=False)
    succeeded = isinstance(event.subject, Login) and event.subject.succeeded and outcome.happened
    settle(
        event,
        features,
        Settlement(
            decision, outcome, learn=lesson.learn, trust=lesson.trust, login_succeeded=succeeded, extra={}
        ),
        store,
    )
    store.flush()
    work_off(store)
    return outcome.final.value


def work_off(store: Store) -> None:
    """Do what is in the stream and what comes of it."""
    entries = read(store, count=100, block_ms=1)
    process(entries, store, tasks._work())
    ack(store, entries)
    outbox.run_due(clock.now(), HANDLERS)


def test_live_and_replayed_agree(tmp_path: Path, store: Store) -> None:
    """The same events: the same sessions ended at the same event, one case, the same accounts in it."""
    lines = attack(5)
    replayed = replay(tmp_path, lines, ruleset(), scoring_delay=timedelta(0))
    assert live(tmp_path, lines, store) == replayed.finals
    assert replayed.finals[-5:] == ["moot"] * 5
    whole = Case.objects.filter(part_of=None)
    assert whole.count() == replayed.report["cases"]["opened"] == 1
    assert Case.objects.exclude(campaign="").count() == replayed.report["cases"]["campaigns"] == 1
    assert set(whole.get().members.values_list("account", flat=True)) == {f"90{n}" for n in range(1, 6)}
    assert {line["case"] for line in replayed.lines if line["case"]} == {replayed.lines[-1]["case"]}


def test_the_second_buyer_opens_the_case_and_later_ones_have_all_contained(
    tmp_path: Path, store: Store
) -> None:
    """Scores of earlier members grow with the campaign; each is contained as a session of its own is."""
    live(tmp_path, attack(1)[:3], store)
    assert not Case.objects.exists()
    assert Session.objects.get(pk="s1").score == pytest.approx(ALONE)
    live(tmp_path, attack(2)[3:6], store)
    case = Case.objects.get(part_of=None)
    assert (case.campaign, case.account, case.sid) == ("symbol:9999", "", "")
    assert {member.sid for member in case.members.all()} == {"s1", "s2"}
    live(tmp_path, attack(3)[6:9], store)
    case.refresh_from_db()
    assert case.state == Case.State.CONTAINED
    assert set(Session.objects.filter(ended_reason="contained").values_list("sid", flat=True)) == {
        "s1",
        "s2",
        "s3",
    }
    assert all((row.score or 0) >= CONTAIN for row in Session.objects.all())
    assert set(case.parts.values_list("sid", "state")) == {(f"s{n}", "contained") for n in (1, 2, 3)}
    told = " ".join(CaseEntry.objects.filter(case=case).values_list("text", flat=True))
    for word in ("9999", "901", "902", "903"):
        assert word in told
    assert "campaign:scan" in {reason["code"] for reason in case.reasons}


def test_everything_twice_is_one_campaign(tmp_path: Path, store: Store) -> None:
    """Delivered again, one by one and backwards."""
    live(tmp_path, attack(3)[:9], store)
    counts = [rows.objects.count() for rows in (Case, CampaignMember, CaseEntry, ScanMember, SessionScore)]
    entries = []
    for line in attack(3)[2:9:3]:
        event = next(iter(_records(tmp_path, [line]))).event
        measure(event, ruleset(), store)
        entries += read(store, count=10, block_ms=1)
    for entry in reversed([*entries, *entries]):
        process([entry], store, tasks._work())
    outbox.run_due(clock.now(), HANDLERS)
    assert counts == [
        rows.objects.count() for rows in (Case, CampaignMember, CaseEntry, ScanMember, SessionScore)
    ]


def _records(folder: Path, lines: list[dict[str, Any]]) -> Iterator[Record]:
    setting = Setting(Base.of("JPY"), geo_locator().locate)
    yield from reader.read(
        [write(folder / "again.jsonl", lines)], setting, lambda problem: pytest.fail(str(problem))
    )


def test_a_session_that_has_a_case_joins_the_campaigns(tmp_path: Path, store: Store) -> None:
    """Its own case stays, as a part."""
    own = Case.objects.create(account="901", sid="s1", title="t", opened_at=clock.now())
    live(tmp_path, attack(2)[:6], store)
    own.refresh_from_db()
    assert own.part_of == Case.objects.get(campaign="symbol:9999")


def test_a_campaign_that_the_desk_found_to_be_none_stays_none(tmp_path: Path, store: Store) -> None:
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
    assert "moot" not in live(tmp_path, attack(4), store)
    assert Case.objects.count() == 1
    assert (Session.objects.get(pk="s4").score or 0) <= ALONE


def test_a_campaign_after_a_quiet_day_is_another_one(tmp_path: Path, store: Store) -> None:
    """Also where the desk has not closed the first."""
    live(tmp_path, attack(2)[:6], store)
    again = [line | {"time": line["time"].replace("-14T", "-17T"), "id": f"later-{n}"} for n, line in
             enumerate(story(*thief(7), *thief(8), step=timedelta(seconds=10)))]  # fmt: skip
    live(tmp_path, again, store)
    first, second = Case.objects.exclude(campaign="").order_by("campaign_seen_at")
    assert first.campaign_ended_at is not None
    assert second.campaign_ended_at is None
    assert set(second.members.values_list("sid", flat=True)) == {"s7", "s8"}


def test_observing_contains_nobody(tmp_path: Path, store: Store, settings: Settings) -> None:
    """The case tells who would have been contained."""
    settings.AUTHSHIELD_MODE = "observe"
    assert "moot" not in live(tmp_path, attack(4), store)
    case = Case.objects.get()
    assert case.state == Case.State.OPEN
    assert case.members.filter(score__gte=CONTAIN).count() == 4
