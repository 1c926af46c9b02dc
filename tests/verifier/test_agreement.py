"""Two programs, one written from the other's specification alone, come to the same bytes.

The application's rules draw; the verifier, as a program of its own, checks; the builder of these tests, a third and
literal reading of the text, must write the same record.
"""

import dataclasses
import datetime as dt
import hashlib
import io
import itertools
from pathlib import Path
from secrets import SystemRandom

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appointments.domain import commitment
from appointments.domain.beacon import COMMIT_DELAY, QUICKNET, demonstration_commitment
from appointments.domain.draw import draw, result_lines, seed_of
from appointments.draws.closing import close_draw
from appointments.draws.drawing import draw_now
from appointments.models import Draw
from tests.appointments.draws import stage
from tests.verifier.build import SECRET, SIGNATURE, Line, Record, slot, ticket
from tests.verifier.command import run
from tests.verifier.strategies import slot_lists, ticket_lists
from verifier import verify_draw


@st.composite
def headers(draw_from: st.DrawFn) -> commitment.ListHeader:
    published = draw_from(st.datetimes(dt.datetime(2023, 8, 1), dt.datetime(2090, 1, 1))).replace(microsecond=0)  # noqa: DTZ001 - Hypothesis wants naive bounds
    drand = draw_from(st.booleans())
    return commitment.ListHeader(
        adjacent_minutes=draw_from(st.sampled_from([0, 15, 30, 60])),
        chain=QUICKNET.hash if drand else commitment.DEMONSTRATION,
        commitment="" if drand else demonstration_commitment(bytes.fromhex(SECRET)),
        draw=draw_from(st.from_regex("[A-Za-z0-9._-]{1,64}", fullmatch=True)),
        genesis=QUICKNET.genesis if drand else 0,
        kind=draw_from(st.sampled_from(["drawn", "standby"])),
        period=QUICKNET.period if drand else 0,
        policy=draw_from(st.integers(0, 99)),
        previous=draw_from(st.sampled_from(["", "0f" * 32])),
        published_at=f"{published.isoformat()}Z",
        round=QUICKNET.round_after(published.replace(tzinfo=dt.UTC) + COMMIT_DELAY) if drand else 0,
        service="dz-alg/short-stay",
        slots=0,
        source="drand" if drand else commitment.DEMONSTRATION,
        tickets=0,
    )


def slot_of(line: Line) -> commitment.Slot:
    day = dt.date.fromisoformat(line["day"]).toordinal()
    return commitment.Slot(line["slot"], day, line["time"], line["counter"], line["quota"] == "urgent")


def ticket_of(line: Line) -> commitment.Ticket:
    first, last = (dt.date.fromisoformat(line[name]).toordinal() for name in ("first_day", "last_day"))
    urgent, hours = line["quota"] == "urgent", (line["earliest"], line["latest"])
    return commitment.Ticket(line["ticket"], line["size"], line["lost"], urgent, first, last, line["weekdays"], *hours)


def drawn_by_the_application(header: commitment.ListHeader, slots: list[Line], tickets: list[Line]) -> bytes:
    ours = [ticket_of(line) for line in sorted(tickets, key=lambda line: line["ticket"])]
    places = [slot_of(line) for line in sorted(slots, key=lambda line: line["slot"])]
    part_a = list(commitment.list_lines(header, places, ours))
    list_hash = commitment.list_hash(part_a)
    signature = bytes.fromhex(SIGNATURE if header.source == "drand" else SECRET)
    seed = seed_of(header.draw, list_hash, hashlib.sha256(signature).digest())
    part_b = result_lines(
        draw_name=header.draw,
        list_hash=list_hash,
        signature=signature,
        tickets=ours,
        outcome=draw(seed, ours, places, header.adjacent_minutes),
    )
    return b"".join([*part_a, *part_b])


