"""The report, figure by figure, on decisions small enough to count by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from authshield.replay.decided import Decided
from authshield.replay.headlines import headlines
from authshield.replay.money import Base
from authshield.replay.parse import Setting, record
from authshield.replay.report import Tally
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.decision import Final
from authshield.vocabulary.event import Network
from tests.replay.lines import body, changed, parsed

YEN = Setting(Base.of("JPY"), lambda _ip: Network())
START = datetime(2025, 4, 14, tzinfo=UTC)


class Story:
    """Decisions one after the other, a minute apart."""

    def __init__(self, rules: tuple[str, ...] = ()) -> None:
        self.tally = Tally(YEN.base, rules)
        self.minutes = 0

    def event(self, kind: str = "login", final: Final = Final.ALLOWED, **told: Any) -> None:
        """One event. ``told`` are fields of the line, or of the decision: action, risk, rules, case, case_at."""
        ours = {name: told.pop(name) for name in list(told) if name in Decided.__dataclass_fields__}
        value = told.pop("value", None)
        line = body(kind, **told) if value is None else changed(kind, "order.quantity", value) | told
        if value is not None:
            line["order"]["price"] = 1
        line["id"] = f"e{self.minutes}"
        line["time"] = (START + timedelta(minutes=self.minutes)).isoformat().replace("+00:00", "Z")
        self.minutes += 1
        action = Action.ALLOW if final is Final.ALLOWED else Action.DENY
        fields = {"action": action, "required": Strength.NONE, "risk": 0.0} | ours
        self.tally.add(Decided(record=record(parsed(line), YEN), final=final, **fields))

    def report(self) -> dict[str, Any]:
        """What the report says of it."""
        return self.tally.report(2.0)


def test_an_empty_file_has_a_report() -> None:
    """Nothing is divided by nothing, and without labels nothing is said of fraud."""
    report = Tally(YEN.base, ["a"]).report(0.0)
    assert report == {
        "events": 0,
        "seconds": 0.0,
        "events_per_second": 0.0,
        "by_kind": {},
        "cases": {"opened": 0, "campaigns": 0, "false_campaigns": 0},
        "rules": {"a": {"matched": 0}},
    }


def test_events_are_counted_by_kind_and_end() -> None:
    """Every end is there for each kind that occurs, also at nought."""
    story = Story()
    story.event()
    story.event("order")
    story.event("order", Final.HELD, action=Action.HOLD)
    report = story.report()
    assert (report["events"], report["seconds"], report["events_per_second"]) == (3, 2.0, 1.5)
    nought = dict.fromkeys(("allowed", "passed", "held", "stopped", "moot"), 0)
    assert report["by_kind"] == {
        "login": nought | {"allowed": 1},
        "order": nought | {"allowed": 1, "held": 1},
    }


def test_the_value_of_fraud_is_split_by_what_became_of_it() -> None:
    """Orders and withdrawals count; moot is stopped; executed is allowed or passed."""
    story = Story()
    fraud: dict[str, Any] = {"label": "fraud", "session": "f"}
    story.event(**fraud)
    story.event("order", Final.ALLOWED, value=1, **fraud)
    story.event("order", Final.PASSED, value=10, **fraud)
    story.event("order", Final.HELD, value=100, **fraud)
    story.event("order", Final.STOPPED, value=1000, **fraud)
    story.event("withdrawal", Final.MOOT, amount=10_000, **fraud)
    story.event("order", value=7, label="legit", session="other")
    assert story.report()["fraud"] == {
        "events": 6,
        "value": {"attempted": 11_111, "stopped": 11_000, "held": 100, "executed": 11},
        "sessions": 1,
        "sessions_stopped": 1,
    }


def test_a_session_is_fraudulent_as_a_whole() -> None:
    """One fraudulent event makes its session no legitimate one."""
    story = Story()
    story.event(session="f")
    story.event("order", value=5, session="f", label="fraud")
    report = story.report()
    assert report["fraud"]["sessions"] == 1
    assert report["fraud"]["events"] == 1
    assert report["legit"]["sessions"] == 0


def test_legitimate_sessions_count_what_they_met() -> None:
    """A session is challenged, held or stopped if one of its events is; so is an order by itself."""
    story = Story()
    story.event(session="quiet")
    story.event("order", session="quiet")
    story.event(session="asked")
    story.event("order", Final.PASSED, session="asked", action=Action.CHALLENGE, required=Strength.OTP)
    story.event("order", Final.HELD, session="asked", action=Action.HOLD)
    story.event("login", Final.STOPPED, session="shut", action=Action.CHALLENGE)
    story.event("order", Final.MOOT, session="shut")
    story.event("request", Final.MOOT, session="ended")
    story.event(session=None, outcome="failure")
    assert story.report()["legit"] == {
        "sessions": 4,
        "sessions_challenged": 2,
        "sessions_held": 1,
        "sessions_stopped": 2,
        "orders": 4,
        "orders_challenged": 1,
        "orders_held": 1,
        "orders_stopped": 1,
    }


def test_sessions_of_a_victim_stand_apart_once_the_fraud_has_begun() -> None:
    """Legitimate sessions begun after the account's first fraudulent event are victims', others stay."""
    story = Story()
    story.event(session="before")
    story.event(session=None, outcome="failure", label="fraud")
    story.event("request", session="before")
    story.event(session="after", final=Final.STOPPED)
    story.event(session="stranger", account="A2")
    report = story.report()
    assert report["legit"]["sessions"] == 2
    assert (report["victims"]["sessions"], report["victims"]["sessions_stopped"]) == (1, 1)


def test_sessions_begun_in_the_warm_up_are_left_out_whole() -> None:
    """Neither their events nor they themselves count, also after the warm-up; the events were read all the same."""
    story = Story(("r",))
    story.event(session="early", in_warm_up=True)
    story.event(session=None, outcome="failure", in_warm_up=True)
    story.event("order", session="early", rules=("r",), case="c", label="fraud", value=5)
    story.event(session="late", account="A2")
    report = story.report()
    assert report["events"] == 4
    assert sum(report["by_kind"]["login"].values()) == 1
    assert report["fraud"]["events"] == 0
    assert report["cases"]["opened"] == 0
    assert report["rules"]["r"]["matched"] == 0
    assert report["legit"]["sessions"] == 1


def test_a_campaign_is_noticed_at_its_first_held_or_stopped_event() -> None:
    """Seconds from its first event; what had been executed in which accounts before."""
    story = Story()
    pump: dict[str, Any] = {"label": "fraud", "campaign": "pump"}
    story.event(session="a", account="A1", **pump)
    story.event("order", value=40, session="a", account="A1", **pump)
    story.event("order", value=50, session="b", account="A2", **pump)
    story.event("order", Final.HELD, value=60, session="b", account="A2", **pump)
    story.event("order", value=70, session="c", account="A3", **pump)
    story.event("order", value=1, session="d", account="A4", label="fraud", campaign="quiet one")
    story.event("order", value=1, session="e", account="A5", label="legit", campaign="pump")
    assert story.report()["first_detection"] == {
        "pump": {"seconds": 180.0, "accounts_before": 2, "value_before": 90},
        "quiet one": None,
    }


@pytest.mark.parametrize(("delay", "seconds", "value"), [(2, 62.0, 40), (90, 120.0, 45)])
def test_a_campaign_is_noticed_by_its_case(delay: int, seconds: float, value: int) -> None:
    """A case that the late scoring opens counts from then; whichever comes first, case or hold."""
    story = Story()
    pump: dict[str, Any] = {"label": "fraud", "campaign": "pump"}
    story.event(session="a", **pump)
    at = START + timedelta(minutes=1, seconds=delay)
    story.event("order", value=40, session="a", case="case-1", case_at=at, **pump)
    story.event("order", Final.STOPPED, value=60, session="a", **pump)
    if delay > 60:
        story = Story()
        story.event(session="a", **pump)
        story.event("order", value=40, session="a", case="case-1", case_at=at, **pump)
        story.tally.add(_at(story, "order", Final.ALLOWED, seconds=90, value=5, **pump))
        story.minutes = 2
        story.event("order", Final.STOPPED, value=60, session="a", **pump)
    found = story.report()["first_detection"]["pump"]
    assert found == {"seconds": seconds, "accounts_before": 1, "value_before": value}


def _at(story: Story, kind: str, final: Final, *, seconds: int, value: int, **told: Any) -> Decided:
    line = changed(kind, "order.quantity", value) | told | {"id": f"x{story.minutes}"}
    line["order"]["price"] = 1
    line["time"] = (START + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    return Decided(record(parsed(line), YEN), Action.ALLOW, Strength.NONE, final, 0.0)


def test_what_happens_as_the_case_opens_is_not_before_it() -> None:
    """An event at the very time of the case counts no more."""
    story = Story()
    pump: dict[str, Any] = {"label": "fraud", "campaign": "pump"}
    story.event("order", value=40, session="a", case="case-1", case_at=START + timedelta(minutes=1), **pump)
    story.event("order", value=50, session="b", account="A2", **pump)
    found = story.report()["first_detection"]["pump"]
    assert found == {"seconds": 60.0, "accounts_before": 1, "value_before": 40}


def test_a_case_at_once_counts_from_its_event() -> None:
    """A case without a later time is of the event's own."""
    story = Story()
    story.event(session="a", case="case-1", label="fraud", campaign="pump")
    assert story.report()["first_detection"]["pump"] == {
        "seconds": 0.0,
        "accounts_before": 1,
        "value_before": 0,
    }


