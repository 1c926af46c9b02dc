"""Chance as an argument: production passes the system's secret randomness, a simulation a seeded stream."""

from __future__ import annotations

import hashlib
from itertools import count
from typing import Protocol


class Chance(Protocol):
    """Anything that can pick a whole number below a limit, all equally likely; `secrets.SystemRandom` is one."""

    def randrange(self, start: int, /) -> int:
        """A number from 0 to `start` - 1."""


class SeededChance:
    """A reproducible stream for simulations: SHA-256 of seed and counter, with rejection so that nothing is biased.

    Args:
        seed: equal seeds, equal streams on every machine and every version of Python.
    """

    def __init__(self, seed: int) -> None:
        """Begin the stream."""
        self._seed = f"simulation|{seed}|".encode("ascii")
        self._counter = count()
        self._bits = 0
        self._have = 0

    def _take(self, width: int) -> int:
        while self._have < width:
            block = hashlib.sha256(self._seed + str(next(self._counter)).encode("ascii")).digest()
            self._bits = (self._bits << 256) | int.from_bytes(block, "big")
            self._have += 256
        self._have -= width
        value = self._bits >> self._have
        self._bits &= (1 << self._have) - 1
        return value

    def randrange(self, start: int, /) -> int:
        """A number from 0 to `start` - 1."""
        width = (start - 1).bit_length()
        while (value := self._take(width)) >= start:
            pass
        return value


def distinct(chance: Chance, total: int, wanted: int) -> list[int]:
    """`wanted` different numbers below `total`, every set equally likely (Floyd's algorithm), ascending.

    Bentley and Floyd, "A sample of brilliance", Communications of the ACM 30(9), 1987.
    """
    chosen: set[int] = set()
    for top in range(total - wanted, total):
        number = chance.randrange(top + 1)
        chosen.add(top if number in chosen else number)
    return sorted(chosen)
