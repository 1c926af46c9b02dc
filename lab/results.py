"""What a run came to: plain figures that can be written down, compared and drawn."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from antibot.models import RadarCase
from appointments.models import Booking, Place, Request
from lab.attackers.base import Attacker
from lab.crowd import Member
from lab.economy import books_of
from lab.figures import Result
from lab.play import Played, compared
from lab.redraw import Entry, Lists, Round, Tally, entry_of, redraw, rounds_of
from lab.statistics import mean, rare_share, ratio_of_means, resampled_mean, risk_ratio, share

KEPT = (Booking.State.CONFIRMED, Booking.State.ATTENDED, Booking.State.NO_SHOW)
DAY = 86400.0
MOST_REDRAWN = 300_000  # entries times repetitions: large runs need fewer repetitions for the same interval


def result_of(played: Played) -> Result:
    """Everything that is reported of a run; reads its database."""
    scenario, policy = played.scenario, played.policy
    kept = dict(Booking.objects.filter(state__in=KEPT).values_list("request__reference", "request__size"))
    useful = {*Booking.objects.filter(state=Booking.State.ATTENDED).values_list("request__reference", flat=True)}
    owned = {t.reference: t for a in played.attackers for t in a.targets if t.reference}
    total = sum(kept.values())
    attackers = sum(size for reference, size in kept.items() if reference in owned)
    resold = [steered(attacker, useful) for attacker in played.attackers]
    result = Result(
        policy=policy.name,
        mode=policy.mode,
        without=policy.without,
        solver=scenario.solver or "as in the scenario",
        seed=scenario.seed,
        days=scenario.days,
        people=len(played.crowd.fates),
        customers=sum(len(a.clients) for a in played.attackers),
        invented=sum(len(a.invented) for a in played.attackers),
        slots=total,
        price=scenario.prices.appointment,
    )
    returned, taken_again, steered_slots, in_other_names = (sum(one[n] for one in resold) for n in range(4))
    result.estimates["slots that end with attackers"] = share(attackers, total)
    result.estimates["slots resold to a customer"] = share(steered_slots + in_other_names, total)
    result.estimates["returned slots that reach the customer"] = rare_share(steered_slots, returned)
    result.estimates["… of those that were given again"] = rare_share(steered_slots, taken_again)
    result.counts |= {
        "slots returned by attackers": returned,
        "returned slots that were given again": taken_again,
        "returned slots that reached the customer": steered_slots,
        "slots sold in another name": in_other_names,
    }
    _people(result, played, useful)
    _load(result, played)
    result.attackers = [books_of(a, scenario.prices, useful) for a in played.attackers]
    profit = [books.profit for books in result.attackers]
    result.counts["profit of all attackers, EUR"] = round(sum(profit), 2)
    per_head = [value for books in result.attackers for value in books.invented_profits]
    if per_head:
        result.estimates["profit per invented person, EUR"] = resampled_mean(per_head)
    _odds(result, played, useful)
    return result


def steered(attacker: Attacker, useful: set[str]) -> tuple[int, int, int, int]:
    """Slots given back by an attacker: how many, how many were given again, how many of these to its customers.

    The fourth number are places sold under another name that somebody was let in with.
    """
    customers = {t.reference for t in attacker.clients if t.reference}
    mine = [t.reference for t in attacker.invented if t.given_back]
    before = Place.objects.filter(booking__request__reference__in=mine, living=False)
    returned = {slot: pk for pk, slot in before.values_list("pk", "slot_id")}
    later = [
        reference
        for pk, slot, reference in Place.objects.filter(slot_id__in=returned).values_list(
            "pk", "slot_id", "booking__request__reference"
        )
        if pk > returned[slot]
    ]
    other_name = sum(t.sold_to is not None and t.reference in useful for t in attacker.invented)
    return len(returned), len(later), sum(reference in customers for reference in later), other_name


def _people(result: Result, played: Played, useful: set[str]) -> None:
    fates = played.crowd.fates
    tried = [fate for fate in fates if not fate.member.gives_up]
    served = [fate for fate in tried if fate.reference in useful]
    waits = [
        (fate.booked - fate.entered) / DAY for fate in served if fate.booked is not None and fate.entered is not None
    ]
    if played.policy.mode == "first_come":
        waits = [(fate.booked - fate.member.arrives) / DAY for fate in served if fate.booked is not None]
    result.estimates["people who got a place"] = share(len(served), len(tried))
    families = [fate for fate in tried if len(fate.member.people) > 1]
    if families:
        together = sum(fate.reference in useful for fate in families)
        result.estimates["families who got places"] = share(together, len(families))
    result.estimates["days people waited"] = mean(waits)
    result.estimates["people wrongly blocked"] = rare_share(sum(fate.blocked for fate in fates), len(fates))
    result.estimates["people asked to wait"] = rare_share(sum(fate.held_back for fate in fates), len(fates))
    suspected = {subject for case in RadarCase.objects.all() for subject in case.subjects}
    of_people = {f"request:{fate.reference}" for fate in fates if fate.reference}
    result.counts["people in a radar case"] = len(suspected & of_people)
    result.counts["radar cases"] = RadarCase.objects.count()


def _load(result: Result, played: Played) -> None:
    accounts = [played.crowd.account, *(attacker.account for attacker in played.attackers)]
    result.counts |= {
        "requests": sum(account.requests for account in accounts),
        "requests sent": sum(account.sent for account in accounts),
        "requests of attackers": sum(account.requests for account in accounts[1:]),
        "CPU seconds of requests": round(sum(a.cpu_sent + a.cpu_accounted for a in accounts), 1),
        "CPU seconds of the run": round(played.cpu_seconds, 1),
        "wall seconds of the run": round(played.wall_seconds, 1),
        "releases": played.office.releases,
        "draws": played.office.draws,
        "ticks": played.office.ticks,
    }


def _odds(result: Result, played: Played, useful: set[str]) -> None:
    """A script's success per identity beside that of its twin, who came at the same instant and looks once a day."""
    scripts = [t for a in played.attackers if compared(a) for t in a.clients]
    twins = [fate for fate in played.crowd.fates if fate.member.twin]
    hits = sum(t.reference in useful for t in scripts)
    other = sum(fate.reference in useful for fate in twins)
    result.estimates["script : person, as played"] = risk_ratio(hits, len(scripts), other, len(twins))
    times = played.scenario.redraws
    if played.policy.mode == "first_come" or times < 2:
        return
    began = time.monotonic()
    entries, rounds, seed = entries_of(played), rounds_of(played.world.service), f"{played.scenario.seed}"
    times = min(times, max(200, MOST_REDRAWN // max(1, len(entries))))
    tally = redraw(Lists(entries, rounds), times, seed)
    _odds_again(result, tally, len(scripts), len(twins))
    names = sum(entry.group == "invented" for entry in entries)
    if names and "customers" in tally.won:
        honest = Lists(entries, without(rounds, returned_slots(played)))
        alone = redraw(honest, times, seed, leaving_out="invented")
        pairs = zip(tally.won["customers"], alone.won["customers"], strict=True)
        gains = [beside - apart for beside, apart in pairs]
        result.estimates["customers served more, per invented person"] = mean([gain / names for gain in gains])
    result.counts["wall seconds of drawing again"] = round(time.monotonic() - began, 1)


def returned_slots(played: Played) -> set[int]:
    """Slots that invented people held and gave back, or never paid."""
    names = [t.reference for a in played.attackers for t in a.invented if t.reference]
    places = Place.objects.filter(booking__request__reference__in=names, living=False)
    return set(places.values_list("slot_id", flat=True))


def without(rounds: list[Round], slots: set[int]) -> list[Round]:
    """The draws as they would have been had nobody held and given back these slots: each is in one draw only."""
    seen: set[int] = set()
    found = []
    for one in rounds:
        found.append(replace(one, slots=[slot for slot in one.slots if slot.slot not in seen & slots]))
        seen |= {slot.slot for slot in one.slots}
    return found


def _odds_again(result: Result, tally: Tally, scripts: int, twins: int) -> None:
    given = tally.slots[""]
    if scripts and twins:
        fair = [won * twins / scripts for won in tally.won["script"]]
        result.estimates["script : person, drawn again"] = ratio_of_means(fair, tally.won["twin"])
    if "customers" in tally.slots:
        result.estimates["drawn slots that reach the customers"] = ratio_of_means(tally.slots["customers"], given)
        result.estimates["customers' share of all weights"] = ratio_of_means(tally.weights["customers"], given)
    result.counts["draws drawn again"] = len(given)


def entries_of(played: Played) -> list[Entry]:
    """Every request of the run with its group."""
    start = played.clock.start
    scripts = {t.reference for a in played.attackers if compared(a) for t in a.clients}
    customers = {t.reference for a in played.attackers if a.invented for t in a.clients if t.reference}
    names = {t.reference for a in played.attackers for t in a.invented if t.reference}
    members = {fate.reference: fate.member for fate in played.crowd.fates if fate.reference}
    found = []
    for row in Request.objects.filter(service=played.world.service, origin=Request.Origin.ONLINE):
        member = members.get(row.reference)
        if row.reference in scripts:
            found.append(entry_of(row, "script", at_once))
        elif row.reference in customers:
            found.append(entry_of(row, "customers", at_once))
        elif row.reference in names:
            found.append(entry_of(row, "invented", at_once))
        elif member is not None:
            found.append(entry_of(row, "twin" if member.twin else "people", partial(looks_in_time, member, start)))
        else:
            found.append(entry_of(row, "others", at_once))
    return found


def at_once(_drawn: datetime, _until: datetime) -> bool:
    """A script pays seconds after the letter."""
    return True


def looks_in_time(member: Member, start: datetime, drawn: datetime, until: datetime) -> bool:
    """Whether somebody looks between the draw and the deadline, and pays."""
    look = member.next_look((drawn - start).total_seconds())
    return member.pays and start + timedelta(seconds=min(look, 1e9) + 600) <= until
