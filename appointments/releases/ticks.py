"""One tick of the release process: decided once, by chance, in one transaction with what it opens."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from appointments.domain import release as rules
from appointments.domain.chance import Chance
from appointments.domain.release import Pace, Window
from appointments.models import Draw, Release, ReleasePolicy, Service, Slot, TickMark
from appointments.releases import pool
from appointments.releases.joining import draw_to_join

log = logging.getLogger(__name__)

_TALLY = """
    INSERT INTO appointments_ticktally (service_id, policy_id, stream, local_day, ticks, releases, slots)
    VALUES (%s, %s, %s, %s, 1, %s, %s)
    ON CONFLICT (service_id, policy_id, stream, local_day) DO UPDATE
       SET ticks = appointments_ticktally.ticks + 1, releases = appointments_ticktally.releases + EXCLUDED.releases,
           slots = appointments_ticktally.slots + EXCLUDED.slots
"""


@dataclass(frozen=True, slots=True)
class Stream:
    """One of the two ways a service's slots leave the pool."""

    name: str
    pace: Pace
    window: Window


def streams_of(policy: ReleasePolicy) -> list[Stream]:
    """The streams of a policy: the ordinary one, and the faster one for slots near their date where it is in use."""

    def pace(slots_per_day: int) -> Pace:
        return Pace(
            release_from=policy.release_from,
            release_until=policy.release_until,
            tick_seconds=policy.tick_seconds,
            slots_per_day=slots_per_day,
            largest=policy.largest_release,
        )

    window = rules.ordinary_window(
        policy.lead_min_days, policy.lead_max_days, policy.late_days, policy.late_slots_per_day
    )
    streams = [Stream(Release.Stream.ORDINARY, pace(policy.slots_per_day), window)]
    if policy.late_slots_per_day and policy.late_days:
        late = rules.late_window(policy.late_days)
        streams.append(Stream(Release.Stream.LATE, pace(policy.late_slots_per_day), late))
    return streams


def policy_in_force(service: Service) -> ReleasePolicy | None:
    """The highest version; None: the service releases nothing."""
    return ReleasePolicy.objects.filter(service=service).order_by("-version").first()


def release_tick(service: Service, now: datetime, chance: Chance) -> list[Release]:
    """Decide this tick of every stream of a service, unless it has been decided already.

    `now` is the database's clock, `chance` the system's secret randomness in production. Returns what opened. An
    outage is not caught up: ticks that nobody decided are gone, and the next one has the same probability.
    """
    policy = policy_in_force(service)
    if policy is None or not service.is_open or not service.post.is_open:
        return []
    local = now.astimezone(ZoneInfo(service.post.timezone))
    opened: list[Release] = []
    for stream in streams_of(policy):
        if stream.pace.slots_per_day and stream.pace.in_hours(local):
            release = _decide(service, policy, stream, now, local.date(), chance)
            if release is not None:
                opened.append(release)
    return opened


def _decide(
    service: Service, policy: ReleasePolicy, stream: Stream, now: datetime, today: date, chance: Chance
) -> Release | None:
    tick = rules.tick_of(now.timestamp(), stream.pace.tick_seconds)
    with transaction.atomic():
        if not _first_to_decide(service, stream.name, tick):
            return None
        release = None
        if rules.opens(stream.pace, chance):
            release = _open(service, policy, stream, tick, now, today, chance)
        with connection.cursor() as cursor:
            slots = release.slots_count if release else 0
            cursor.execute(_TALLY, [service.pk, policy.pk, stream.name, today, 1 if release else 0, slots])
    return release


def _first_to_decide(service: Service, stream: str, tick: int) -> bool:
    """Compare and set: true for one caller only, however many beats, restarts or steps of a clock there are."""
    marks = TickMark.objects.filter(service=service, stream=stream)
    if marks.filter(last_tick__lt=tick).update(last_tick=tick):
        return True
    _, created = TickMark.objects.get_or_create(service=service, stream=stream, defaults={"last_tick": tick})
    return created


def _kind(policy: ReleasePolicy, stream: Stream, chance: Chance) -> str:
    if policy.mode == ReleasePolicy.Mode.FIRST_COME:
        return Release.Kind.FIRST_COME
    if stream.name == Release.Stream.LATE:
        return Release.Kind.STANDBY
    first_come = rules.by_percent(policy.first_come_percent, chance)
    return Release.Kind.FIRST_COME if first_come else Release.Kind.DRAWN


def _open(
    service: Service, policy: ReleasePolicy, stream: Stream, tick: int, now: datetime, today: date, chance: Chance
) -> Release | None:
    wanted = rules.size(stream.pace, chance)
    counts = pool.counts(service.pk, *stream.window.days(today))
    pool_size = sum(number for _, number in counts)
    picks = rules.pick(counts, wanted, chance)
    ids = pool.slot_ids(service.pk, picks, dict(counts), chance)
    locked = list(
        Slot.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=ids, state__in=[Slot.State.POOLED, Slot.State.WITHHELD])
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    if not locked:
        return None
    kind = _kind(policy, stream, chance)
    draw = None if kind == Release.Kind.FIRST_COME else draw_to_join(service, policy, kind, now)
    release = Release.objects.create(
        service=service,
        policy=policy,
        tick=tick,
        stream=stream.name,
        kind=kind,
        draw=draw,
        opened_at=now,
        slots_count=len(locked),
        pool_size=pool_size,
    )
    _hand_over(locked, release, draw, policy.urgent_percent, chance)
    log.info("release", extra={"service": service.pk, "stream": stream.name, "slots": len(locked), "pool": pool_size})
    return release


def _hand_over(ids: list[int], release: Release, draw: Draw | None, urgent_percent: int, chance: Chance) -> None:
    state = Slot.State.RELEASED if draw is None else Slot.State.IN_DRAW
    urgent = [pk for pk in ids if draw is not None and rules.by_percent(urgent_percent, chance)]
    ordinary = sorted(set(ids) - set(urgent))
    for members, quota in ((ordinary, Slot.Quota.ORDINARY), (urgent, Slot.Quota.URGENT)):
        if members:
            Slot.objects.filter(pk__in=members).update(state=state, quota=quota, release=release)


def behind(service: Service, now: datetime) -> timedelta:
    """How far the last decision lies in the future (a clock that was set back): nothing opens until it is reached."""
    last = TickMark.objects.filter(service=service).order_by("-last_tick").values_list("last_tick", flat=True).first()
    ahead = (last or 0) - now.timestamp()
    return timedelta(seconds=max(0.0, ahead))
