"""What a file says, whoever decides on it: its sessions, its orders and withdrawals, and their labels, as columns.

A session is one row, and so is every order or withdrawal, in small arrays: some 40 bytes each. Must not hold what a
detector thinks of them (seen.py does).
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field
from enum import IntFlag

from authshield.replay.record import Record
from authshield.vocabulary.actions import FACTOR_STRENGTH, Strength
from authshield.vocabulary.event import Event, Kind, Login, Order, Withdrawal

COLD_SIGN_INS = 3
_NUMBERED = re.compile(r"[\s:/_#.-]*\d+$")
_SUFFIX = re.compile(r"\.jsonl(?:\.gz)?$")
_MOBILE_AGENT = re.compile(r"\bMobile\b|iPhone|Android")


class Mark(IntFlag):
    """What a session or an order is."""

    FRAUD = 1
    LEFT_OUT = 2
    """It began in the warm-up."""
    COLD = 4
    """Fewer than three sign-ins of the account came before it."""
    MOBILE = 8
    MAY_PASS = 16
    """Whoever signs in would get through a challenge for a code."""
    VICTIM = 32
    """The account's own session after its first fraudulent event: neither fraud nor ordinary."""
    ORDER = 64


def attack_type(file: str, campaign: str) -> str:
    """The kind of attack that the names tell: those of the file and of the campaign without their numbers."""
    scenario = _NUMBERED.sub("", _SUFFIX.sub("", file)) or file
    kind = _NUMBERED.sub("", campaign)
    return f"{scenario}: {kind}" if kind else scenario


@dataclass(slots=True)
class Facts:
    """One file. ``campaign`` columns hold a place in ``campaigns``, whose first name is empty: none."""

    file: str
    accounts: dict[str | None, int] = field(default_factory=dict)
    campaigns: dict[str, int] = field(default_factory=lambda: {"": 0})
    sessions: dict[str, int] = field(default_factory=dict)
    account: array[int] = field(default_factory=lambda: array("i"))
    campaign: array[int] = field(default_factory=lambda: array("i"))
    mark: array[int] = field(default_factory=lambda: array("B"))
    day: array[int] = field(default_factory=lambda: array("i"))
    money_session: array[int] = field(default_factory=lambda: array("i"))
    money_account: array[int] = field(default_factory=lambda: array("i"))
    money_campaign: array[int] = field(default_factory=lambda: array("i"))
    money_mark: array[int] = field(default_factory=lambda: array("B"))
    money_minor: array[int] = field(default_factory=lambda: array("q"))
    labelled: bool = False
    _signed_in: dict[int, int] = field(default_factory=dict)
    _defrauded: set[int] = field(default_factory=set)

    def add(self, record: Record, *, in_warm_up: bool) -> tuple[int, int]:
        """Take an event; returns the places of its session and of its order or withdrawal, -1 where it is none."""
        event = record.event
        self.labelled = self.labelled or bool(record.label)
        account = self.accounts.setdefault(event.account, len(self.accounts))
        campaign = self.campaigns.setdefault(record.campaign, len(self.campaigns))
        fraud = record.label == "fraud"
        session = self._session(event, account, in_warm_up=in_warm_up)
        if session >= 0:
            if isinstance(event.subject, Login):
                self.mark[session] |= _of_sign_in(record)
            if fraud:
                self.mark[session] |= Mark.FRAUD
                self.campaign[session] = self.campaign[session] or campaign
        if fraud and event.account is not None:
            self._defrauded.add(account)
        if not isinstance(event.subject, (Order, Withdrawal)):
            return session, -1
        left_out = self.is_left_out(session, in_warm_up=in_warm_up)
        self._money(event.subject, account, session, fraud=fraud, left_out=left_out)
        self.money_campaign.append(campaign if fraud else 0)
        return session, len(self.money_minor) - 1

    def is_left_out(self, session: int, *, in_warm_up: bool) -> bool:
        """Whether an event does not count: it, or its session's beginning, lies in the warm-up."""
        return bool(self.mark[session] & Mark.LEFT_OUT) if session >= 0 else in_warm_up

    def name_of(self, campaign: int) -> str:
        """A campaign's name by its place."""
        return list(self.campaigns)[campaign]

    def _session(self, event: Event, account: int, *, in_warm_up: bool) -> int:
        if event.session is None:
            return -1
        place = self.sessions.get(event.session)
        if place is not None:
            return place
        place = self.sessions[event.session] = len(self.account)
        before = self._signed_in.get(account, 0)
        if event.kind is Kind.LOGIN:
            self._signed_in[account] = before + 1
        mark = (
            (Mark.LEFT_OUT if in_warm_up else 0)
            | (Mark.COLD if before < COLD_SIGN_INS else 0)
            | (Mark.MOBILE if _is_mobile(event) else 0)
            | (Mark.VICTIM if account in self._defrauded and event.account is not None else 0)
        )
        self.account.append(account)
        self.campaign.append(0)
        self.mark.append(mark)
        self.day.append(event.at.toordinal())
        return place

    def _money(
        self, subject: Order | Withdrawal, account: int, session: int, *, fraud: bool, left_out: bool
    ) -> None:
        mark = (
            (Mark.FRAUD if fraud else 0)
            | (Mark.LEFT_OUT if left_out else 0)
            | (Mark.ORDER if isinstance(subject, Order) else 0)
        )
        self.money_session.append(session)
        self.money_account.append(account)
        self.money_mark.append(mark)
        self.money_minor.append(subject.value_minor)


def is_legit(mark: int) -> bool:
    """Whether a session is an ordinary customer's, on an account that was not defrauded before, and counts."""
    return not mark & (Mark.FRAUD | Mark.VICTIM | Mark.LEFT_OUT)


def is_fraud(mark: int) -> bool:
    """Whether a session or an order is labelled as fraud, and counts."""
    return mark & (Mark.FRAUD | Mark.LEFT_OUT) == Mark.FRAUD


def _of_sign_in(record: Record) -> int:
    subject = record.event.subject
    by_key = isinstance(subject, Login) and subject.method == "passkey"
    strong = [name for name in record.enrolled if FACTOR_STRENGTH[name] >= Strength.OTP]
    asked = strong or record.enrolled
    return Mark.MAY_PASS if by_key or any(name in record.can_pass for name in asked) else 0


def _is_mobile(event: Event) -> bool:
    if event.network.kind:
        return event.network.kind == "mobile"
    return bool(_MOBILE_AGENT.search(event.client.user_agent))
