"""Where a family fits: slots side by side."""

from collections.abc import Sequence

__all__ = ["fits_from"]


def fits_from(times: Sequence[tuple[int, int]], size: int, gap: int) -> list[bool]:
    """For each time of a day whether a group can begin there.

    Slots in the order of the clock, at whatever counter, are side by side as long as each begins
    at most `gap` minutes after the one before it.

    Args:
        times: (minutes after midnight, free slots) in order; each time once, at least one free.
        size: people in the group, at least 1.
        gap: minutes.
    """
    # From the end: how many slots follow each other from here on without a longer gap.
    reach = [0] * len(times)
    for position in range(len(times) - 1, -1, -1):
        minute, free = times[position]
        follows = position + 1 < len(times) and times[position + 1][0] - minute <= gap
        reach[position] = free + (reach[position + 1] if follows else 0)
    return [reachable >= size for reachable in reach]
