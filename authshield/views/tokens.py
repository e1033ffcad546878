"""The ``token`` of an answer, as people type it and as programs send it."""

from __future__ import annotations

import json

from django.utils.translation import gettext as _

from authshield.errors import InvalidInput
from authshield.factors.passkey import FACTOR
from authshield.factors.passkey_answers import MAX_ANSWER
from authshield.observe.canonical import Number

MAX_TOKEN = 64
"""Characters of a code."""


def most(factor: str) -> int:
    """Characters that a token of this factor may have."""
    return MAX_ANSWER if factor == FACTOR else MAX_TOKEN


def text_of(value: object, factor: str = FACTOR) -> str:
    """A token out of JSON as text. A passkey's may come as the object that ``credential.toJSON()`` gives.

    Raises ``InvalidInput`` (400).
    """
    if factor == FACTOR and isinstance(value, dict):
        value = json.dumps(value)
    if not isinstance(value, str) or isinstance(value, Number) or not 0 < len(value) <= most(factor):
        detail = _("must be a string of 1 to %(most)d characters") % {"most": most(factor)}
        raise InvalidInput(detail, field="token", status_code=400)
    return value
