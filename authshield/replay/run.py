"""The loop of a replay: each record goes the live journey's way, with the file's clock.

Same measuring, judging, learning and scoring as a live request; effects are kept here instead of in a database.
Must not read a clock, a label, nor anything else that differs between two runs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from authshield.backends.accounts import limiter_name
from authshield.judge import Demand, Ruleset, judge, learning
from authshield.judge.evidence.weigh import steps
from authshield.measure import Settlement, Store, settle, settle_then_measure
from authshield.measure.profile import forget_device, mark_account, mark_session
from authshield.measure.settle import ISSUED_DEVICE
from authshield.replay.books import Books
from authshield.replay.decided import Decided
from authshield.replay.late import LateScoring, Verdict
from authshield.replay.money import Base
from authshield.replay.reader import ReplayError
from authshield.replay.record import Record
from authshield.replay.settle import as_judged, demand_of, outcome_of
from authshield.score.scan import Campaign
from authshield.score.session import of_member
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.decision import Decision, Final, Outcome, Reason
from authshield.vocabulary.event import Event, Kind, Login
from authshield.vocabulary.features import FactValue, Features

_SILENT = frozenset({Kind.REQUEST, Kind.FILL})
"""Kinds whose allowed events end with the judging, as in a live request: they give nothing back nor teach."""

_STRANGE: dict[str, FactValue] = {"session.is_unusual": True, "device.is_trusted": False}

Measured = tuple[Event, Features, Settlement]


@dataclass(frozen=True, slots=True)
class Options:
    """How to replay. ``issued`` names the device id that the answer to a session's sign-in brought.

    With ``tells_steps`` each decision comes with the step that every sign of its event stood on.
    """

    warm_up: timedelta = timedelta(0)
    scoring_delay: timedelta = timedelta(seconds=2)
    issued: Mapping[str, str] = field(default_factory=dict)
    tells_steps: bool = False


@dataclass(frozen=True, slots=True)
class _Cause:
    """Why later events of a session cannot happen."""

    risk: float
    code: str
    text: str
    case: str = ""


class Replay:
    """One run over one store's namespace."""

    def __init__(self, ruleset: Ruleset, store: Store, base: Base, options: Options) -> None:
        """``store`` must be empty, and patient: an answer that does not come ends the replay."""
        self._ruleset = ruleset
        self._store = store
        self._options = options
        self._books = Books(base)
        self._late = LateScoring(ruleset, options.scoring_delay)
        self._ended: dict[str, _Cause] = {}
        self._lines: deque[Decided] = deque()
        self._unsettled: Measured | None = None
        self._begun_at: datetime | None = None
        self._came_strange: set[str] = set()
        self._disputed: set[str] = set()

    def decide(self, records: Iterable[Record]) -> Iterator[Decided]:
        """Decide every record, in order; a decision comes out once nothing can change its line any more.

        Raises ``ReplayError`` when the store does not answer.
        """
        for record in records:
            self._late_verdicts(record.event.at)
            self._lines.append(self._decided(record))
            yield from self._final_lines()
        self._late_verdicts(None)
        self._settle_now()
        yield from self._final_lines()

    def _final_lines(self) -> Iterator[Decided]:
        while self._lines and not self._lines[0].waits:
            yield self._lines.popleft()

    def _decided(self, record: Record) -> Decided:
        in_warm_up = self._is_in_warm_up(record.event.at)
        cause = self._cause_against(record.event)
        if cause is not None:
            return _moot(record, cause, in_warm_up=in_warm_up)
        event = _with_one_spelling(self._books.completed(record))
        judged = as_judged(event)
        features = self._measured(judged)
        decision = judge(judged, features, self._ruleset, self._late.guards(event.at))
        demand = demand_of(decision, record)
        outcome = outcome_of(demand, record, in_warm_up=in_warm_up)
        self._conclude(event, features, decision, outcome=outcome, in_warm_up=in_warm_up)
        decided = _line(record, decision, demand, outcome, in_warm_up=in_warm_up)
        scales = self._ruleset.scales.get(event.kind)
        if self._options.tells_steps and scales is not None and event.account is not None:
            decided.steps = steps(features.facts, scales)
        self._late.look_at(decided, self._as_strange(event, features, in_warm_up=in_warm_up))
        self._effects(event, record, decided)
        return decided

    def _is_in_warm_up(self, at: datetime) -> bool:
        if self._begun_at is None:
            self._begun_at = at
        return at < self._begun_at + self._options.warm_up

    def _cause_against(self, event: Event) -> _Cause | None:
        if event.session is not None and event.session in self._ended:
            return self._ended[event.session]
        placed = self._books.never_placed(event)
        return (
            None
            if placed is None
            else _Cause(placed.risk, "order_not_placed", "its order was held or stopped")
        )

    def _measured(self, event: Event) -> Features:
        settled, self._unsettled = self._unsettled, None
        features = settle_then_measure(settled, event, self._ruleset, self._store, stream=False)
        if features.is_missing:
            raise ReplayError("the store stopped answering: see that Redis or Valkey runs, then start again")
        return features

    def _conclude(
        self, event: Event, features: Features, decision: Decision, *, outcome: Outcome, in_warm_up: bool
    ) -> None:
        """Give back and learn, together with the next event's measuring, as ``pipeline.conclude`` does at once."""
        subject = event.subject
        if outcome.final is Final.ALLOWED and (
            event.kind in _SILENT or (isinstance(subject, Login) and not subject.succeeded)
        ):
            return
        lesson = learning(event, outcome, features, warm_up=in_warm_up)
        is_disputed = event.session in self._disputed
        issued = self._options.issued.get(event.session or "")
        self._unsettled = (
            event,
            features,
            Settlement(
                decision=decision,
                outcome=outcome,
                learn=lesson.learn and not is_disputed,
                trust=lesson.trust and not is_disputed,
                login_succeeded=isinstance(subject, Login) and subject.succeeded and outcome.happened,
                extra={ISSUED_DEVICE: issued} if issued and isinstance(subject, Login) else {},
            ),
        )

    def _as_strange(self, event: Event, features: Features, *, in_warm_up: bool) -> Features:
        """In the warm-up a device is trusted as it comes; the late scoring sees it as it was when it came."""
        if not in_warm_up or event.session is None:
            return features
        if event.kind is Kind.LOGIN:
            if features.facts["session.is_unusual"]:
                self._came_strange.add(event.session)
        elif event.session in self._came_strange:
            return replace(features, facts=features.facts | _STRANGE)
        return features

    def _settle_now(self) -> None:
        if self._unsettled is not None:
            settle(*self._unsettled, self._store, stream=False)
            self._unsettled = None

    def _effects(self, event: Event, record: Record, decided: Decided) -> None:
        happened = decided.final in {Final.ALLOWED, Final.PASSED}
        self._books.note(event, record.fx, happened=happened, risk=decided.risk)
        if event.session is None:
            return
        decided.case = self._late.cases.get(event.session, "")
        if event.kind is Kind.LOGIN and not happened:
            self._ended[event.session] = _Cause(decided.risk, "session_ended", "its sign-in was stopped")

    def _late_verdicts(self, now: datetime | None) -> None:
        for verdict in self._late.due(now):
            self._take(verdict)

    def _take(self, verdict: Verdict) -> None:
        event, decided, late = verdict.decided.record.event, verdict.decided, verdict.late
        session = event.session or ""
        is_contained = late.contains and not decided.in_warm_up
        if verdict.is_new_high or is_contained:
            ended = True if is_contained else None
            mark_session(self._store, session, score=verdict.session_score, ended=ended)
        if is_contained and decided.record.event.account is not None:
            mark_account(self._store, decided.record.event.account, suspect=True)
        if late.contains and not verdict.features.facts["device.is_trusted"]:
            self._distrust(event)
        if not late.opens_case or decided.in_warm_up:
            return
        if session not in self._late.cases:
            decided.case_at = verdict.at
        decided.case = self._late.case_for(event, decided.record.id, late.campaign)
        if is_contained:
            self._end(session, late.score, decided.case)
        if late.campaign is not None:
            self._take_members(late.campaign, decided.case)
            self._late.guard(late.campaign, verdict.at, is_thin=bool(verdict.features.facts["order.is_thin"]))

    def _take_members(self, campaign: Campaign, case: str) -> None:
        """What a campaign says against sessions that were looked at before."""
        for member in campaign.members:
            if member.sid in self._ended:
                continue
            score, before = of_member(member, campaign), self._late.scores.get(member.sid, 0.0)
            is_contained = score >= self._ruleset.source.parameters["score_contain"]
            if score > before or is_contained:
                highest = self._late.scores[member.sid] = max(score, before)
                mark_session(self._store, member.sid, score=highest, ended=True if is_contained else None)
            if is_contained:
                mark_account(self._store, member.account, suspect=True)
                self._disputed.add(member.sid)
                self._end(member.sid, score, case)

    def _end(self, session: str, score: float, case: str) -> None:
        text = "its session was ended by the late scoring"
        self._ended.setdefault(session, _Cause(score, "session_ended", text, case))

    def _distrust(self, event: Event) -> None:
        """The device came with a session that is contained now: it must not grow old into a trusted one."""
        session = event.session or ""
        self._disputed.add(session)
        device = event.device.id or self._options.issued.get(session)
        if device and event.account is not None:
            # After what the session has taught: that is to be forgotten too.
            self._settle_now()
            forget_device(self._store, event.account, device)


