"""The points on which the texts leave a choice, each with the default that we apply."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Policy:
    """Choices of interpretation; the defaults are explained in docs/retention.md."""

    # Reg. 1182/71 art. 5(1) takes acts at a fixed moment out of art. 3(4), and a maximum is not lengthened by a Sunday.
    rolls_over_days_off: bool = False
    is_working_day: Callable[[date], bool] = lambda day: day.weekday() < 5
    # An annulment works back in time; the letter of art. 23(1)(d) still counts from its date, even after expiry.
    earliest_start_wins: bool = False
    # Visa Code art. 37(3) is Union law and a minimum: a national maximum that ends earlier gives way.
    floor_prevails: bool = True
    # VIS art. 23 knows no hold: what survives is a copy with a legal basis of its own (GDPR art. 17(3)(e), 18).
    litigation_copies: bool = True
    erasure_zone: str = "Europe/Paris"
    # Decisions are dated where they are taken; used only where an event comes as an instant.
    post_zone: str = "Europe/Paris"
