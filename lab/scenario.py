"""A scenario: the post, the people, the attackers, what things cost; read from a TOML file that a ministry can edit."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

# Names of `lab.attackers.STRATEGIES`, which can only be imported where the application is set up.
STRATEGIES = (
    "seller",
    "hoarder",
    "hold_and_release",
    "no_show",
    "stuffer",
    "stockpiler",
    "racer",
    "insider",
)
DEFAULT = Path(__file__).parent / "scenario.toml"


class BadScenarioError(ValueError):
    """A file that cannot be played; the text says which value is wrong."""


@dataclass(frozen=True, kw_only=True)
class PostNumbers:
    """Capacity and terms of the service. Times are days or hours as the name says, money is in cents."""

    slots_per_day: int = 60
    days_ahead: int = 30
    largest_group: int = 6
    service_fee_cents: int = 2900
    payment_deadline_hours: int = 72
    cooling_off_days: int = 7
    refund_hours_before: int = 48


@dataclass(frozen=True, kw_only=True)
class PeopleNumbers:
    """Who wants an appointment. Shares are between 0 and 1."""

    number: int = 2000
    families: float = 0.15  # requests of two to four people
    once_a_day: float = 0.5  # people who look once a day; the others look `looks_per_day` times
    looks_per_day: float = 4.0
    captcha_mistake: float = 0.12  # of each picture
    code_mistake: float = 0.04  # of each code
    gives_up: float = 0.05  # who stops at a page in the middle and never returns
    withdraws: float = 0.03  # who withdraws within the week
    pays: float = 0.97  # of those who were given a place
    carrier: float = 0.45  # who share the address of a mobile carrier with many others
    people_a_carrier_address: int = 150
    cafe: float = 0.05  # who sit in a cyber café or a university
    people_a_cafe: int = 40
    household: int = 3  # people behind one line at home
    clumsy: float = 0.02  # who mistype three times as often


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What an attacker pays and earns, in euros."""

    appointment: float = 100.0  # what a customer pays for an appointment in his own name
    per_request: float = 0.000002  # traffic and computing of one request
    hosting_address: float = 0.05  # a day
    home_address: float = 0.60  # a day, residential proxy
    mailbox: float = 0.01
    proof: float = 0.000015  # one proof of work, computed natively
    hour_of_work: float = 3.0  # of a person who fills in forms
    card_payment: float = 0.40  # what it costs to pay with a card that says little
    invented_person: float = 0.20  # a plausible invented identity
    bribe: float = 30.0  # for each slot that an insider gives away


@dataclass(frozen=True, kw_only=True)
class SolverNumbers:
    """A way to pass pictures: how often right, how long, what 1,000 cost in euros."""

    right: float
    seconds: float
    per_thousand: float


SOLVERS: dict[str, SolverNumbers] = {
    "perfect": SolverNumbers(right=1.0, seconds=0.1, per_thousand=1.0),
    "network": SolverNumbers(right=0.67, seconds=0.1, per_thousand=0.2),
    "ocr": SolverNumbers(right=0.10, seconds=0.1, per_thousand=0.0),
    "people": SolverNumbers(right=0.95, seconds=20.0, per_thousand=2.0),
}


@dataclass(frozen=True, kw_only=True)
class AttackerNumbers:
    """One attacker. `strategy` is a name in `lab.attackers`; what a strategy does not use stays as it is."""

    name: str
    strategy: str
    clients: int = 0  # customers with their own passports
    invented: int = 0  # people who do not exist
    poll_seconds: float = 2.0
    parallel: int = 1
    addresses: int = 1
    hosting: bool = True  # whether the addresses are of a hosting provider
    ipv6: bool = False  # every other address is a /64 of IPv6: of one /48 of the provider, or of homes far apart
    solver: str = "perfect"
    mailboxes: int = 1000
    mail_seconds: float = 8.0
    form_seconds: float = 1.0
    regrab_seconds: float = 1.0
    watchers: int = 0
    slots_per_day: int = 0  # of an insider
    spellings: int = 0  # of each customer's own name, entered again beside the customer


