"""Public signals, for telling. Each is sent after the fact; receivers cannot change what was decided.

decided(event, features, decision, outcome)   every guarded event
case_opened(case)                             a case was opened
session_ended(sid, account, reason)           a session was ended by the desk, a person or the scoring
account_frozen(account, reason)               an account was frozen
"""

from __future__ import annotations

from django.dispatch import Signal

decided = Signal()
case_opened = Signal()
session_ended = Signal()
account_frozen = Signal()
