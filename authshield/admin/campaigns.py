"""A campaign on its case's page: its members as a table, and as a picture of when each of them joined.

Reads only. Cost: 3 queries, whatever the campaign; at most ``MOST`` members, the first ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authshield.models import CampaignMember, Case, Session

MOST = 60
ROW, TOP, LEFT, WIDTH, RIGHT = 18, 24, 150, 560, 30
"""Sizes of the picture: height of a row, room above, left of and right of the time line, its width."""

_LEAST_RADIUS, _POINTS_A_UNIT = 3, 20


@dataclass(frozen=True, slots=True)
class Row:
    """A member with its session and the case of its own, if there are."""

    member: CampaignMember
    session: Session | None
    case: Case | None

    @property
    def is_ended(self) -> bool:
        """Whether its session has ended."""
        return self.session is not None and self.session.ended_at is not None


@dataclass(frozen=True, slots=True)
class Dot:
    """A member in the picture: larger with its score, full once its session has ended."""

    row: Row
    x: int
    y: int
    radius: int

    @property
    def text_y(self) -> int:
        """Where its name stands."""
        return self.y + 4


@dataclass(frozen=True, slots=True)
class Picture:
    """Members one under the other, from the first to the last along the time line."""

    dots: list[Dot]
    begin: datetime
    end: datetime

    @property
    def height(self) -> int:
        """Of the whole."""
        return TOP + ROW * (len(self.dots) + 1)

    @property
    def axis(self) -> int:
        """Where the time line ends."""
        return self.height - ROW

    left, right, width = LEFT, LEFT + WIDTH, LEFT + WIDTH + RIGHT


def campaign_of(case: Case) -> dict[str, Any]:
    """What the page tells of a campaign; nothing for other cases."""
    if not case.campaign:
        return {}
    members = list(case.members.all()[:MOST])
    sids = [member.sid for member in members]
    sessions = Session.objects.in_bulk(sids)
    own = {part.sid: part for part in Case.objects.filter(part_of=case, sid__in=sids).order_by("opened_at")}
    rows = [Row(member, sessions.get(member.sid), own.get(member.sid)) for member in members]
    return {"members": rows, "picture": _picture(rows) if rows else None}


def _picture(rows: list[Row]) -> Picture:
    begin, end = rows[0].member.at, rows[-1].member.at
    seconds = max(1.0, (end - begin).total_seconds())
    dots = [
        Dot(
            row,
            x=LEFT + round(WIDTH * (row.member.at - begin).total_seconds() / seconds),
            y=TOP + ROW * number,
            radius=_LEAST_RADIUS + round(row.member.score / _POINTS_A_UNIT),
        )
        for number, row in enumerate(rows)
    ]
    return Picture(dots, begin, end)
