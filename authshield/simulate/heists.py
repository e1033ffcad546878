"""What thieves have in mind: which account is taken when and how, and which share is to be pushed with the loot."""

from __future__ import annotations

from dataclasses import dataclass, field

from authshield.simulate.devices import Device
from authshield.simulate.draws import Draws, Weighted
from authshield.simulate.engine import DAY_MS, HOUR_MS
from authshield.simulate.market import HONG_KONG, TOKYO, Push, Symbol, wait_for
from authshield.simulate.parameters import Scenario
from authshield.simulate.people import Person
from authshield.simulate.sessions import Session
from authshield.simulate.world import World

MINUTE_MS = 60_000
RELAY, STEALER, GUESS = "relay", "stealer", "guess"
_MARKET_HOURS_TAKEN = 0.8  # so many fewer of them in the hours that campaigns take theirs from


@dataclass(slots=True, eq=False)
class Campaign:
    """One share that is pushed, from ``start`` on; ``browsers`` are the ring's own."""

    name: str
    symbols: list[Symbol]
    start: int
    minutes: float
    browsers: list[Device] = field(default_factory=list)

    @property
    def text(self) -> str:
        """As its orders' lines have it."""
        return f',"campaign":"{self.name}"'


@dataclass(slots=True, eq=False)
class Heist:
    """One account to be taken. ``wish`` is when, ``trade_at`` when the loot is turned (0: never)."""

    means: str
    level: int
    wish: int
    trade_at: int = 0
    campaign: Campaign | None = None
    prompt: bool = False  # trades at once
    tight: bool = False  # ``wish`` is meant to the minute
    night: bool = False
    patient: bool = False
    quiet_logins: int = 0
    about_yen: float = 0.0
    over: bool = False
    person: Person | None = None
    kit: Device | None = None
    can_pass: tuple[str, ...] = ()
    sold: float = 0.0
    bought: float = 0.0
    session: Session | None = None


