"""What the rooms below refuse, as sentences for the desk. Must not hide a programming error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from authshield.errors import AuthShieldError, InvalidInput, RuleError, StoreUnavailable

Problem = str


def sentences(error: AuthShieldError) -> tuple[Problem, ...]:
    """An error in words, one problem each."""
    match error:
        case RuleError():
            return error.problems or (str(error),)
        case InvalidInput():
            return (error.detail,)
        case StoreUnavailable():
            return (_("Redis does not answer. The database was not changed; try again in a moment."),)
        case _:
            return (str(error),)


def said(act: Callable[[], Any]) -> tuple[str, tuple[Problem, ...]]:
    """Do something: what it told, and the problems that kept it from being done."""
    try:
        return str(act()), ()
    except AuthShieldError as error:
        return "", sentences(error)
