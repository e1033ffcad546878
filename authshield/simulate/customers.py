"""What customers do: sign in, mistype, look around, buy and sell, change their data, and leave."""

from __future__ import annotations

from collections.abc import Callable

from authshield.simulate.arrivals import Arrivals
from authshield.simulate.engine import HOUR_MS, Process
from authshield.simulate.market import TOKYO, wait_for
from authshield.simulate.people import Person
from authshield.simulate.sessions import Session
from authshield.simulate.shopping import Shopping
from authshield.simulate.world import World

PAGES = ("/", "/quotes/", "/orders/", "/portfolio/", "/news/")
_FIELDS = ("phone", "email", "bank_account", "password", "password", "mfa")
Then = Callable[[Session], None]
Errand = Callable[[Session, Person], Process]


class Customers:
    """Their visits, as processes of the engine."""

    def __init__(self, world: World) -> None:
        """Take the numbers out once."""
        p = world.p
        self._world, self._draws, self._engine = world, world.draws, world.engine
        self.arrivals = Arrivals(world)
        self.shopping = Shopping(world)
        self._pages, self._logout = p["activity.pages_mean"], p["activity.logout"]
        self._trades, self._closed = p.many("activity.trades"), p["activity.closed"]
        self._wrong_name = p["failures.wrong_name"]
        self._typo = self._wrong_name + p["failures.typo"]
        self._other = self._typo + p["failures.other_password"]
        self._repeats = p["failures.repeats_typo"], p["failures.repeats_name"]
        self._retry, self._stale = p["failures.retry_seconds"], p["failures.stale_client"]
        self._passkey = p["factors.passkey_login"]
        self._withdrawals, self._changes = p["life.withdrawals"], p["life.profile_changes"]
        self.panic = (0, 0, 0.0)  # from when to when, and in which share of visits everything is sold
        self._liquidations, self._rebalancings = p["life.liquidations"], p["life.rebalancings"]

    def visit(self, person: Person, *, errand: Errand | None = None, then: Then | None = None) -> Process:
        """One session; ``errand`` replaces what they would do, ``then`` is called if they leave it open."""
        session = Session(self._engine, self._draws, person, self.arrivals.setting(person))
        yield from self.sign_in(session, person)
        yield from self.look(session)
        if errand is not None:
            yield from errand(session, person)
        else:
            yield from self._errands(session, person)
        if then is None and self._draws.chance(self._logout):
            yield self._draws.lognormal(20, 0.8)
            session.leave()
        elif then is not None:
            then(session)

    def sign_in(self, session: Session, person: Person, *, passkey: bool = True) -> Process:
        """The login with what may go wrong before it."""
        draws = self._draws
        if passkey and "webauthn" in person.enrolled and draws.chance(self._passkey):
            session.login(person.username, "passkey")
            return
        slip = draws.uniform()
        if slip < self._other:
            yield from self._mistype(session, person, slip)
        session.login(person.username)
        if draws.chance(self._stale):
            self._engine.start(self._engine.now, self._stale_client(session, person))

    def _mistype(self, session: Session, person: Person, slip: float) -> Process:
        draws, again = self._draws, True
        is_name = slip < self._wrong_name
        repeats = self._repeats[is_name]
        username = f"{person.username}{draws.below(10)}" if is_name else person.username
        while again:
            session.fail(username, known=not is_name)
            yield 1 + draws.exponential(self._retry)
            again = draws.chance(repeats if slip < self._typo else 0.4)

    def _stale_client(self, session: Session, person: Person) -> Process:
        yield 3600.0 * 24 * self._draws.uniform()
        for _ in range(288):
            session.fail(person.username)
            yield 300.0

    def look(self, session: Session) -> Process:
        """Some pages."""
        draws = self._draws
        for _ in range(draws.poisson(self._pages)):
            yield 1 + draws.lognormal(22, 0.9)
            session.page(draws.pick(PAGES))

    def _errands(self, session: Session, person: Person) -> Process:
        draws = self._draws
        seldom = 1 / max(1.0, person.rate)
        eager = 1.0 if not wait_for(TOKYO, self._engine.now) else self._closed
        if draws.chance(self._trades[person.kind] * eager):
            yield 2 + draws.lognormal(30, 0.9)
            yield from self.shopping.trade(session, person)
        if draws.chance((self._withdrawals + self._changes) * seldom):
            yield from self._administer(session, person)
        begin, end, share = self.panic
        if begin <= self._engine.now < end and draws.chance(share):
            yield from self.shopping.liquidate(session, person)
        if draws.chance(self._liquidations * seldom):
            yield from self.shopping.liquidate(session, person)
            self._engine.start(self._engine.now + 3 * 24 * HOUR_MS, self._take_out(person))
        elif draws.chance(self._rebalancings * seldom):
            yield from self.shopping.rebalance(session, person)

    def _administer(self, session: Session, person: Person) -> Process:
        draws = self._draws
        yield 5 + draws.lognormal(30, 0.8)
        if draws.chance(self._changes / (self._withdrawals + self._changes)):
            session.act("profile_change", f',"field":"{draws.pick(_FIELDS)}"')
        else:
            self.withdraw(session, person, 0.2 + 0.8 * draws.uniform(), draws.exponential(600))

    def change_password(self, session: Session, _person: Person) -> Process:
        """Once they have noticed that somebody else knew it."""
        yield 10 + self._draws.lognormal(50, 0.6)
        session.act("profile_change", ',"field":"password"')

    def withdraw(self, session: Session, person: Person, share: float, age_days: float) -> None:
        """Take out that share of the free cash, to a bank account known for so many days."""
        amount = int(person.book.free_cash() * share / 1000) * 1000
        if amount:
            person.book.cash -= amount
            session.act(
                "withdrawal",
                f',"amount":{amount},"currency":"JPY","fx":1,"destination_age_days":{age_days:.0f}',
            )

    def _take_out(self, person: Person) -> Process:
        def errand(session: Session, someone: Person) -> Process:
            yield 5 + self._draws.lognormal(30, 0.8)
            self.withdraw(session, someone, 1.0, 400)

        yield from self.visit(person, errand=errand)