class Planner:
    """Draws all heists of a run before it begins."""

    def __init__(self, world: World, draws: Draws, scenario: Scenario, evasion: int) -> None:
        """``evasion`` is the thieves' level, or their highest where the scenario mixes them."""
        self._world, self._draws, self._scenario, self._evasion = world, draws, scenario, evasion
        self._p = world.p
        self.first_day = min(int(world.p["takeover.first_day"]), world.days // 3)
        self.campaigns: list[Campaign] = []
        self.bursts: list[tuple[int, int]] = []  # when lists of passwords are tried
        self._targets = {market: list(world.market.targets(world.p, market)) for market in (TOKYO, HONG_KONG)}
        self._fresh: dict[str, list[Symbol]] = {market: [] for market in self._targets}
        hours = world.p.many("activity.hours")
        self._hours = Weighted(range(24), hours)

    def heists(self, count: int) -> list[Heist]:
        """So many accounts to be taken, in no order."""
        if self._scenario.golden:
            return self._golden()
        if not count:
            return []
        traded = 0.95 if self._scenario.patient or self._scenario.poison else self._p["takeover.trades"]
        trading = max(1, round(count * traded))
        heists: list[Heist] = []
        while len(heists) < trading:
            heists += self._ring(trading - len(heists))
        heists += [self._heist(self._idle_moment()) for _ in range(count - trading)]
        return heists

    def _ring(self, most: int) -> list[Heist]:
        p, draws = self._p, self._draws
        if self._scenario.patient and draws.chance(p["patient.alone"]):
            size = 1
        else:
            total = min(draws.lognormal(p["campaign.accounts_median"], 0.8), p["campaign.accounts_most"])
            size = max(1, round(total * draws.between(p.many("campaign.our_share"))))
        campaign = self._campaign()
        return [self._member(campaign) for _ in range(min(size, most))]

    def _campaign(self) -> Campaign:
        p, draws, world = self._p, self._draws, self._world
        slow = self._scenario.patient or self._scenario.poison
        earliest = self.first_day + (min(7, world.days // 4) if slow else 0)
        market = HONG_KONG if draws.chance(p["campaign.foreign"]) else TOKYO
        at = self._opening(market, self._moment(earliest, world.days - 1))
        chosen = self._shares(market)
        campaign = Campaign(
            f"push-{len(self.campaigns) + 1:03d}", chosen, at, draws.between(p.many("campaign.minutes"))
        )
        chosen[0].push = Push(at, campaign.minutes, draws.between(p.many("campaign.rise")))
        self.campaigns.append(campaign)
        return campaign

    def _shares(self, market: str) -> list[Symbol]:
        """The share to be pushed, another for each ring while there are any, and two for what is left over."""
        draws, every = self._draws, self._targets[market]
        fresh = self._fresh[market] = self._fresh[market] or list(every)
        first = fresh.pop(draws.below(len(fresh)))
        others = [draws.pick(every) for _ in range(2)]
        return [first, *(other for other in others if other is not first)]

    def _opening(self, market: str, at: int) -> int:
        """That time or the next at which both what is held and what is pushed are traded, for an hour at least."""
        for _ in range(20):
            if not any(wait_for(each, later) for each in (TOKYO, market) for later in (at, at + HOUR_MS)):
                break
            at += int(max(900.0, wait_for(TOKYO, at), wait_for(market, at)) * 1000)
        return at

    def _member(self, campaign: Campaign) -> Heist:
        p, draws = self._p, self._draws
        at = campaign.start + int(draws.uniform() * campaign.minutes * 0.9 * MINUTE_MS)
        at += int(wait_for(TOKYO, at) * 1000)
        heist = self._heist(at)
        heist.campaign, heist.trade_at = campaign, at
        speed = draws.uniform()
        if self._scenario.patient or self._scenario.poison:
            self._set_patient(heist, at)
        elif heist.tight:
            heist.quiet_logins = int(draws.chance(0.3))
        elif speed < p["takeover.prompt"]:
            heist.prompt = heist.tight = True
        elif speed < p["takeover.prompt"] + p["takeover.same_day"]:
            heist.wish = self._moment_before(at, 10 * MINUTE_MS, DAY_MS)
            heist.quiet_logins = int(draws.chance(0.3))
        else:
            slow = draws.between(p.many("takeover.slow_days"))
            heist.wish = self._moment_before(at, int((slow - 1) * DAY_MS), int(slow * DAY_MS))
            heist.quiet_logins = round(draws.between(p.many("takeover.quiet_logins")))
        heist.night = not heist.prompt and draws.chance(p["loot.night_before"])
        return heist

    def _set_patient(self, heist: Heist, at: int) -> None:
        draws, days = self._draws, self._p.many("patient.days")
        before = draws.between(days)
        heist.wish = self._moment_before(at, int((before - 1) * DAY_MS), int(before * DAY_MS))
        heist.patient = self._scenario.patient
        if self._scenario.poison:
            heist.quiet_logins = round(self._p["special.poison_logins"])

    def _heist(self, wish: int) -> Heist:
        draws, weights = self._draws, self._scenario.takeovers
        means = draws.weighted(Weighted(list(weights), list(weights.values()))) if weights else RELAY
        level = draws.below(self._evasion + 1) if self._scenario.mixed else self._evasion
        heist = Heist(means, level, wish)
        if means == GUESS and self.bursts:
            self._in_burst(heist, wish)
        if self._scenario.mixed and draws.chance(0.2):
            heist.patient = True
        return heist

    def _in_burst(self, heist: Heist, before: int) -> None:
        """Who guesses gets in while the list is tried, if one was by then."""
        begun = [burst for burst in self.bursts if burst[0] < before - 20 * MINUTE_MS]
        if begun:
            burst = self._draws.pick(begun)
            heist.wish = int(self._draws.between((burst[0], min(burst[1], before - 10 * MINUTE_MS))))
            heist.tight = True

    def _golden(self) -> list[Heist]:
        p, world, draws = self._p, self._world, self._draws
        day = max(self.first_day, world.days // 2)
        at = world.day_start(day) + int(1.5 * HOUR_MS)
        at += int(wait_for(TOKYO, at) * 1000) + 10 * MINUTE_MS
        count = int(p["golden.accounts"])
        about = p["golden.raised_yen"] / count
        targets = self._targets[TOKYO]
        symbol = draws.pick([share for share in targets if share.adv > 2 * about] or targets)
        symbol.set_price(p["golden.price_yen"])
        campaign = Campaign("golden", [symbol], at, p["golden.minutes"])
        symbol.push = Push(at, campaign.minutes * 0.8, p["golden.rise"])
        self.campaigns.append(campaign)
        heists = []
        for place in range(count):
            trade = at + int((place + draws.uniform()) / count * campaign.minutes * 0.85 * MINUTE_MS)
            heist = self._heist(trade)
            heist.campaign, heist.trade_at, heist.prompt, heist.tight = campaign, trade, True, True
            heist.about_yen = about
            heists.append(heist)
        return heists

    def _moment(self, first_day: int, days: int) -> int:
        """Some time of those days, by the hours at which people sign in."""
        draws, world = self._draws, self._world
        last = max(first_day + 1, days)
        day = world.day_start(first_day + draws.below(last - first_day))
        return _at_hour(day, draws.weighted(self._hours) + draws.uniform())

    def _idle_moment(self) -> int:
        """For takeovers that lead to nothing: rather while Tokyo is closed, so that all have the customers' hours."""
        moment = self._moment(self.first_day, self._world.days)
        while not wait_for(TOKYO, moment) and self._draws.chance(_MARKET_HOURS_TAKEN):
            moment = self._moment(self.first_day, self._world.days)
        return moment

    def _moment_before(self, at: int, least: int, most: int) -> int:
        first = self._world.day_start(self.first_day)
        moment = at - least
        for _ in range(20):
            moment = at - least - int(self._draws.uniform() * (most - least))
            moment = _at_hour(
                moment - moment % DAY_MS, self._draws.weighted(self._hours) + self._draws.uniform()
            )
            if at - most - HOUR_MS <= moment <= at - least:
                break
        return max(first, min(moment, at - least))


def _at_hour(day: int, hour: float) -> int:
    """That hour in Tokyo, within the 24 hours from ``day`` (ms) on."""
    offset = (hour - 9.0 - day % DAY_MS / HOUR_MS) % 24
    return day + int(offset * HOUR_MS)
