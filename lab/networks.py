"""People behind shared addresses, by the thousand: whom do the limits block who only mistyped?

A block has one cause, points of a network, and points have one source, faults. So what people do wrong (pictures and
codes misread, many identities behind one address) is given to the application's own counting at the simulated instants,
without the pages around it: hundreds of people a second, where whole forms take a tenth of a second each.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from django.test import RequestFactory

from antibot.domain.scores import Fault
from antibot.limits.blocks import standing_block
from antibot.limits.faults import count_identity, record_fault
from antibot.limits.origins import caller
from lab.clock import Clock, simulated
from lab.crowd import make_people
from lab.figures import Result
from lab.people import PATIENCE
from lab.scenario import PeopleNumbers
from lab.statistics import rare_share
from lab.world import START
from vault.index import blind_index


@dataclass(frozen=True)
class Pressed:
    """How many people there were, and how many of them met a block."""

    people: int
    blocked: int
    networks: int
    most_behind_one: int  # people of the week behind the busiest address


def press(clock: Clock, numbers: PeopleNumbers, scope_key: str, days: int, seed: str) -> Pressed:
    """A week of people's faults, in order of time. The clock stands at the beginning of the week."""
    members = make_people(numbers, days, [], seed)
    chance = random.Random(f"{seed}|faults")
    blocked: set[int] = set()
    for member in sorted(members, key=lambda one: (one.arrives, one.number)):
        clock.move_to(member.arrives)
        request = RequestFactory().post("/", REMOTE_ADDR=member.address)
        if standing_block(caller(request), clock.now) is not None:
            blocked.add(member.number)
            continue
        for _ in range(_slips(chance, member.captcha_mistake)):
            record_fault(request, Fault.CAPTCHA_WRONG, scope_key, clock.now)
        for _ in range(_slips(chance, numbers.code_mistake)):
            record_fault(request, Fault.CODE_WRONG, scope_key, clock.now)
        for person in () if member.gives_up else member.people:
            count_identity(request, scope_key, blind_index("laboratory", person.identity), clock.now)
    behind: dict[str, int] = {}
    for member in members:
        behind[member.address] = behind.get(member.address, 0) + 1
    return Pressed(len(members), len(blocked), len(behind), max(behind.values()))


def pressed_result(numbers: PeopleNumbers, days: int, seed: int) -> Result:
    """A week of `press` in an empty database, as the figures of a run."""
    with simulated(START) as clock:
        found = press(clock, numbers, "laboratory/visa", days, str(seed))
    return Result(
        policy="default: limits alone",
        mode="windowed",
        without="",
        solver="",
        seed=seed,
        days=days,
        people=found.people,
        customers=0,
        invented=0,
        slots=0,
        price=0.0,
        estimates={"people wrongly blocked": rare_share(found.blocked, found.people)},
        counts={"addresses": found.networks, "people behind the busiest address": found.most_behind_one},
    )


def _slips(chance: random.Random, mistake: float) -> int:
    """How often somebody misreads before it is right."""
    number = 0
    while number < PATIENCE and chance.random() < mistake:
        number += 1
    return number