def issued_devices(records: Iterable[Record], seen: Callable[[Record], None]) -> dict[str, str]:
    """Look for the id that each session's sign-in brought to a browser without one: its next event's own.

    ``seen`` is called with every record. Memory: one entry for each such session.
    """
    issued: dict[str, str] = {}
    for record in records:
        seen(record)
        event = record.event
        if event.session is None:
            continue
        if event.kind is Kind.LOGIN:
            if event.device.id is None:
                issued[event.session] = ""
        elif event.device.id is not None and issued.get(event.session) == "":
            issued[event.session] = event.device.id
    return {session: device for session, device in issued.items() if device}


def _with_one_spelling(event: Event) -> Event:
    if event.kind is not Kind.LOGIN:
        return event
    name = limiter_name(event.username)
    return event if name == event.username else replace(event, username=name)


def _line(
    record: Record, decision: Decision, demand: Demand, outcome: Outcome, *, in_warm_up: bool
) -> Decided:
    return Decided(
        record=record,
        action=demand.action,
        required=demand.required,
        final=outcome.final,
        risk=decision.risk,
        reasons=tuple(decision.reasons),
        rules=decision.rules,
        in_warm_up=in_warm_up,
        evidence=decision.evidence,
    )


def _moot(record: Record, cause: _Cause, *, in_warm_up: bool) -> Decided:
    """An event that could not happen carries the risk of what prevented it, so that a curve credits that."""
    return Decided(
        record=record,
        action=Action.DENY,
        required=Strength.NONE,
        final=Final.MOOT,
        risk=cause.risk,
        reasons=(Reason(cause.code, cause.risk, cause.text),),
        case=cause.case,
        in_warm_up=in_warm_up,
    )
