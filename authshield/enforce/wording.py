"""Codes in words for the person at the keyboard. Must not tell more than what to do next."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Words:
    """A title and one sentence or two."""

    title: str | Promise
    text: str | Promise


_NOTHING_CHANGED = _("Nothing was changed.")

_REFUSALS: dict[str, Words] = {
    "denied": Words(
        _("This is not possible right now"),
        _("Nothing was changed. If you did this yourself, call us: we will look at it together."),
    ),
    "rate_limited": Words(
        _("Too many attempts"),
        _("Wait a little, then try again. A device that you use often is not affected."),
    ),
    "session_ended": Words(
        _("You have been signed out"), _("This session was ended for your safety. Sign in again to go on.")
    ),
    "account_frozen": Words(
        _("Your account is protected"),
        _("Orders and withdrawals are stopped for now. Call us to have it opened again."),
    ),
    "unavailable": Words(
        _("This cannot be checked right now"), _("Nothing was changed. Try again in a few minutes.")
    ),
    "device_proof_required": Words(_("Is this still your browser?"), _NOTHING_CHANGED),
    "step_up_required": Words(_("Confirm that it is you"), _NOTHING_CHANGED),
    "challenge_failed": Words(
        _("That code is not right"),
        _("Each code works once, and the newest one counts. Look again, and try once more."),
    ),
    "passkey_failed": Words(
        _("The passkey was not accepted"),
        _("Try once more, on this very page. If it does not work, use another way."),
    ),
    "challenge_pending": Words(
        _("Waiting for your other device"), _("Enter the number there. Nothing has happened so far.")
    ),
    "oob_failed": Words(
        _("It was not confirmed"),
        _("Another number was entered there, or no other device can confirm. Ask anew, or use another way."),
    ),
    "oob_locked": Words(
        _("Your other devices cannot be asked now"),
        _("They were asked too often, or wrong numbers were entered. Wait, or use another way to confirm."),
    ),
    "factor_locked": Words(
        _("This way is locked for a while"),
        _("There were too many wrong codes. Wait, or use another way to confirm."),
    ),
    "challenge_not_found": Words(
        _("There is nothing to confirm here"),
        _("It belongs to another browser or sign-in, or it is long over. Start again from where you were."),
    ),
    "challenge_used": Words(
        _("This was already confirmed"),
        _("It counts once. Look at your orders before you try again."),
    ),
    "binding_mismatch": Words(
        _("This is not what you confirmed"),
        _("Something differs from what was shown, so nothing was executed. Start again."),
    ),
    "challenge_expired": Words(
        _("The time to confirm is over"), _("Nothing was executed. Start again from where you were.")
    ),
    "invalid": Words(_("That makes no sense to us"), _NOTHING_CHANGED),
    "not_authenticated": Words(_("Sign in first"), _NOTHING_CHANGED),
}


def refusal_words(code: str) -> Words:
    """Title and text of a code; an unknown one reads like ``invalid``."""
    return _REFUSALS.get(code, _REFUSALS["invalid"])
