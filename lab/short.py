"""The short form: few people and few places, with the same days, draws and deadlines; for continuous integration.

Slots open at most ten days ahead, so that what comes back is opened again within the week.
"""

from __future__ import annotations

from dataclasses import replace

from lab.scenario import AttackerNumbers, PeopleNumbers, PolicyNumbers, PostNumbers, Scenario

NEAR = {"lead_min_days": 3, "lead_max_days": 10, "late_slots_per_day": 0}
SNIPER = AttackerNumbers(name="sniper", strategy="seller", clients=20, poll_seconds=0.5, parallel=12, addresses=12)
HOARDER = AttackerNumbers(
    name="hoarder", strategy="hoarder", clients=5, invented=14, poll_seconds=0.5, parallel=8, addresses=8
)
STUFFER = AttackerNumbers(name="stuffer", strategy="stuffer", clients=2, invented=6, addresses=6)

WINDOWED = PolicyNumbers(name="short: windowed", mode="windowed", release=NEAR)
BATCH = PolicyNumbers(name="short: batch", mode="batch", release=NEAR)
RACED = PolicyNumbers(name="short: first come", mode="first_come", release=NEAR)
REOPENED = PolicyNumbers(
    name="short: what comes back is open at once", mode="first_come", without="pool", release=NEAR, reopens=True
)
UNCHECKED = PolicyNumbers(
    name="short: nobody compares passports", mode="windowed", without="counter check", release=NEAR, counter_check=False
)

SHORT = Scenario(
    days=6,
    redraws=600,
    post=PostNumbers(slots_per_day=8, days_ahead=10),
    people=PeopleNumbers(number=26, people_a_carrier_address=10, people_a_cafe=5),
    attackers=(SNIPER, HOARDER, STUFFER),
)
RACE = replace(SHORT, attackers=(SNIPER,))
STEERED = replace(
    SHORT,
    people=replace(SHORT.people, number=6),
    attackers=(replace(HOARDER, clients=10, invented=10, regrab_seconds=0.2),),
    redraws=0,
)
ALONE = replace(SHORT, attackers=(replace(SNIPER, clients=16),))
STUFFED = replace(
    SHORT, people=replace(SHORT.people, number=3), attackers=(replace(STUFFER, clients=8, invented=20),), redraws=0
)

RUNS = ((SHORT, WINDOWED), (ALONE, BATCH), (RACE, RACED), (STEERED, REOPENED), (STUFFED, UNCHECKED))
