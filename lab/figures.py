"""Plain figures that are handed from process to process and written down."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from lab.statistics import Estimate


@dataclass
class Books:
    """One attacker's week, in euros."""

    name: str
    strategy: str
    customers: int
    served: int  # customers who were let in
    revenue: float
    cost: float
    profit: float
    requests: int
    blocked: int
    held_back: int
    fees_lost: float
    counts: dict[str, int] = field(default_factory=dict)
    invented_profits: list[float] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass
class Result:
    """The figures of one run."""

    policy: str
    mode: str
    without: str
    solver: str
    seed: int
    days: int
    people: int
    customers: int
    invented: int
    slots: int  # places that somebody kept
    price: float  # of an appointment
    estimates: dict[str, Estimate] = field(default_factory=dict)
    counts: dict[str, float] = field(default_factory=dict)
    attackers: list[Books] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        plain = asdict(self)
        plain["estimates"] = {name: one.as_dict() for name, one in self.estimates.items()}
        plain["attackers"] = [one.as_dict() for one in self.attackers]
        return plain
