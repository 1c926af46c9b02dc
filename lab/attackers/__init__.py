"""Strategies by name."""

from __future__ import annotations

from lab.attackers.base import Attacker
from lab.attackers.hoard import Denier, Hoarder, NoShow, Stuffer
from lab.attackers.insider import Insider
from lab.attackers.speed import Seller
from lab.attackers.tokens import Racer, Stockpiler

STRATEGIES: dict[str, type[Attacker]] = {
    "seller": Seller,
    "hoarder": Hoarder,
    "hold_and_release": Denier,
    "no_show": NoShow,
    "stuffer": Stuffer,
    "stockpiler": Stockpiler,
    "racer": Racer,
    "insider": Insider,
}
