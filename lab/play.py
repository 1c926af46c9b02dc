"""One run: a policy, people and attackers, for some simulated days."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

import redis
from django.conf import settings

from appointments.models import Place
from lab.agenda import Agenda
from lab.attackers import STRATEGIES
from lab.attackers.base import Attacker, Setting
from lab.clock import Clock, seeded, simulated
from lab.crowd import DAY, arrivals, make_people
from lab.ledger import Account, PageCosts
from lab.measure import page_costs
from lab.office import Office, hold_counter
from lab.people import Crowd
from lab.scenario import PolicyNumbers, Scenario
from lab.world import START, ZONE, World, build

# Proofs are made as cheap as the policy's bounds allow; what real ones cost is in the books of whoever makes them.
CHEAP_PROOFS = {"proof_cost": 1000, "proof_tries": 16}
SETTLING_SECONDS = 3.5 * DAY  # after the last release: time to notice, to pay, and for deadlines to pass
Found = TypeVar("Found")


@dataclass
class Played:
    """A finished run, still with its database and its clock."""

    scenario: Scenario
    policy: PolicyNumbers
    world: World
    office: Office
    crowd: Crowd
    attackers: list[Attacker]
    clock: Clock
    wall_seconds: float
    cpu_seconds: float
    events: int


def attackers_of(scenario: Scenario, setting: Setting) -> list[Attacker]:
    """The attackers of a scenario, with customers who come when people come."""
    found = []
    for order, numbers in enumerate(scenario.attackers):
        used = replace(numbers, solver=scenario.solver or numbers.solver)
        times = arrivals(random.Random(f"{setting.seed}|customers|{numbers.name}"), numbers.clients, scenario.days)
        found.append(STRATEGIES[numbers.strategy](used, setting, order, times))
    return found


def play(
    scenario: Scenario,
    policy: PolicyNumbers,
    finish: Callable[[Played], Found],
    progress: Callable[[float], None] = lambda _share: None,
) -> Found:
    """Play a run in this process's database, which has to be empty, and give it to `finish`.

    `progress` is told of the share that has passed.
    """
    if not settings.OWNS_REDIS:
        raise RuntimeError("A run empties its Valkey: it wants one of its own.")
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    seed = f"{scenario.seed}|{policy.mode}"
    began, cpu = time.monotonic(), time.process_time()
    with seeded(seed), simulated(START) as clock:
        used = replace(policy, antibot=CHEAP_PROOFS | dict(policy.antibot))
        world = build(scenario.post, used, clock.now, scenario.days)
        agenda = Agenda(clock, scenario.days * DAY + SETTLING_SECONDS)
        played = _begin(scenario, used, page_costs(clock, world), world, agenda, seed)
        played.office.comes = lambda: at_the_counter(played)
        agenda.run(lambda at: progress(at / agenda.until))
        played.office.daily()
        played.office.sweep_holds()
        played.events = agenda.events
        hold_counter(played.office, at_the_counter(played), ahead=True)
        played.office.daily()
        played.wall_seconds, played.cpu_seconds = time.monotonic() - began, time.process_time() - cpu
        return finish(played)


def _begin(
    scenario: Scenario, policy: PolicyNumbers, costs: PageCosts, world: World, agenda: Agenda, seed: str
) -> Played:
    clock, office = agenda.clock, Office(world, agenda, seed)
    today = clock.now.astimezone(ZONE).date()
    last = today + timedelta(days=world.service.request_life_days)
    days = ((today + timedelta(days=1)).isoformat(), last.isoformat())
    first_come = policy.mode == "first_come"
    attackers = attackers_of(
        scenario, Setting(office, costs, days, scenario.days * DAY, first_come, seed, policy.reopens)
    )
    twins = sorted(target.arrives for attacker in attackers if compared(attacker) for target in attacker.clients)
    crowd = Crowd(office, costs, Account("people"), first_come, days, scenario.people.code_mistake, seed)
    office.begin(scenario.days)
    for member in make_people(scenario.people, scenario.days, twins, seed):
        crowd.add(member)
    for attacker in attackers:
        attacker.begin()
    return Played(scenario, policy, world, office, crowd, attackers, clock, 0.0, 0.0, 0)


def compared(attacker: Attacker) -> bool:
    """Whether an attacker's customers are compared with people who look once a day: those served by speed alone."""
    return attacker.numbers.strategy == "seller"


def at_the_counter(played: Played) -> dict[str, str]:
    """Who comes with which passport: people and customers with theirs, buyers with the name they were sold."""
    comes = {fate.reference: str(Place.Outcome.MATCH) for fate in played.crowd.fates if fate.reference}
    let_in = Place.Outcome.MISMATCH if played.policy.counter_check else Place.Outcome.MATCH
    for attacker in played.attackers:
        for target in attacker.targets:
            if target.reference and not target.invented:
                comes[target.reference] = str(Place.Outcome.MATCH)
            elif target.reference and target.sold_to is not None:
                comes[target.reference] = str(let_in)
    return comes
