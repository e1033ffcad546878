"""Taking accounts: with what and from where a thief signs in, what he does before the loot, and how it ends."""

from __future__ import annotations

from authshield.simulate.arrivals import FIRST_DEVICE
from authshield.simulate.customers import Customers
from authshield.simulate.devices import APPS, PHONES, Device, computer, disguised, new_device, phone
from authshield.simulate.draws import Draws
from authshield.simulate.engine import DAY_MS, Process
from authshield.simulate.guessing import Guessing
from authshield.simulate.heists import GUESS, RELAY, STEALER, Heist
from authshield.simulate.loot import Loot
from authshield.simulate.networks import Place, place_in
from authshield.simulate.people import Person
from authshield.simulate.sessions import FRAUD, Session, Setting
from authshield.simulate.world import World

_RELAYED = ("email", "totp", "static")
_STICKY = 0.5
_NIGHT = 1, 7  # hours in Tokyo
_COPIES = 2  # the level from which the fingerprint is the victim's


class Takeovers:
    """Heists as processes of the engine."""

    def __init__(self, world: World, draws: Draws, customers: Customers, guessing: Guessing) -> None:
        """``draws`` is the thieves' own stream."""
        self._guessing = guessing
        self._world, self._draws, self._customers = world, draws, customers
        self._engine, self._p = world.engine, world.p
        self._loot = Loot(world, draws)
        self._places: dict[int, Place] = {}
        self.taken: list[Heist] = []

    def begin(self, person: Person, heist: Heist) -> Process:
        """In the place of a visit of the customer's: the first login, and what follows from it."""
        person.hijacked, heist.person = True, person
        self.taken.append(heist)
        heist.can_pass = self._can_pass(heist)
        if heist.means == STEALER and self._draws.chance(self._p["stealer.rides"]):
            return self._customers.visit(person, then=lambda session: self._ride(person, heist, session))
        return self._first(person, heist)

    def _first(self, person: Person, heist: Heist) -> Process:
        session = self._session(person, heist)
        yield from self._customers.sign_in(session, person, passkey=False)
        yield from self._go_on(person, heist, session)

    def _ride(self, person: Person, heist: Heist, session: Session) -> None:
        wait = int(self._draws.lognormal(8, 0.9) * 60_000)
        self._engine.start(self._engine.now + wait, self._continued(person, heist, session))

    def _continued(self, person: Person, heist: Heist, before: Session) -> Process:
        own = self._setting(person, heist)
        setting = Setting(
            device=own.device,
            place=own.place,
            token=before.issued,
            key=own.key,
            can_pass=own.can_pass,
            label=FRAUD,
        )
        heist.kit = own.device
        own.device.token = before.issued
        yield from self._go_on(
            person, heist, Session(self._engine, self._draws, person, setting, sid=before.sid)
        )

    def _go_on(self, person: Person, heist: Heist, session: Session) -> Process:
        yield from self._customers.look(session)
        if self._draws.chance(self._p["takeover.mail_changed"]):
            yield 10 + self._draws.exponential(20)
            session.act("profile_change", ',"field":"email"')
        if not heist.trade_at:
            return
        now = self._engine.now
        if heist.prompt or now + 600_000 > heist.trade_at:
            yield 30 + self._draws.uniform() * 500
            yield from self._strike(person, heist, session)
            return
        self._schedule(person, heist, now)

    def _schedule(self, person: Person, heist: Heist, now: int) -> None:
        span = heist.trade_at - now
        logins = heist.quiet_logins
        if heist.patient:
            logins = max(2, round(span / DAY_MS * self._p["patient.sessions_a_day"]))
        for place in range(logins):
            at = now + int(span * (place + 0.2 + 0.7 * self._draws.uniform()) / (logins + 0.3))
            self._engine.start(self._by_day(at), self._quiet(person, heist))
        if heist.night and span > DAY_MS // 2:
            self._engine.start(
                heist.trade_at - int((10 + 4 * self._draws.uniform()) * 3_600_000),
                self._evening(person, heist),
            )
        self._engine.start(heist.trade_at - 120_000, self._return(person, heist))

    def _by_day(self, at: int) -> int:
        """Nobody looks quiet at four in the morning: such times move on."""
        hour = (at // 3_600_000 + 9) % 24
        return at + (_NIGHT[1] - hour) * 3_600_000 if _NIGHT[0] <= hour < _NIGHT[1] else at

    def _quiet(self, person: Person, heist: Heist) -> Process:
        if heist.over:
            return
        session = self._session(person, heist)
        session.login(person.username)
        yield from self._customers.look(session)
        if heist.patient and self._draws.chance(self._p["patient.trades"]):
            yield from self._loot.small(session, person)

    def _evening(self, person: Person, heist: Heist) -> Process:
        session = self._session(person, heist)
        session.login(person.username)
        yield from self._customers.look(session)
        yield 15 + self._draws.exponential(60)
        yield from self._loot.sell(session, person, heist)

    def _return(self, person: Person, heist: Heist) -> Process:
        if heist.over:
            return
        session = self._session(person, heist)
        session.login(person.username)
        yield 15 + self._draws.exponential(60)
        yield from self._strike(person, heist, session)

    def _strike(self, person: Person, heist: Heist, session: Session) -> Process:
        yield from self._loot.turn(session, person, heist, lambda: self._again(person, heist))
        if self._draws.chance(self._p["takeover.notices"]):
            days = self._draws.lognormal(self._p["takeover.notice_days_median"], 1.2)
            yield days * 86_400
            heist.over = True
            yield from self._customers.visit(person, errand=self._customers.change_password)

    def _again(self, person: Person, heist: Heist) -> Session:
        session = self._session(person, heist)
        session.login(person.username)
        return session

    def _session(self, person: Person, heist: Heist) -> Session:
        return Session(self._engine, self._draws, person, self._setting(person, heist))

    def _setting(self, person: Person, heist: Heist) -> Setting:
        if heist.kit is None:
            heist.kit = self._kit(person, heist)
        heist.kit.update(self._engine.now, self._draws)
        return Setting(
            heist.kit, self._place(person, heist), heist.kit.token, heist.kit.key, heist.can_pass, FRAUD
        )

    def _kit(self, person: Person, heist: Heist) -> Device:
        p, draws = self._p, self._draws
        kind = phone(draws, p["devices.app"]) if draws.chance(p["relay.phone"]) else computer(draws)
        own = new_device(draws, kind, p["devices.lag_days"], p["devices.keyless"])
        victim = self._victims_device(person)
        if heist.means == STEALER:
            stolen = disguised(draws, own, victim, 1.0 if draws.chance(p["stealer.copied"]) else 0.6)
            stolen.token, stolen.key = victim.token, victim.key and draws.chance(p["stealer.key_copied"])
            return stolen
        if heist.means == GUESS:
            return self._guessing.borrowed()
        browsers = heist.campaign.browsers if heist.campaign else []
        if heist.level < _COPIES and browsers and draws.chance(p["takeover.device_reuse"]):
            return draws.pick(browsers)
        kit = self._relayed(heist, own, victim)
        browsers.append(kit)
        return kit

    def _relayed(self, heist: Heist, own: Device, victim: Device) -> Device:
        consistent = self._draws.chance(self._p["relay.consistent"])
        if heist.level >= _COPIES:
            return disguised(self._draws, own, victim, 1.0)
        if victim.kind in APPS and self._draws.chance(self._p["relay.elsewhere"]):
            return own
        if heist.level == 1:
            return disguised(self._draws, own, victim, 0.9 if consistent else 0.4)
        return disguised(self._draws, own, victim, 0.5) if consistent else own

    def _victims_device(self, person: Person) -> Device:
        used = [device for device in person.devices if device.token] or person.devices
        return used[0] if self._draws.chance(FIRST_DEVICE) else used[-1]

    def _place(self, person: Person, heist: Heist) -> Place:
        kept = self._places.get(person.number)
        if kept is not None and self._draws.chance(_STICKY):
            return kept
        place = self._guessing.place() if heist.means == GUESS else self._new_place(person, heist)
        self._places[person.number] = place
        return place

    def _new_place(self, person: Person, heist: Heist) -> Place:
        p, draws, networks, level = self._p, self._draws, self._world.networks, heist.level
        if level == 0 and not draws.chance(p["relay.country"]):
            return networks.foreign(draws)
        hosted = level == 0 and draws.chance(p["takeover.hosting"])
        if hosted or draws.chance(p["takeover.office"]):
            return place_in(draws, draws.pick(networks.hosting if hosted else networks.offices))
        near = level > 0 or draws.chance(p["relay.prefecture"])
        same = draws.chance(p["relay.asn"])
        is_phone = heist.kit is not None and heist.kit.kind in PHONES
        if is_phone and draws.chance(p["takeover.mobile"]):
            carrier = person.carrier if same else draws.weighted(networks.mobile)
            return networks.moving(draws, carrier, person.city if near else draws.weighted(networks.city))
        if near and same:
            return networks.line_of(draws, person.line.block).place(draws)
        return networks.fixed(draws, person.city if near else draws.weighted(networks.city))

    def _can_pass(self, heist: Heist) -> tuple[str, ...]:
        if heist.means == RELAY:
            return _RELAYED
        mailbox = self._p["stealer.mailbox" if heist.means == STEALER else "guessing.mailbox"]
        return ("email",) if self._draws.chance(mailbox) else ()