@dataclass(frozen=True, kw_only=True)
class PolicyNumbers:
    """One combination of measures. `release`, `antibot` and `service` replace values of the default policy."""

    name: str
    mode: str = "windowed"
    without: str = ""  # the measure that is switched off, for the table
    release: Mapping[str, Any] = field(default_factory=dict)
    antibot: Mapping[str, Any] = field(default_factory=dict)
    service: Mapping[str, Any] = field(default_factory=dict)
    reopens: bool = False  # a control: what comes back is open to the first one at once, as in systems without a pool
    counter_check: bool = True  # whether passports are compared at the counter


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Everything that a play needs."""

    days: int = 7
    seed: int = 1
    redraws: int = 200
    post: PostNumbers = field(default_factory=PostNumbers)
    people: PeopleNumbers = field(default_factory=PeopleNumbers)
    prices: Prices = field(default_factory=Prices)
    attackers: tuple[AttackerNumbers, ...] = ()
    policies: tuple[PolicyNumbers, ...] = ()
    solver: str = ""  # where set, every attacker has this solver

    def policy(self, name: str) -> PolicyNumbers:
        """A policy by its name. Raises BadScenarioError."""
        for one in self.policies:
            if one.name == name:
                return one
        raise BadScenarioError(f"There is no policy {name!r}; there are: {', '.join(p.name for p in self.policies)}")

    def scaled(self, share: float) -> Scenario:
        """The same scenario with a share of its people, slots and customers (never less than one of each)."""

        def part(number: int) -> int:
            return max(1, round(number * share)) if number else 0

        return replace(
            self,
            people=replace(self.people, number=part(self.people.number)),
            post=replace(self.post, slots_per_day=max(self.post.largest_group, part(self.post.slots_per_day))),
            attackers=tuple(
                replace(a, clients=part(a.clients), invented=part(a.invented), addresses=part(a.addresses))
                for a in self.attackers
            ),
        )


Part = TypeVar("Part")
_KINDS: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "str": (str,), "bool": (bool,)}


def _part(kind: type[Part], values: Mapping[str, Any], where: str) -> Part:
    known = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]
    for name, value in values.items():
        if name not in known:
            raise BadScenarioError(f"[{where}] has no value {name!r}; it has: {', '.join(known)}")
        wanted = str(known[name].type)
        right: tuple[type, ...] = _KINDS.get(wanted, (object,))
        if not isinstance(value, right) or (isinstance(value, bool) and wanted != "bool"):
            raise BadScenarioError(f"[{where}] {name} has to be a value of kind {wanted}, not {value!r}")
        if wanted in {"int", "float"} and float(str(value)) < 0:
            raise BadScenarioError(f"[{where}] {name} cannot be below zero")
    try:
        return kind(**values)
    except TypeError as error:
        raise BadScenarioError(f"[{where}] lacks a value: {error}") from error


def read_scenario(path: Path = DEFAULT) -> Scenario:
    """The scenario of a TOML file. Raises BadScenarioError with a sentence, OSError where it cannot be read."""
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadScenarioError(f"{path} is no TOML: {error}") from error
    scenario = Scenario(
        **{name: values.pop(name) for name in ("days", "seed", "redraws") if name in values},
        post=_part(PostNumbers, values.pop("post", {}), "post"),
        people=_part(PeopleNumbers, values.pop("people", {}), "people"),
        prices=_part(Prices, values.pop("prices", {}), "prices"),
        attackers=tuple(_part(AttackerNumbers, one, "attackers") for one in values.pop("attackers", [])),
        policies=tuple(_part(PolicyNumbers, one, "policies") for one in values.pop("policies", [])),
    )
    if values:
        raise BadScenarioError(f"The scenario has parts that nobody reads: {', '.join(values)}")
    _check(scenario)
    return scenario


def _check(scenario: Scenario) -> None:
    for one in scenario.attackers:
        if one.strategy not in STRATEGIES:
            raise BadScenarioError(f"There is no strategy {one.strategy!r}; there are: {', '.join(sorted(STRATEGIES))}")
        if one.solver not in SOLVERS:
            raise BadScenarioError(f"There is no solver {one.solver!r}; there are: {', '.join(SOLVERS)}")
    names = [attacker.name for attacker in scenario.attackers] + [policy.name for policy in scenario.policies]
    if len(names) != len(set(names)):
        raise BadScenarioError("Two attackers or policies have the same name")
    for policy in scenario.policies:
        if policy.mode not in {"first_come", "windowed", "batch"}:
            raise BadScenarioError(f"The mode of {policy.name!r} has to be first_come, windowed or batch")
    if not 1 <= scenario.days <= 60:
        raise BadScenarioError("days has to be from 1 to 60")
