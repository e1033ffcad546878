"""The worlds that can be asked for, and how each is put together."""

from __future__ import annotations

from collections.abc import Callable

from bench.secondworld.account import populate
from bench.secondworld.customer import life
from bench.secondworld.guessers import slowly, spraying, stuffing
from bench.secondworld.ring import Trade, golden, organise, victims
from bench.secondworld.turns import Turns, arrange
from bench.secondworld.world import World

_RELAY = Trade(entries=(("relay", 1.0),), looks_only=0.3)
_STOLEN = Trade(
    entries=(("session", 0.45), ("cookie", 0.55)),
    members=6,
    closeness=0.6,
    mailbox=0.2,
    reuse_line=0.1,
    foreign=0.35,
)
_PATIENT = Trade(
    entries=(("relay", 0.5), ("cookie", 0.25), ("password", 0.25)),
    looks_only=0.05,
    members=7,
    mailbox=0.3,
    steady=0.3,
    closeness=0.9,
    careful=0.35,
    patient=True,
    earliest=0.62,
)
_GUESSED = Trade(
    entries=(("password", 1.0),), members=6, copies=0.0, closeness=0.3, mailbox=0.15, earliest=0.55
)


def _april(world: World, share: float) -> None:
    organise(world, victims(world, share), _RELAY)


def _stealers(world: World, share: float) -> None:
    organise(world, victims(world, share), _STOLEN)


def _patient(world: World, share: float) -> None:
    organise(world, victims(world, share), _PATIENT)


def _golden(world: World, _share: float) -> None:
    golden(world, Trade(entries=(("relay", 1.0),), looks_only=0.0, foreign=0.0))


def _stuffing(world: World, share: float) -> None:
    robbed = victims(world, share)
    stuffing(world, robbed)
    organise(world, robbed, _GUESSED)


def _spraying(world: World, share: float) -> None:
    robbed = victims(world, share)
    spraying(world, robbed)
    organise(world, robbed, _GUESSED)


def _slow(world: World, share: float) -> None:
    robbed = victims(world, share)
    slowly(world, robbed)
    organise(world, robbed, _GUESSED)


def _nobody(_world: World, _share: float) -> None:
    """No attack at all."""


_USUAL = Turns()
SCENARIOS: dict[str, tuple[Turns, Callable[[World, float], None]]] = {
    "quiet": (_USUAL, _nobody),
    "april": (_USUAL, _april),
    "golden": (_USUAL, _golden),
    "stealers": (_USUAL, _stealers),
    "patient": (_USUAL, _patient),
    "stuffing": (_USUAL, _stuffing),
    "spraying": (_USUAL, _spraying),
    "slow": (_USUAL, _slow),
    "rally": (Turns(rallies=3), _nobody),
    "month": (
        Turns(
            0.02, 0.02, 0.08, 0.02, tips=12, rallies=6, crowd=0.15, rebalancings=2, crashes=1, renumberings=1
        ),
        _nobody,
    ),
}


def build(world: World, name: str, *, accounts: int, hijacked: float) -> None:
    """Fills an empty world with people, turns and thieves; then it can run."""
    turns, attack = SCENARIOS[name]
    world.accounts = populate(world.dice, world.market, world.networks, accounts)
    for account in world.accounts:
        world.start(life(world, account), world.now)
    arrange(world, turns)
    attack(world, hijacked)
