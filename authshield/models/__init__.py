"""The tables. What must survive the loss of Redis lives here."""

from authshield.models.accounts import AccountState, Device, Session
from authshield.models.campaigns import CampaignMember, ScanMember
from authshield.models.cases import Case, CaseEntry
from authshield.models.challenges import Challenge
from authshield.models.devices import BoundSession, DeviceKey
from authshield.models.factors import EmailFactor, RecoveryCodes, TotpFactor
from authshield.models.holds import Hold
from authshield.models.labels import (
    Calibration,
    DriftReport,
    Label,
    LabelledEvent,
    Proposal,
    SignCount,
    Unlearnt,
    Verdict,
)
from authshield.models.ledger import JournalEntry, LedgerEntry
from authshield.models.oob import OobFactor, OobRequest
from authshield.models.passkeys import SpentChallenge
from authshield.models.policy import Approval, AssuranceDraft, FormerAddress
from authshield.models.queue import FallbackWindow, Notice, OutboxTask, SessionScore, StoreReport
from authshield.models.rules import LimitDraft, ListDraft, RuleDraft, RulesetVersion, SwitchRow

__all__ = [
    "AccountState",
    "Approval",
    "AssuranceDraft",
    "BoundSession",
    "Calibration",
    "CampaignMember",
    "Case",
    "CaseEntry",
    "Challenge",
    "Device",
    "DeviceKey",
    "DriftReport",
    "EmailFactor",
    "FallbackWindow",
    "FormerAddress",
    "Hold",
    "JournalEntry",
    "Label",
    "LabelledEvent",
    "LedgerEntry",
    "LimitDraft",
    "ListDraft",
    "Notice",
    "OobFactor",
    "OobRequest",
    "OutboxTask",
    "Proposal",
    "RecoveryCodes",
    "RuleDraft",
    "RulesetVersion",
    "ScanMember",
    "Session",
    "SessionScore",
    "SignCount",
    "SpentChallenge",
    "StoreReport",
    "SwitchRow",
    "TotpFactor",
    "Unlearnt",
    "Verdict",
]
