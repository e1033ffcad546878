"""Guessing passwords: lists from elsewhere in bursts, a few common ones over everybody, or one try in a week.

Most of it fails. A failed guess harms nobody and has no label (unless ``guessing.label_failures`` says so); what
comes of a right one is in takeovers.py.
"""

from __future__ import annotations

from authshield.simulate.devices import (
    CHROME,
    EDGE,
    IPHONE,
    SAFARI,
    Device,
    client_json,
    computer,
    new_device,
    phone,
)
from authshield.simulate.draws import Draws
from authshield.simulate.engine import DAY_MS, Process
from authshield.simulate.networks import Place, place_in
from authshield.simulate.people import Person
from authshield.simulate.sessions import FRAUD, Session, Setting
from authshield.simulate.world import World

_CONTRADICTION = {CHROME: EDGE, IPHONE: CHROME, SAFARI: CHROME}
_HOSTS = 5
_LEAST_POOL = 40
_HIDES = 2  # the level of evasion from which hints fit the user agent


class Guessing:
    """The machines of those who guess, and what they try."""

    def __init__(self, world: World, draws: Draws, level: int) -> None:
        """``level`` of evasion; the machines are hired when they are first needed."""
        p = world.p
        self._world, self._draws, self._level = world, draws, level
        self._label = FRAUD if p["guessing.label_failures"] else ""
        self._devices: list[Device] = []
        self._places: list[Place] = []
        self._hosts: list[Place] = []
        self.bursts: list[tuple[int, int]] = []  # when lists are tried, in ms

    def plan(self, kinds: tuple[str, ...], first_day: int) -> None:
        """Begin those kinds of guessing on that day."""
        world, draws = self._world, self._draws
        at = world.day_start(first_day)
        if "stuffing" in kinds:
            span = world.days - first_day
            for _ in range(max(2, span // 4)):
                begin = at + int(draws.uniform() * span * DAY_MS)
                hours = draws.between(world.p.many("guessing.burst_hours"))
                self.bursts.append((begin, begin + int(hours * 3_600_000)))
            for burst in self.bursts:
                world.engine.start(burst[0], self._stuff(burst))
        if "spraying" in kinds:
            world.engine.start(at, self._spray())
        if "slow" in kinds:
            for person in world.people:
                world.engine.start(at, self._try_slowly(person))

    def device(self) -> Device:
        """One of the browsers that they pretend to be."""
        p, draws = self._world.p, self._draws
        if not self._devices:
            for _ in range(int(p["guessing.agents"])):
                kind = phone(draws, p["devices.app"]) if draws.chance(0.5) else computer(draws)
                self._devices.append(new_device(draws, kind, p["devices.lag_days"], p["devices.keyless"]))
        device = draws.pick(self._devices)
        device.update(self._world.engine.now, draws)
        return device

    def place(self) -> Place:
        """One of the machines that they come from."""
        p, draws, networks = self._world.p, self._draws, self._world.networks
        if not self._places:
            count = max(_LEAST_POOL, int(p["guessing.residential_ips"] * len(self._world.people)))
            self._places = [networks.fixed(draws, draws.weighted(networks.city)) for _ in range(count)]
            blocks = networks.hosting[:_HOSTS]
            self._hosts = [place_in(draws, draws.pick(blocks)) for _ in range(count // 5)]
        return draws.pick(self._hosts if draws.chance(p["guessing.hosting"]) else self._places)

    def borrowed(self) -> Device:
        """A browser like theirs, for an account that was opened."""
        like, draws, p = self.device(), self._draws, self._world.p
        return new_device(draws, like.kind, p["devices.lag_days"], p["devices.keyless"])

    def _setting(self, place: Place) -> Setting:
        device = self.device()
        client = ""
        odd = self._level < _HIDES and device.kind in _CONTRADICTION
        if odd and self._draws.chance(self._world.p["guessing.inconsistent"]):
            claimed = _CONTRADICTION[device.kind]
            client = client_json(device.kind, device.version, device.language[0], claimed=claimed)
        return Setting(
            device, place, "", key=False, can_pass=(), label=self._label, client=client, keeps=False
        )

    def _fail(self, person: Person, place: Place) -> None:
        draws = self._draws
        session = Session(self._world.engine, draws, person, self._setting(place))
        if draws.chance(self._world.p["guessing.unknown_users"]):
            session.fail(f"{draws.token()[:8]}", known=False)
        else:
            session.fail(person.username)

    def _stuff(self, burst: tuple[int, int]) -> Process:
        """A list, one name after the other, each with the passwords that it holds for it."""
        p, draws, people = self._world.p, self._draws, self._world.people
        attempts = p["guessing.attempts"] * len(people) / len(self.bursts)
        tries = p.many("guessing.tries")
        pause = (burst[1] - burst[0]) / 1000 / max(1.0, attempts)
        while self._world.engine.now < burst[1]:
            person, place = draws.pick(people), self.place()
            for _ in range(round(draws.between(tries))):
                self._fail(person, place)
                yield draws.exponential(pause)

    def _spray(self) -> Process:
        p, draws, people = self._world.p, self._draws, self._world.people
        pause = 86_400 / max(1.0, p["guessing.spray_a_day"] * len(people))
        while True:
            self._fail(draws.pick(people), self.place())
            yield draws.exponential(pause)

    def _try_slowly(self, person: Person) -> Process:
        draws, networks = self._draws, self._world.networks
        bounds = self._world.p.many("guessing.slow_days")
        yield draws.uniform() * bounds[1] * 86_400
        while True:
            self._fail(person, networks.fixed(draws, draws.weighted(networks.city)))
            yield draws.between(bounds) * 86_400
