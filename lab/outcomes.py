"""The four things that have to come out, each with the control that shows the measure at work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lab.figures import Result
from lab.statistics import Estimate, rare_share

EQUAL = (0.9, 1.1)
WRONGLY_BLOCKED = 0.001
PEOPLE = 5000
LEAST_RETURNED = 5  # slots given again in the control, below which it says nothing
_DRAWN = ("windowed", "batch")


@dataclass(frozen=True)
class Outcome:
    """One bar. `met` is None where the runs that it needs were not played."""

    what: str
    bar: str
    met: bool | None
    found: list[str]

    def lines(self) -> list[str]:
        """For people."""
        verdict = {True: "MET", False: "NOT MET", None: "NOT PLAYED"}[self.met]
        return [f"{verdict:<10} {self.what} ({self.bar})", *(f"           {line}" for line in self.found)]


def say(name: str, estimate: Estimate, digits: int = 3) -> str:
    """A figure with its interval."""
    return (
        f"{name}: {estimate.value:.{digits}f} [{estimate.low:.{digits}f}, {estimate.high:.{digits}f}] {estimate.method}"
    )


def equal_odds(results: Sequence[Result]) -> Outcome:
    """In drawn modes a script's success per identity is that of a person who looks once a day."""
    name, played = "script : person, drawn again", "script : person, as played"
    drawn = [r for r in results if r.mode in _DRAWN and not r.without and name in r.estimates]
    found = [f"{r.policy}, seed {r.seed}: {say('drawn again', r.estimates[name])}" for r in drawn]
    found += [f"{r.policy}, seed {r.seed}: {say('as played', r.estimates[played], 2)}" for r in drawn]
    inside = [EQUAL[0] <= r.estimates[name].low and r.estimates[name].high <= EQUAL[1] for r in drawn]
    races = [r for r in results if r.mode == "first_come" and not r.without]
    found += [f"control, {r.policy}: {say('as played', r.estimates[played], 1)}" for r in races]
    apart = [r.estimates[played].low > EQUAL[1] for r in races]
    met = all(inside) and all(apart) if inside and apart else None
    return Outcome("a script has a person's odds", "95 % interval of the ratio within 0.9 and 1.1", met, found)


def no_resale(results: Sequence[Result]) -> Outcome:
    """Slots resold by cancel-and-rebook are no more than the clients' own share of all weights."""
    drawn = [
        r for r in results if r.mode in _DRAWN and not r.without and "customers' share of all weights" in r.estimates
    ]
    races = [r for r in results if r.without == "pool"]
    found = []
    below = []
    for r in drawn:
        weights = r.estimates["customers' share of all weights"]
        resold = r.estimates["returned slots that reach the customer"]
        below.append(resold.low <= weights.high)
        found += [
            f"{r.policy}, seed {r.seed}: {say('returned slots that reached the customer', resold)}",
            f"{r.policy}, seed {r.seed}: {say('the customers’ share of all weights', weights)}",
            f"{r.policy}, seed {r.seed}: "
            + say("the customers’ share of all places drawn", r.estimates["drawn slots that reach the customers"]),
        ]
    again = "… of those that were given again"
    hits = sum(round(r.counts["returned slots that reached the customer"]) for r in races)
    tries = sum(round(r.counts["returned slots that were given again"]) for r in races)
    control = rare_share(hits, tries)
    if races:
        found.append(f"control, what comes back is open at once: {say(again, control)} of {tries}")
    if drawn:
        pooled = [
            rare_share(
                sum(round(r.counts["returned slots that reached the customer"]) for r in drawn),
                sum(round(r.counts["returned slots that were given again"]) for r in drawn),
            )
        ]
        found.append(f"drawn: {say(again, pooled[0])}")
    highest = max((r.estimates["customers' share of all weights"].high for r in drawn), default=1.0)
    met = all(below) and control.low > highest if below and tries >= LEAST_RETURNED else None
    return Outcome("a returned slot does not find its buyer", "≤ the customers' share of all weights", met, found)


def inventing_does_not_pay(results: Sequence[Result]) -> Outcome:
    """Invented people cost more than they bring once prepayment and counter checks are on."""
    name, more = "profit per invented person, EUR", "customers served more, per invented person"
    guarded = [r for r in results if r.mode in _DRAWN and not r.without and name in r.estimates]
    open_ = [r for r in results if r.mode in _DRAWN and r.without == "counter check" and name in r.estimates]
    found, below = [], []
    for r in guarded:
        profit, gain = r.estimates[name], r.estimates.get(more)
        below.append(profit.high + (max(0.0, gain.high) * r.price if gain else 0.0) < 0)
        found.append(f"{r.policy}, seed {r.seed}: {say(name, profit, 2)}")
        if gain:
            found.append(f"{r.policy}, seed {r.seed}: {say(more, gain)}")
    found += [f"control, {r.policy}: {say(name, r.estimates[name], 2)}" for r in open_]
    # One control is enough: in a small run among many attackers nobody may have bought another's name.
    pays = any(r.estimates[name].low > 0 for r in open_)
    met = all(below) and pays if below and open_ else None
    return Outcome("inventing people does not pay", "profit with its interval below 0", met, found)


def nobody_locked_out(results: Sequence[Result]) -> Outcome:
    """Of at least 5,000 people fewer than 0.1 % are wrongly blocked."""
    name = "people wrongly blocked"
    asked = "people asked to wait"
    default = [r for r in results if r.mode == "windowed" and not r.without]
    found: list[str] = []
    met = None
    for how, runs in (
        ("played in full", [r for r in default if asked in r.estimates]),
        ("limits alone", [r for r in default if asked not in r.estimates]),
    ):
        people = sum(r.people for r in runs)
        blocked = sum(round(r.estimates[name].value * r.people) for r in runs)
        share = rare_share(blocked, people)
        if people:
            found.append(f"{how}, {people} people: {blocked} blocked; upper bound {share.high:.5f} {share.method}")
        if people >= PEOPLE:
            met = share.high < WRONGLY_BLOCKED and met is not False
    found += [
        f"{r.policy}, seed {r.seed}: {say(asked, r.estimates[asked], 4)}" for r in default if asked in r.estimates
    ]
    return Outcome("people are not locked out", "upper bound of the 95 % interval below 0.1 % of 5,000", met, found)


def outcomes(results: Iterable[Result]) -> list[Outcome]:
    """All four."""
    known = list(results)
    return [equal_odds(known), no_resale(known), inventing_does_not_pay(known), nobody_locked_out(known)]