def test_cases_that_join_accounts_are_campaigns_and_may_be_false_ones() -> None:
    """False where most members' events are legitimate."""
    story = Story()
    story.event(session="a", account="A1", case="one", label="fraud")
    story.event(session="b", account="A2", case="true", label="fraud")
    story.event(session="c", account="A3", case="true", label="legit")
    story.event(session="d", account="A4", case="false", label="legit")
    story.event(session="e", account="A5", case="false", label="legit")
    story.event(session="f", account="A6", case="false", label="fraud")
    story.event(session=None, account=None, outcome="failure", case="one", label="legit")
    assert story.report()["cases"] == {"opened": 3, "campaigns": 2, "false_campaigns": 1}


def test_rules_are_told_with_their_precision() -> None:
    """Of the labelled events that a rule matched, how many are fraud; and the fraud's value that was stopped."""
    story = Story(("never", "shadow:quiet"))
    story.event("order", Final.STOPPED, value=10, session="f", label="fraud", rules=("a", "shadow:quiet"))
    story.event("order", Final.HELD, value=20, session="f", label="fraud", rules=("a",))
    story.event("order", Final.STOPPED, value=40, session="l", label="legit", rules=("a",))
    story.event("order", session="u", label=..., rules=("a",))
    rules = story.report()["rules"]
    assert rules["a"] == {"matched": 4, "fraud": 2, "legit": 1, "precision": 0.6667, "value_stopped": 10}
    assert rules["never"] == {"matched": 0, "fraud": 0, "legit": 0, "precision": None, "value_stopped": 0}
    assert rules["shadow:quiet"]["fraud"] == 1


