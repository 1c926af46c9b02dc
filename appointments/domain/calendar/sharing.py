"""How the counters of a post are divided among its services until staff decide otherwise."""

from collections.abc import Sequence

__all__ = ["divide"]


def divide(units: int, shares: Sequence[float]) -> list[int]:
    """Give every unit (a half day at a counter) to one of several services.

    Units are given in order to whoever lacks most of what is due (the quota method of Balinski
    and Young, The Quota Method of Apportionment, 1975, without its upper bound), so that a large
    service is spread over the week, and everybody gets at least one unit if there are enough.

    Args:
        units: how many units there are.
        shares: relative weights of the services, any scale.

    Returns:
        For each unit the position in `shares` of the service that gets it.

    Raises:
        ValueError: nobody to give to, or a weight that is not positive.
    """
    if not shares or any(share <= 0 for share in shares):
        raise ValueError(shares)
    # A service whose share is less than one unit still needs one: nobody could ask for it otherwise.
    smallest = sum(shares) / max(units, 1)
    due = [max(share, smallest) for share in shares]
    total = sum(due)
    given = [0] * len(due)
    owners = []
    for unit in range(1, units + 1):
        left = units - unit + 1
        starving = [position for position, count in enumerate(given) if count == 0]
        candidates = starving if len(starving) >= left else range(len(due))
        owner = max(candidates, key=lambda position: (due[position] * unit / total - given[position], -position))
        given[owner] += 1
        owners.append(owner)
    return owners
