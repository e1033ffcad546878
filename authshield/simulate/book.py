"""What a customer owns, kept consistent over all orders, fills and withdrawals of the run."""

from __future__ import annotations

from dataclasses import dataclass, field

from authshield.simulate.market import Symbol


@dataclass(slots=True)
class Book:
    """Cash in yen, quantities by symbol; ``reserved`` is what open orders may take, ``offered`` what is on sale."""

    cash: float
    positions: dict[Symbol, int] = field(default_factory=dict)
    reserved: float = 0.0
    offered: dict[Symbol, int] = field(default_factory=dict)

    def free_cash(self) -> float:
        """What can be spent."""
        return max(0.0, self.cash - self.reserved)

    def free(self, symbol: Symbol) -> int:
        """How many can be sold."""
        return self.positions.get(symbol, 0) - self.offered.get(symbol, 0)

    def positions_value(self, now: int) -> float:
        """Yen that everything held would bring."""
        return sum(quantity * symbol.at(now) * symbol.fx for symbol, quantity in self.positions.items())

    def value(self, now: int) -> float:
        """Cash and positions."""
        return self.cash + self.positions_value(now)

    def largest_first(self, now: int) -> list[Symbol]:
        """What is held and not on sale, the most valuable first."""
        held = [symbol for symbol in self.positions if self.free(symbol) > 0]
        return sorted(held, key=lambda symbol: -self.positions[symbol] * symbol.at(now) * symbol.fx)

    def json(self, symbol: Symbol, now: int) -> str:
        """The portfolio as an order's line has it."""
        return (
            f'"portfolio":{{"cash":{self.free_cash():.0f},"positions_value":{self.positions_value(now):.0f},'
            f'"position_quantity":{self.positions.get(symbol, 0)},"positions":{len(self.positions)}}}'
        )

    def reserve(self, symbol: Symbol, side: str, quantity: int, yen: float) -> None:
        """An order was placed."""
        if side == "buy":
            self.reserved += yen
        else:
            self.offered[symbol] = self.offered.get(symbol, 0) + quantity

    def release(self, symbol: Symbol, side: str, quantity: int, yen: float) -> None:
        """It is open no longer."""
        if side == "buy":
            self.reserved = max(0.0, self.reserved - yen)
        else:
            left = self.offered.get(symbol, 0) - quantity
            if left > 0:
                self.offered[symbol] = left
            else:
                self.offered.pop(symbol, None)

    def fill(self, symbol: Symbol, side: str, quantity: int, yen: float) -> None:
        """It was executed for that money."""
        if side == "buy":
            self.cash -= yen
            self.positions[symbol] = self.positions.get(symbol, 0) + quantity
            return
        self.cash += yen
        left = self.positions.get(symbol, 0) - quantity
        if left > 0:
            self.positions[symbol] = left
        else:
            self.positions.pop(symbol, None)
