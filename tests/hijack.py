"""The golden scenario as the doors would measure and settle it: a strange sign-in, a sell-out, one thin symbol."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import cache

from authshield.judge import Ruleset, compile_ruleset
from authshield.judge.evidence.weigh import POINTS_A_NAT
from authshield.judge.evidence.weights import shipped
from authshield.measure import Settlement, Store, measure, settle
from authshield.tune import rulebook
from authshield.tune.transfer import default_source
from authshield.vocabulary.decision import Outcome
from authshield.vocabulary.event import DeviceSeen, Event, Instrument, Kind, Order, Portfolio
from authshield.vocabulary.ruleset import RulesetSource
from tests.recorded import ALLOWED, NOW, PASSED, decision, event, session_extra

SOLD_OUT, PUMPED = 55.0 / POINTS_A_NAT, 75.0 / POINTS_A_NAT
"""Nats of the only signs that weigh here: a sell-out alone opens a case, the pump after it has it contained. What
the shipped weights make of a hijack is for the tests of scores; what becomes of one must not change with them."""

THIN_ADV, LARGE_ADV = 5_000_000, 90_000_000_000
PORTFOLIO = 10_000_000


def no_weights() -> dict[str, tuple[float, ...]]:
    """Every sign, and none weighs anything."""
    return {code: (0.0,) * len(nats) for code, nats in shipped().items()}


def few_weights() -> dict[str, tuple[float, ...]]:
    """Weights so few that their sums can be foreseen."""
    weights = no_weights()
    weights["order:sold"] = (*weights["order:sold"][:-1], SOLD_OUT)
    weights["order:pump"] = (0.0, PUMPED)
    return weights


def source() -> RulesetSource:
    """The shipped ruleset with those weights."""
    parameters = {**default_source().parameters, "score_case": 50.0, "score_contain": 70.0}
    return replace(default_source(), weights=few_weights(), parameters=parameters)


@cache
def ruleset() -> Ruleset:
    """The above, compiled."""
    return compile_ruleset(source())


def publish() -> None:
    """Have it in force, in workers too."""
    rulebook.publish_source(source(), None, "weights for tests", NOW)


def sign_in(store: Store, attempt: Event | None = None, *, sid: str = "sid-1") -> Event:
    """A sign-in that took effect, with the session's key in its entry."""
    attempt = attempt or event(Kind.LOGIN, device=DeviceSeen())
    features = measure(attempt, ruleset(), store)
    begun = replace(attempt, session=sid)
    settle(
        begun,
        features,
        Settlement(
            decision(of=attempt.id, risk=55.0),
            PASSED,
            learn=True,
            trust=False,
            login_succeeded=True,
            extra=session_extra(),
        ),
        store,
    )
    return begun


def order(side: str, symbol: str, value: int, *, number: int, adv: int = THIN_ADV) -> Event:
    """An order of the session; the portfolio is all in positions at first, all in cash once it was sold."""
    cash = 0 if side == "sell" else PORTFOLIO
    subject = Order(
        symbol=symbol,
        side=side,
        quantity=Decimal(value),
        price=Decimal(1),
        value_minor=value,
        market="XTKS",
        instrument=Instrument(adv_minor=adv),
        portfolio=Portfolio(
            cash_minor=cash,
            positions_value_minor=PORTFOLIO - cash,
            position_quantity=Decimal(value if side == "sell" else 0),
        ),
    )
    return event(Kind.ORDER, number, subject=subject, device=DeviceSeen(id="device-1"))


def place(store: Store, placed: Event, outcome: Outcome = ALLOWED) -> Event:
    """Measure and settle an order."""
    features = measure(placed, ruleset(), store)
    settlement = Settlement(decision(of=placed.id), outcome, learn=outcome.happened, trust=False)
    settle(placed, features, settlement, store)
    return placed


def hijack(store: Store, *, at: datetime = NOW, sid: str = "sid-1", account: str = "42") -> list[Event]:
    """The whole of it; returns the orders. The last one, of the thin symbol, is what scores."""
    shift = at - NOW

    def move(made: Event) -> Event:
        return replace(made, at=made.at + shift, id=f"{made.id}-{sid}", account=account, session=sid)

    sign_in(store, replace(move(event(Kind.LOGIN, device=DeviceSeen())), session=None), sid=sid)
    sold = place(store, move(order("sell", "7203", int(PORTFOLIO * 0.8), number=60, adv=LARGE_ADV)))
    bought = place(store, move(order("buy", "7992", int(PORTFOLIO * 0.75), number=120)))
    return [sold, bought]
