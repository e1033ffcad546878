"""An operation in its one canonical form: what is displayed, proved, stored and executed.

Every field is a string in canonical notation, so that one digest stands for one meaning.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from json.encoder import encode_basestring as _quoted
from typing import TYPE_CHECKING

from authshield.vocabulary.event import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

PASSWORD_MARK = "password_mark"  # noqa: S105 - the name of a field
"""Field of a sign-in: a keyed hash of the password that began it. Part of the digest, shown to nobody."""

_DOMAIN = b"authshield/operation/v1\x00"


@dataclass(frozen=True, slots=True)
class Operation:
    """One guarded act of one account, with its fields in canonical notation."""

    kind: Kind
    account: str
    fields: Mapping[str, str]

    def canonical(self) -> str:
        """The one JSON text of this operation: sorted keys, no spaces, strings alone."""
        fields = ",".join([f"{_quoted(name)}:{_quoted(self.fields[name])}" for name in sorted(self.fields)])
        return f'{{"account":{_quoted(self.account)},"fields":{{{fields}}},"kind":"{self.kind}"}}'

    @property
    def digest(self) -> str:
        """Hex SHA-256 over the canonical text, with a domain prefix."""
        return hashlib.sha256(_DOMAIN + self.canonical().encode()).hexdigest()

    @classmethod
    def from_canonical(cls, text: str) -> Operation:
        """Read what ``canonical`` wrote."""
        body = json.loads(text)
        return cls(Kind(body["kind"]), body["account"], body["fields"])
