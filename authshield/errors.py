"""Errors.

One tree::

    AuthShieldError
    ├── ConfigurationError      a setting is missing or makes no sense
    ├── RuleError               a rule, limit or list that cannot be published (problems: all at once)
    ├── InvalidInput            what a person or a program sent makes no sense (field, status_code)
    ├── StepUpRequired          a stronger proof is needed first (challenge)
    ├── ProofRequired           the device has to prove itself first (way_back)
    ├── Refused                 this will not be done (code, status_code, retry_after_seconds)
    ├── ChallengeError          a challenge that cannot be used (code, status_code, attempts_left)
    ├── StoreUnavailable        Redis did not answer in time
    └── GatewayError            a port failed (permanent)

Errors carry data as attributes. What a person at the keyboard may read is ``detail``; the rest is for logs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from authshield.models import Challenge


class AuthShieldError(Exception):
    """Base of all errors of this package."""


class ConfigurationError(AuthShieldError):
    """A setting is missing or makes no sense; the message names it and the way out."""


class RuleError(AuthShieldError):
    """A ruleset that cannot be published. ``problems`` lists every one as "path: what, line:column"."""

    def __init__(self, problems: Sequence[str]) -> None:
        """Keep all problems; the message joins them."""
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class InvalidInput(AuthShieldError):  # noqa: N818 - it is not our error
    """Input that cannot be taken. ``detail`` may be shown to whoever sent it."""

    def __init__(
        self, detail: str, *, field: str = "", code: str = "invalid", status_code: int = 422
    ) -> None:
        """``status_code`` is 400, 404, 409, 413, 415 or 422."""
        self.detail = detail
        self.field = field
        self.code = code
        self.status_code = status_code
        super().__init__(f"{field}: {detail}" if field else detail)


class StepUpRequired(AuthShieldError):  # noqa: N818 - a demand, not an error
    """A stronger proof is needed before this can be done."""

    def __init__(self, challenge: Challenge, *, again: Callable[[], Challenge] | None = None) -> None:
        """``challenge`` is the stored, open challenge; ``again`` puts it once more, should it be rolled back."""
        self.challenge = challenge
        self.again = again
        super().__init__(f"challenge {challenge.pk} has to be passed first")


class ProofRequired(AuthShieldError):  # noqa: N818 - a demand, not an error
    """The session is bound to its device's key, and this page was asked for without a sign of it."""

    def __init__(self, way_back: str) -> None:
        """``way_back`` is the path to go on at once the device has proved itself."""
        self.way_back = way_back
        super().__init__("the device has to prove itself first")


class Refused(AuthShieldError):  # noqa: N818 - an answer, not an error
    """It will not be done. ``code``: denied, rate_limited, session_ended, account_frozen or unavailable."""

    def __init__(self, code: str, *, status_code: int = 403, retry_after_seconds: int = 0) -> None:
        """No reason beyond the code: the person at the keyboard gets no more than that."""
        self.code = code
        self.status_code = status_code
        self.retry_after_seconds = retry_after_seconds
        super().__init__(code)


class ChallengeError(AuthShieldError):
    """A challenge or grant that cannot be used.

    ``code``: challenge_failed (401), challenge_not_found (404), challenge_used, binding_mismatch (409),
    challenge_expired (410), factor_locked (429).
    """

    def __init__(
        self, code: str, status_code: int, *, attempts_left: int = 0, retry_after_seconds: int = 0
    ) -> None:
        """Keep what the answer needs."""
        self.code = code
        self.status_code = status_code
        self.attempts_left = attempts_left
        self.retry_after_seconds = retry_after_seconds
        super().__init__(code)


class StoreUnavailable(AuthShieldError):  # noqa: N818 - a state of the store
    """Redis did not answer in time, or its breaker is open."""


class GatewayError(AuthShieldError):
    """A port failed. ``permanent`` says that another try makes no sense."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        """``message`` names the port, the call and the way out."""
        self.permanent = permanent
        super().__init__(message)
