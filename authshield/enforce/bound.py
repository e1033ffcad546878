"""Sessions that their browser bound to a key: registered once, refreshed by signing, ended for good.

The row is the truth; one conditional update uses a challenge up. Must not replace a key: a bound session keeps its.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from django.db import IntegrityError, transaction

from authshield.conf import current
from authshield.enforce import fallback, gate
from authshield.errors import AuthShieldError
from authshield.models import BoundSession
from authshield.sealing import keyed_hash

GRACE = timedelta(seconds=30)
"""How long an answered challenge may be answered once more by the same key: the reply may have got lost."""

TRIES = 30
"""Challenges and proofs of a session in a minute; a browser needs two in ten."""

_PURPOSE = "dbsc-registration"


class ProofLike(Protocol):
    """As much of a proof as is looked at here."""

    @property
    def algorithm(self) -> str:
        """ES256 or RS256."""

    @property
    def challenge(self) -> str:
        """The challenge that it answers."""

    @property
    def authorization(self) -> str:
        """What the registration was allowed with."""

    @property
    def key(self) -> bytes:
        """The key that came with it, empty where none did."""

    def is_by(self, algorithm: str, key: bytes) -> bool:
        """Whether the holder of this key made it."""


class Unbound(AuthShieldError):  # noqa: N818 - an answer, not an error
    """Nothing is bound and nothing renewed; the text says why, for the log."""


class Gone(AuthShieldError):  # noqa: N818 - an answer, not an error
    """The session is over: the browser may throw its key away."""


class Overrun(AuthShieldError):  # noqa: N818 - an answer, not an error
    """Too much of this at once: later. Never an answer that would cost the browser its session."""


class Challenged(AuthShieldError):  # noqa: N818 - a demand, not an error
    """A proof is needed, of this challenge."""

    def __init__(self, challenge: str, why: str) -> None:
        """``why`` is for the log."""
        self.challenge = challenge
        super().__init__(why)


class Invitation(NamedTuple):
    """What a sign-in's answer invites the browser with; both parts are of this session and of no other."""

    challenge: str
    authorization: str


def invite(sid: str, now: datetime) -> Invitation:
    """An invitation that needs no memory; a session takes one up once. Cost: 5 µs."""
    until = f"{int(now.timestamp()) + current().REGISTRATION_SECONDS:x}"
    stamp = f"{until}-{secrets.token_hex(16)}"
    return Invitation(f"{stamp}-{_mac(sid, 'challenge', stamp)}", f"{until}-{_mac(sid, 'allowed', until)}")


def register(sid: str, account: str, proof: ProofLike, now: datetime) -> BoundSession:
    """Bind a session to the key in the proof; raises ``Unbound``. Cost: 2 statements.

    The very same proof within the grace is the same registration; any other finds the session bound already.
    """
    if not sid or not account:
        raise Unbound("nobody is signed in")
    _check_invitation(sid, proof, now)
    if not proof.key or not proof.is_by(proof.algorithm, proof.key):
        raise Unbound("the proof is not by the key that came with it")
    if gate.is_ended(sid):
        raise Unbound("the session has ended")
    answered = _short(proof.challenge)
    row = BoundSession(
        id=secrets.token_urlsafe(24),
        sid=sid,
        account=account,
        algorithm=proof.algorithm,
        key=proof.key,
        answered=answered,
        answered_at=now,
        registered_at=now,
        refreshed_at=now,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        known = BoundSession.objects.filter(sid=sid, ended_at=None).first()
        is_same = known is not None and known.answered == answered and bytes(known.key) == proof.key
        if known is None or not is_same or now - known.registered_at > GRACE:
            raise Unbound("the session is bound already") from error
        return known
    return row


def find(identifier: str, sid: str) -> BoundSession:
    """The bound session of a refresh; raises ``Unbound`` for nobody's or another's, ``Gone`` for one that is over.

    Cost: 2 queries.
    """
    row = BoundSession.objects.filter(pk=identifier).first() if identifier else None
    if row is None or (sid and not hmac.compare_digest(row.sid, sid)):
        raise Unbound("no such session of this browser")
    if not sid or row.ended_at is not None or gate.is_ended(row.sid):
        raise Gone("the session is over")
    return row


def challenge(row: BoundSession, now: datetime, why: str) -> Challenged:
    """Make a new challenge; raises ``Overrun``. Cost: 2 statements."""
    if not fallback.count(f"dbsc:{row.pk}", window_seconds=60, capacity=TRIES, now=now):
        raise Overrun("too many proofs")
    fresh = secrets.token_urlsafe(24)
    BoundSession.objects.filter(pk=row.pk).update(challenge=fresh, challenge_at=now)
    return Challenged(fresh, why)


def refresh(row: BoundSession, proof: ProofLike, now: datetime) -> str:
    """Use a proof up and return the next challenge; raises ``Challenged``. Cost: 1 update, 1 more where it fails.

    A good signature of another challenge is a race between two tabs, no attack: one more try.
    """
    if proof.key:
        raise challenge(row, now, "a key at a refresh")
    if not proof.is_by(row.algorithm, bytes(row.key)):
        raise challenge(row, now, "not by the session's key")
    oldest = now - timedelta(seconds=2 * current().DBSC_COOKIE_SECONDS)
    fresh = secrets.token_urlsafe(24)
    mine = BoundSession.objects.filter(pk=row.pk, ended_at=None)
    if proof.challenge and mine.filter(challenge=proof.challenge, challenge_at__gte=oldest).update(
        challenge=fresh, challenge_at=now, answered=proof.challenge, answered_at=now, refreshed_at=now
    ):
        return fresh
    row = mine.filter(pk=row.pk).first() or row
    if (
        row.answered == proof.challenge
        and row.answered_at
        and now - row.answered_at <= GRACE
        and row.challenge
    ):
        return row.challenge
    raise challenge(row, now, "of another challenge")


def end(sid: str, now: datetime) -> None:
    """End the binding of a session that is over. Cost: 1 update."""
    BoundSession.objects.filter(sid=sid, ended_at=None).update(ended_at=now)


def _check_invitation(sid: str, proof: ProofLike, now: datetime) -> None:
    stamp, _, mac = proof.challenge.rpartition("-")
    until, _, allowed = proof.authorization.partition("-")
    is_ours = hmac.compare_digest(mac.encode(), _mac(sid, "challenge", stamp).encode())
    is_allowed = hmac.compare_digest(allowed.encode(), _mac(sid, "allowed", until).encode())
    if not is_ours or not is_allowed or stamp.partition("-")[0] != until:
        raise Unbound("no invitation of this session")
    if now.timestamp() > int(until, 16):
        raise Unbound("the invitation has run out")


def _mac(sid: str, purpose: str, said: str) -> str:
    return keyed_hash(f"{purpose}\x1f{sid}\x1f{said}", _PURPOSE)


def _short(challenge_text: str) -> str:
    """As much of an invitation's challenge as tells it apart, in the column of the shorter ones."""
    return challenge_text[-43:]
