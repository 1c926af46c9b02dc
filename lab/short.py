"""The short form: few people and few places, with the same days, draws and deadlines; for continuous integration.

Slots open at most ten days ahead, so that what comes back is opened again within the week.
"""

from __future__ import annotations

from dataclasses import replace

from lab.scenario import AttackerNumbers, PeopleNumbers, PolicyNumbers, PostNumbers, Scenario

NEAR = {"lead_min_days": 1, "lead_max_days": 10, "late_slots_per_day": 0}
SNIPER = AttackerNumbers(name="sniper", strategy="seller", clients=20, poll_seconds=0.5, parallel=12, addresses=12)
HOARDER = AttackerNumbers(
    name="hoarder", strategy="hoarder", clients=5, invented=14, poll_seconds=0.5, parallel=8, addresses=8
)
STUFFER = AttackerNumbers(name="stuffer", strategy="stuffer", clients=2, invented=6, addresses=6)

WINDOWED = PolicyNumbers(name="short: windowed", mode="windowed", release=NEAR)
BATCH = PolicyNumbers(name="short: batch", mode="batch", release=NEAR)
RACED = PolicyNumbers(name="short: first come", mode="first_come", release=NEAR)
UNCHECKED = PolicyNumbers(
    name="short: nobody compares passports", mode="windowed", without="counter check", release=NEAR, counter_check=False
)

SHORT = Scenario(
    days=6,
    redraws=150,
    post=PostNumbers(slots_per_day=8, days_ahead=10),
    people=PeopleNumbers(number=26, people_a_carrier_address=10, people_a_cafe=5),
    attackers=(SNIPER, HOARDER, STUFFER),
)
RACE = replace(SHORT, attackers=(SNIPER, HOARDER))
ALONE = replace(SHORT, attackers=(replace(SNIPER, clients=16),))
STUFFED = replace(
    SHORT, people=replace(SHORT.people, number=8), attackers=(replace(STUFFER, clients=6, invented=9),), redraws=0
)

RUNS = ((SHORT, WINDOWED), (ALONE, BATCH), (RACE, RACED), (STUFFED, UNCHECKED))
