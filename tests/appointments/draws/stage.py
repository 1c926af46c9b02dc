"""A draw on its stage: slots released into it, requests that stand, and a relay that repeats recorded rounds."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from appointments.domain.beacon import QUICKNET
from appointments.models import Draw, Person, Release, Request, Service, Slot
from tests.cast import make_slots

# Rounds of quicknet as the League of Entropy produced them; they stand in the public tests of drand's clients.
ROUNDS = {
    1000: (
        "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39",
        "fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd",
    ),
    1001: ("b33bf3667cbd5a82de3a24b4e0e9fe5513cc1a0e840368c6e31f5fcfa79bea03f73896b25883abf2853d10337fb8fa41", ""),
    1002: ("ab066f9c12dd6de1336fca0f925192fb0c72a771c3e4c82ede1fd362c1a770f9eb05843c6308ce2530b53a99c0281a6e", ""),
    657413: (
        "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b",
        "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587",
    ),
    32398885: (
        "8f6d5ddd520329a4ce9a25db41c0552a5ac04bd56577138cbb0ec2b9326af2b8012c7dc2c5bcddc439d922c93a281d24",
        "b6d412641a7d58b20ef5dded4ae48e9358cc35710f90961d8fe6e99d0e0281ef",
    ),
}
ROUND = 32398885
ROUND_AT = QUICKNET.instant_of(ROUND)
CLOSE_AT = ROUND_AT - timedelta(seconds=121)
"""A list that is published then names the recorded round."""
SECRET = bytes(range(32))


def make_draw(
    service: Service,
    count: int,
    *,
    now: datetime = CLOSE_AT,
    day: date | None = None,
    counters: int = 2,
    source: str = Draw.Source.DRAND,
    urgent: int = 0,
    standby: bool = False,
) -> Draw:
    """A draw whose claims are over at `now`, with `count` slots a fortnight later, the first ones urgent."""
    day = day or (now + timedelta(days=14)).date()
    slots = make_slots(service, count, day=day, counters=counters)
    policy = service.policies.latest()
    draw = Draw.objects.create(
        service=service,
        policy=policy,
        standby=standby,
        opened_at=now - timedelta(hours=1),
        closes_at=now,
        source=source,
    )
    release = Release.objects.create(
        service=service,
        policy=policy,
        tick=Release.objects.count(),
        kind=Release.Kind.STANDBY if standby else Release.Kind.DRAWN,
        draw=draw,
        opened_at=draw.opened_at,
        slots_count=count,
        pool_size=count,
    )
    ids = [slot.pk for slot in slots]
    Slot.objects.filter(pk__in=ids).update(state=Slot.State.IN_DRAW, release=release)
    Slot.objects.filter(pk__in=ids[:urgent]).update(quota=Slot.Quota.URGENT)
    return draw


def make_requests(
    service: Service,
    sizes: Sequence[int],
    *,
    now: datetime = CLOSE_AT,
    **fields: object,
) -> list[Request]:
    """Standing requests of these sizes, entered an hour before `now`, that accept any day and hour of three months."""
    values: dict[str, object] = {
        "contact_index": b"c" * 32,
        "contact": "alice@example.org",
        "first_day": now.date(),
        "last_day": now.date() + timedelta(days=90),
        "earliest": time(0, 0),
        "latest": time(23, 59),
        "entered_at": now - timedelta(hours=1),
    }
    requests = Request.objects.bulk_create(Request(service=service, size=size, **(values | fields)) for size in sizes)
    Person.objects.bulk_create(
        Person(
            request=request,
            position=position,
            family_name="N",
            given_names="N",
            birth_date="1990-01-01",
            nationality="DZ",
            passport_country="DZ",
            passport_number="X",
            identity_scope=service.identity_scope,
            identity_index=os.urandom(32),
        )
        for request in requests
        for position in range(request.size)
    )
    return requests


@dataclass
class Relay:
    """A relay on this machine. `rounds` is what it knows; `instead` makes it answer with another round."""

    url: str = ""
    rounds: dict[int, tuple[str, str]] = field(default_factory=lambda: dict(ROUNDS))
    instead: int | None = None
    status: int = 200
    asked: list[str] = field(default_factory=list)


@contextmanager
def relay() -> Iterator[Relay]:
    """Answer like drand's HTTP interface, from the recorded rounds."""
    known = Relay()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known.asked.append(self.path)
            number = known.instead or int(self.path.rpartition("/")[2])
            found = known.rounds.get(number)
            body = json.dumps({"round": number, "signature": found[0], "randomness": found[1]}) if found else "{}"
            self.send_response(known.status if found or known.status != 200 else 404)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def utc(text: str) -> datetime:
    """An instant from its ISO text."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