agreed = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@settings(agreed, max_examples=300)
@given(header=headers(), slots=slot_lists(), tickets=ticket_lists())
def test_two_programs_and_a_literal_reading_write_the_same_bytes(header, slots, tickets):
    header = dataclasses.replace(header, slots=len(slots), tickets=len(tickets))
    data = drawn_by_the_application(header, slots, tickets)
    literal = Record(slots, tickets, header.adjacent_minutes, header.source, dataclasses.asdict(header))
    assert data == literal.bytes()
    verify_draw.verify(io.BytesIO(data))


@settings(agreed, max_examples=25)
@given(header=headers(), slots=slot_lists(), tickets=ticket_lists())
def test_what_the_application_draws_the_command_confirms(header, slots, tickets, tmp_path: Path):
    header = dataclasses.replace(header, slots=len(slots), tickets=len(tickets))
    (tmp_path / "record").write_bytes(drawn_by_the_application(header, slots, tickets))
    done = run(tmp_path / "record")
    assert (done.returncode, done.stderr) == (0, "")
    assert ("DEMONSTRATION" in done.stdout) == (header.source == "demonstration")


def test_a_crowd_is_drawn_alike():
    """Thousands of tickets whose wishes are as mixed as people's, so that remembered failures count."""
    chance = SystemRandom()
    days = [(dt.date(2026, 3, 2) + dt.timedelta(days=i)).isoformat() for i in range(40)]
    places = itertools.product(days, range(540, 780, 20), range(1, 4))
    slots = [
        slot(i, day, time, counter, chance.choice(["urgent", *["ordinary"] * 9]))
        for i, (day, time, counter) in enumerate(places, 1)
    ]
    tickets = []
    for number in range(6000):
        first, last = sorted(chance.sample(days, 2))
        earliest, latest = sorted(chance.sample(range(500, 820), 2))
        size, lost = chance.choice([1, 1, 1, 2, 3, 4, 5]), chance.choice([0, 0, 1, 3, 20])
        wish = {"first_day": first, "last_day": last, "earliest": earliest, "latest": latest}
        quota = chance.choice(["urgent", *["ordinary"] * 9])
        tickets.append(ticket(number, size=size, lost=lost, quota=quota, weekdays=chance.randrange(128), **wish))
    record = Record(slots, tickets)
    header = commitment.ListHeader(**{**record.list_lines()[0], "adjacent_minutes": 20})
    draw = verify_draw.verify(io.BytesIO(drawn_by_the_application(header, slots, tickets)))
    assert 300 < len(draw.given) < 6000


@pytest.mark.django_db
@pytest.mark.parametrize("source", [Draw.Source.DRAND, Draw.Source.DEMONSTRATION])
def test_an_exported_record_is_confirmed(scene, settings, tmp_path: Path, source):
    stage.make_requests(scene.drawn, [1, 2, 1, 3, 1, 1, 2], last_day=stage.CLOSE_AT.date() + dt.timedelta(days=30))
    stage.make_requests(scene.drawn, [1, 2], quota="urgent", draws_lost=3)
    committed = stage.make_draw(scene.drawn, 8, source=source, urgent=2)
    assert close_draw(committed.pk, stage.CLOSE_AT, stage.SECRET)
    before = run(exported(committed.pk, tmp_path))
    committed.refresh_from_db()
    assert before.returncode == 1
    assert f"(M = {bytes(committed.list_hash).hex()})" in before.stderr
    with stage.relay() as relay:
        settings.DRAND_RELAYS = [relay.url]
        assert draw_now(committed.pk, stage.ROUND_AT + dt.timedelta(seconds=4))
    done = run(exported(committed.pk, tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert (f"Round {stage.ROUND} of drand" in done.stdout) == (source == Draw.Source.DRAND)
    assert ("NOT VERIFIABLE" in done.stdout) == (source == Draw.Source.DEMONSTRATION)


def exported(number: int, folder: Path) -> Path:
    with (folder / "record").open("w", newline="") as file:
        call_command("export_draw", number, stdout=file)
    return folder / "record"
