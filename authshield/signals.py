"""Public signals, for telling. Each is sent after the fact; receivers cannot change what was decided.

decided(event, features, decision, outcome)   every guarded event
case_opened(case)                             a case was opened
session_ended(sid, account, reason)           a session was ended by the desk, a person or the scoring
account_frozen(account, reason)               an account was frozen
factor_locked(account, factor, until)         too many wrong codes: locked until then, or disabled (None)
passkey_suspect(account, name, passkey)       a passkey's counter did not rise: there may be a copy of it
store_state_changed(node, is_away)            this process works without Redis from now on, or with it again
drift_measured(report)                        once a day: each sign's and rule's index is in ``report.content``
"""

from __future__ import annotations

from django.dispatch import Signal

decided = Signal()
case_opened = Signal()
session_ended = Signal()
account_frozen = Signal()
factor_locked = Signal()
passkey_suspect = Signal()
store_state_changed = Signal()
drift_measured = Signal()
