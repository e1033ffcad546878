"""What a thief has in mind for one account, and what the thief comes with."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.secondworld.account import Account
from bench.secondworld.gear import Gear
from bench.secondworld.lines import Line
from bench.secondworld.market import Share


@dataclass(slots=True)
class Kit:
    """What a thief comes with; ``sticky`` exits stay the same from visit to visit."""

    gear: Gear
    line: Line
    pace: float
    closeness: float = 0.0
    sticky: bool = True


@dataclass(slots=True)
class Plan:
    """What is to be done to one account. ``strike`` is None for those that are only looked at."""

    account: Account
    entry: str  # relay, cookie, session or password
    at: int
    kit: Kit
    campaign: str
    strike: int | None = None
    targets: list[Share] = field(default_factory=list)
    quiet: int = 0
    steady: bool = False  # the relay goes on: the victim can be asked again
    mailbox: bool = False
    blinds: bool = False  # changes the e-mail address first
    keep: float = 0.0
    slices: int = 1
    aside: float | None = None  # limit so far over the price; None: market orders
    split_days: int = 1
    adv_cap: float = 0.0  # most of the ADV that one order may be; 0: no care taken
    camouflage: int = 0
    margin: bool = False
    again: bool = False
    model: Gear | None = None  # whose cookie was stolen
    rotates: bool = False  # its exit changes within a session
    props: bool = False  # large bids under the market, to be taken back