def test_the_curve_weighs_fraud_by_value_and_legitimate_sessions_by_their_highest_risk() -> None:
    """At or over each threshold from 0 to 100."""
    story = Story()
    story.event("order", value=30, session="f", label="fraud", risk=80.0)
    story.event("order", value=10, session="f", label="fraud", risk=20.5)
    story.event(session="l", account="A2", risk=10.0)
    story.event("order", value=999, session="l", account="A2", risk=50.0)
    story.event(session="m", account="A2", risk=0.0)
    curve = story.report()["curve"]
    assert [point["risk"] for point in curve] == list(range(101))
    assert curve[0] == {"risk": 0, "fraud_value": 1.0, "legit_sessions": 1.0}
    assert (curve[20]["fraud_value"], curve[21]["fraud_value"]) == (1.0, 0.75)
    assert (curve[80]["fraud_value"], curve[81]["fraud_value"]) == (0.75, 0.0)
    assert (curve[50]["legit_sessions"], curve[51]["legit_sessions"]) == (0.5, 0.0)


def test_without_fraud_its_share_is_unknown() -> None:
    """A share of nothing is null, not nought."""
    story = Story()
    story.event()
    assert story.report()["curve"][0] == {"risk": 0, "fraud_value": None, "legit_sessions": 1.0}


def test_values_are_told_in_the_base_currency() -> None:
    """Minor units are divided where the currency has some."""
    assert Base.of("JPY").plain(1250) == 1250
    assert Base.of("USD").plain(1250) == 12.5
    assert Base.of("KWD").plain(1250) == 1.25


def test_the_headlines_tell_the_figures() -> None:
    """A person reads what was stopped and what it cost the customers, campaigns by name."""
    story = Story()
    story.event(session="f", label="fraud", campaign="pump\x1b[31m")
    story.event("order", Final.STOPPED, value=1234, session="f", label="fraud", campaign="pump\x1b[31m")
    story.event("order", value=1, session="g", account="A9", label="fraud", campaign="slow")
    story.event(session="l", account="A2")
    text = headlines(story.report())
    assert "value 1,235: 1,234 stopped" in text
    assert "noticed after 60 s" in text
    assert "slow: never noticed" in text
    assert "legit: 1 sessions" in text
    assert "\x1b" not in text
    assert "fraud" not in headlines(Tally(YEN.base).report(0.0))
