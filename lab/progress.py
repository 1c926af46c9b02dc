"""How far a laboratory is: a bar on a terminal, a line now and then where the words go into a file."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

LINE_SECONDS = 60.0  # between two lines in a file
WIDTH = 30


class Bar:
    """Told again and again how much of each run has passed."""

    def __init__(self) -> None:
        """The time counts from here."""
        self._began = self._said = time.monotonic()
        self._live = sys.stderr.isatty()

    def show(self, shares: Sequence[float]) -> None:
        """`shares` of the runs, each from 0 to 1; 1 is a run whose figures are there."""
        spent = time.monotonic() - self._began
        if self._live:
            sys.stderr.write(f"\r{line(shares, spent):<79}")
            sys.stderr.flush()
        elif time.monotonic() - self._said >= LINE_SECONDS:
            self._said = time.monotonic()
            print(line(shares, spent), file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the bar where it stands."""
        if self._live:
            sys.stderr.write("\n")


def line(shares: Sequence[float], spent: float) -> str:
    """Bar, share, runs, and what is left after `spent` seconds."""
    done = sum(shares) / max(1, len(shares))
    left = f"about {spent / done * (1 - done) / 60:.0f} min left" if 0.02 < done < 1 else ""
    finished = sum(share >= 1 for share in shares)
    return f"[{'#' * int(WIDTH * done):<{WIDTH}}] {done:4.0%}  {finished} of {len(shares)} runs  {left}".rstrip()
