"""With which device and from where a customer comes today: home, office, mobile, a trip, a tunnel, a new phone."""

from __future__ import annotations

from authshield.simulate.devices import APPS, IPHONE, PHONES, Device, computer, new_device, phone, screen
from authshield.simulate.engine import DAY_MS, japan
from authshield.simulate.market import SATURDAY
from authshield.simulate.networks import Line, Place, place_in
from authshield.simulate.people import Person
from authshield.simulate.sessions import Setting
from authshield.simulate.world import World

FIRST_DEVICE = 0.62  # of the sessions of who has two
_OFFICE_HOURS = (8.5, 18.5)


class Arrivals:
    """Draws the setting of a customer's next session, and lets their circumstances change on the way."""

    def __init__(self, world: World) -> None:
        """Take the numbers out once."""
        p = world.p
        self._world, self._draws = world, world.draws
        self._mobile, self._cafe = p["networks.mobile_sessions"], p["networks.cafe"]
        self._tunnel = p["networks.vpn_sessions"]
        self._home_changes, self._new_device = (
            p["networks.home_changes_a_month"],
            p["devices.new_a_year"] / 12,
        )
        self._trips, self._abroad = p["networks.trips_a_month"], p["networks.abroad_a_month"]
        self._trip_days = p.many("networks.trip_days")
        self._lost, self._private = p["devices.cookie_lost"], p["devices.private"]
        self._screens, self._lapse = p["devices.screen_changes"], p["factors.lapse"]

    def setting(self, person: Person) -> Setting:
        """How this customer comes now."""
        self._live(person)
        draws, now = self._draws, self._world.engine.now
        device = self._device(person)
        device.update(now, draws)
        rare = 0.1 if device.kind in APPS else 1.0
        if device.token and draws.chance(self._lost * rare):
            device.token = ""
        keeps = rare < 1 or not draws.chance(self._private)
        prints = device.with_screen(screen(draws)) if self._is_docked(device) else ""
        return Setting(
            device=device,
            place=self.place(person, device),
            token=device.token if keeps else "",
            key=device.key,
            can_pass=tuple(f for f in person.enrolled if not draws.chance(self._lapse)),
            prints=prints,
            keeps=keeps,
        )

    def place(self, person: Person, device: Device) -> Place:
        """From where."""
        world, draws = self._world, self._draws
        is_phone = device.kind in PHONES
        if person.away is not None and not (is_phone and draws.chance(0.3)):
            where = person.away[1]
            return where.place(draws) if isinstance(where, Line) else place_in(draws, where.block)
        if is_phone and draws.chance(self._mobile):
            return world.networks.moving(draws, person.carrier, person.city, renumbered=person.renumbered)
        return self._fixed(person, device)

    def _fixed(self, person: Person, device: Device) -> Place:
        world, draws = self._world, self._draws
        if person.tunnel is not None and device.kind not in PHONES and draws.chance(self._tunnel):
            return person.tunnel
        if person.relayed and device.kind == IPHONE:
            return place_in(draws, world.networks.relays[person.city])
        if person.office is not None and self._is_work() and draws.chance(0.6):
            return person.office.place(draws)
        if draws.chance(self._cafe):
            return world.networks.fixed(draws, person.city)
        return person.line.place(draws)

    def new_phone(self, person: Person) -> None:
        """The old one stays at the shop."""
        p, draws = self._world.p, self._draws
        place = next((n for n, device in enumerate(person.devices) if device.kind in PHONES), 0)
        kind = phone(draws, p["devices.app"])
        person.devices[place] = new_device(draws, kind, p["devices.lag_days"], p["devices.keyless"])

    def _device(self, person: Person) -> Device:
        if len(person.devices) == 1 or self._draws.chance(FIRST_DEVICE):
            return person.devices[0]
        return person.devices[1]

    def _is_docked(self, device: Device) -> bool:
        return device.kind not in PHONES and self._draws.chance(self._screens)

    def _is_work(self) -> bool:
        weekday, hour = japan(self._world.engine.now)
        return weekday < SATURDAY and _OFFICE_HOURS[0] <= hour < _OFFICE_HOURS[1]

    def _live(self, person: Person) -> None:
        draws, now = self._draws, self._world.engine.now
        seldom = 1 / max(1.0, person.rate)
        if person.away is not None and now >= person.away[0]:
            person.away = None
        if draws.chance(self._home_changes * seldom):
            person.line = self._world.networks.line(draws, person.city)
        if draws.chance(self._new_device * seldom):
            self._replace(person)
        if person.away is None and draws.chance((self._trips + self._abroad) * seldom):
            self._leave(person, now)

    def _replace(self, person: Person) -> None:
        p, draws = self._world.p, self._draws
        place = draws.below(len(person.devices))
        if person.devices[place].kind in PHONES:
            self.new_phone(person)
        else:
            kind = computer(draws)
            person.devices[place] = new_device(draws, kind, p["devices.lag_days"], p["devices.keyless"])

    def _leave(self, person: Person, now: int) -> None:
        draws, networks = self._draws, self._world.networks
        until = now + int(draws.between(self._trip_days) * DAY_MS)
        if draws.chance(self._abroad / (self._trips + self._abroad)):
            person.away = until, networks.foreign(draws)
        else:
            person.away = until, networks.line(draws, draws.weighted(networks.city))
