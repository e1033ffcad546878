"""A store on the real server, and work that remembers what it was given."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from authshield.judge import Ruleset
from authshield.measure import Store, default_store
from authshield.score.drain import Found, Work
from authshield.score.scan import InMemory
from tests.hijack import ruleset
from tests.recorded import NOW
from tests.servers import Valkey


@pytest.fixture
def store(valkey: Valkey, settings: Settings) -> Store:
    """The store of the settings; patient, because the machine may be busy with other tests."""
    assert valkey.client.ping()
    settings.AUTHSHIELD_STORE_TIMEOUT_SECONDS = 5.0
    return default_store()


@dataclass
class Desk:
    """Takes what the drain finds. Its clock goes on by a second with every look."""

    found: list[Found] = field(default_factory=list)
    joined: list[Found] = field(default_factory=list)
    turns: int = 0
    seconds: int = 0
    members: InMemory = field(default_factory=lambda: InMemory({}))

    def clock(self) -> datetime:
        """A second later each time."""
        self.seconds += 1
        return NOW + timedelta(hours=1, seconds=self.seconds)

    def ruleset(self, now: datetime) -> Ruleset:
        """The ruleset in force."""
        del now
        return ruleset()

    def take(self, found: Found, now: datetime) -> None:
        """Keep it."""
        del now
        self.found.append(found)

    def join(self, found: Sequence[Found], now: datetime) -> dict[str, float]:
        """Keep them among those of campaigns."""
        del now
        self.joined.extend(found)
        return {}

    def between(self, now: datetime) -> None:
        """Count the turns."""
        del now
        self.turns += 1

    @property
    def work(self) -> Work:
        """What the drain is given."""
        return Work(
            clock=self.clock,
            ruleset=self.ruleset,
            members=lambda _notes: self.members,
            found=self.take,
            joined=self.join,
            between=self.between,
        )


@pytest.fixture
def desk() -> Desk:
    """An empty desk."""
    return Desk()
