"""Who the people of a run are: passports, addresses, habits; all of it follows from the seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

from appointments.domain.people import PersonData
from lab.scenario import PeopleNumbers

DAY = 86400.0
WAKING = (7 * 3600.0, 22 * 3600.0)  # seconds after the start of a day of the run, which begins at seven local time
_NAMES = [
    "ABBAS",
    "BENALI",
    "CHERIF",
    "DJEBAR",
    "FELLAH",
    "GUERMI",
    "HADDAD",
    "IDRISSI",
    "KACI",
    "LARBI",
    "MEZIANE",
    "NACER",
    "OUALI",
    "RAHMANI",
    "SAIDI",
    "TALEB",
]


def passport(kind: str, number: int) -> PersonData:
    """A passport; `kind` (two capitals) and number make it one of its own."""
    letters = "".join(chr(65 + int(digit)) for digit in str(number))
    born = date(1960, 1, 1) + timedelta(days=(number * 37) % 14000)
    family = _NAMES[number % len(_NAMES)]
    return PersonData(family, f"Test {letters}", born, "DZ", "DZ", f"{kind}{number:07}")


@dataclass(frozen=True)
class Member:
    """One applicant with family and habits. Times are seconds of the run."""

    number: int
    people: tuple[PersonData, ...]
    mail: str
    address: str
    arrives: float
    looks: tuple[float, ...]  # moments of looking, ascending, over the run and three days more
    captcha_mistake: float
    gives_up: bool
    withdraws_at: float | None
    pays: bool
    twin: bool  # compared with a customer of an attacker who comes at the same instant

    def next_look(self, after: float) -> float:
        """The first look later than `after`; far away where there is none any more."""
        return next((at for at in self.looks if at > after), float("inf"))


def moments(chance: random.Random, days: int, a_day: float, *, regular: bool) -> tuple[float, ...]:
    """When somebody looks: once a day at about the same hour, or several times while awake."""
    hour = chance.uniform(*WAKING)
    found: list[float] = []
    for day in range(days):
        if regular:
            found.append(day * DAY + min(max(hour + chance.gauss(0, 1800), WAKING[0]), WAKING[1]))
        else:
            number = int(a_day) + (chance.random() < a_day % 1)
            found += [day * DAY + chance.uniform(*WAKING) for _ in range(number)]
    return tuple(sorted(at - WAKING[0] for at in found))


def arrivals(chance: random.Random, number: int, days: int) -> list[float]:
    """Instants at which people decide to ask: any waking moment of the run but its last day."""
    return sorted(
        chance.randrange(max(1, days - 1)) * DAY + chance.uniform(0, WAKING[1] - WAKING[0]) for _ in range(number)
    )


def _addresses(chance: random.Random, numbers: PeopleNumbers) -> list[str]:
    """An address for each person: of a carrier, of a café, or of a line at home (IPv4 or IPv6)."""
    found = []
    carriers = max(1, round(numbers.number * numbers.carrier / numbers.people_a_carrier_address))
    cafes = max(1, round(numbers.number * numbers.cafe / numbers.people_a_cafe))
    homes = max(1, round(numbers.number * (1 - numbers.carrier - numbers.cafe) / max(1, numbers.household)))
    for _ in range(numbers.number):
        kind = chance.random()
        if kind < numbers.carrier:
            one = chance.randrange(carriers)
            found.append(f"105.{96 + one // 60000}.{one // 200 % 256}.{one % 200 + 10}")
        elif kind < numbers.carrier + numbers.cafe:
            one = chance.randrange(cafes)
            found.append(f"154.121.{one // 200}.{one % 200 + 10}")
        else:
            one = chance.randrange(homes)
            found.append(
                f"2a0b:{one // 65536:x}:{one % 65536:x}:1::{chance.randrange(1, 9999):x}"
                if one % 3 == 0
                else f"41.{96 + one // 60000}.{one // 240 % 256}.{one % 240 + 8}"
            )
    return found


def make_people(numbers: PeopleNumbers, days: int, twins: list[float], seed: str) -> list[Member]:
    """Everybody who comes; the first ones come at the instants of `twins`, look once a day and do not give up."""
    chance = random.Random(f"{seed}|people")
    count = max(numbers.number, len(twins))
    addresses = _addresses(chance, numbers) + ["41.223.0.9"] * (count - numbers.number)
    times = twins + arrivals(chance, count - len(twins), days)
    members = []
    for number, arrives in enumerate(times):
        twin = number < len(twins)
        family = not twin and chance.random() < numbers.families
        size = chance.choice((2, 2, 3, 4)) if family else 1
        once = twin or chance.random() < numbers.once_a_day
        clumsy = chance.random() < numbers.clumsy
        members.append(
            Member(
                number=number,
                people=tuple(passport("PA", number * 10 + person) for person in range(size)),
                mail=f"person{number}@example.org",
                address=addresses[number],
                arrives=arrives,
                looks=moments(chance, days + 4, numbers.looks_per_day, regular=once),
                captcha_mistake=min(0.9, numbers.captcha_mistake * (3 if clumsy else 1)),
                gives_up=not twin and chance.random() < numbers.gives_up,
                withdraws_at=arrives + chance.uniform(0.2, 3) * DAY
                if not twin and chance.random() < numbers.withdraws
                else None,
                pays=twin or chance.random() < numbers.pays,
                twin=twin,
            )
        )
    return members
