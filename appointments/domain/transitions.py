"""The one table of state transitions. The database has the same table in its triggers; a test compares the two."""

from typing import Final

REQUEST: Final[dict[str, frozenset[str]]] = {
    "standing": frozenset({"served", "ended"}),
    "served": frozenset({"ended"}),
    "ended": frozenset(),
}

# Attended and no-show can be taken back at the counter, where somebody presses the wrong key.
BOOKING: Final[dict[str, frozenset[str]]] = {
    "held": frozenset({"confirmed", "cancelled", "expired"}),
    "confirmed": frozenset({"attended", "no_show", "cancelled"}),
    "attended": frozenset({"confirmed", "no_show"}),
    "no_show": frozenset({"confirmed", "attended"}),
    "cancelled": frozenset(),
    "expired": frozenset(),
}


def may_become(table: dict[str, frozenset[str]], now: str, then: str) -> bool:
    """Whether `table` lets something go from `now` to `then`."""
    return then in table[now]
