"""A generator of its own for one picture or sound: repeatable for whoever holds the secret, for nobody else.

SHAKE-256 (FIPS 202) of HMAC(secret, label) is read as a stream. No process-wide generator is seeded or read, so that
rendering tells nothing about any other secret and threads do not disturb each other.
"""

from __future__ import annotations

import hashlib
import hmac


class Stream:
    """Uniform numbers from one secret and one label."""

    def __init__(self, secret: bytes, label: str) -> None:
        """`secret` never leaves the server; `label` is public, such as the key of a picture."""
        self._seed = hmac.digest(secret, label.encode(), hashlib.sha256)
        self._buffer = b""
        self._block = 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        while len(self._buffer) < count:
            self._block += 1
            size = max(256, count)
            self._buffer += hashlib.shake_256(self._seed + self._block.to_bytes(4, "big")).digest(size)
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def unit(self) -> float:
        """A number in [0, 1) with 32 bits."""
        return int.from_bytes(self.take(4), "big") / 2**32

    def between(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self.unit()

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included (bias below 2**-20 for the small ranges used here)."""
        return low + int(self.unit() * (high - low + 1))

    def sign(self) -> int:
        """-1 or 1."""
        return 1 if self.take(1)[0] & 1 else -1
