"""A post closes while a draw runs: slots leave an open list, a public one stands, and nobody's luck is bent by it."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.test import Client

from appointments.draws.beacons import randomness_of
from appointments.draws.closing import close_draw
from appointments.draws.closures import lock_draws_of
from appointments.draws.drawing import compute, draw_now
from appointments.draws.record import record_of
from appointments.integrity import violations
from appointments.models import Booking, Closure, Counter, Draw, Place, Request, Slot
from appointments.staff import closing
from mailroom.models import Letter
from mailroom.renderers import render
from tests.appointments.draws.stage import CLOSE_AT, ROUND_AT, SECRET, Relay, make_draw, make_requests
from tests.cast import Scene, make_scene

pytestmark = pytest.mark.django_db
AFTER = ROUND_AT + timedelta(seconds=4)
DAY = (CLOSE_AT + timedelta(days=14)).date()


def close(scene: Scene, **more: object) -> Closure:
    """The post, or what `more` names of it, is closed on the day of the slots."""
    closure = Closure(post=scene.post, first_day=DAY, last_day=DAY, reason="Strike", **more)
    closing.close_and_move(closure=closure, priority=True, by="hélène", now=CLOSE_AT)
    return closure


def verified(draw: Draw) -> bool:
    """What the outsider's program says of the record as it is published."""
    path = Path(settings.BASE_DIR) / "verifier" / "verify_draw.py"
    record = b"".join(record_of(draw))
    return (
        subprocess.run([sys.executable, path, "/dev/stdin"], input=record, capture_output=True, check=False).returncode
        == 0
    )


def test_slots_of_an_open_list_never_enter_it(scene: Scene, relay: Relay) -> None:
    make_requests(scene.drawn, [1, 1, 1])
    draw = make_draw(scene.drawn, 6)
    closed_counter = Counter.objects.get(post=scene.post, number=2)
    close(scene, counter=closed_counter)
    close_draw(draw.pk, CLOSE_AT, SECRET)
    draw.refresh_from_db()
    assert draw.slots_count == 3
    assert Slot.objects.filter(counter=closed_counter, state="removed").count() == 3
    assert draw_now(draw.pk, AFTER)
    draw.refresh_from_db()
    assert (draw.winners_count, draw.assigned_count, draw.closed_count) == (3, 3, 0)
    assert verified(draw)
    assert list(violations(AFTER)) == []


def test_a_draw_that_loses_all_its_slots_is_empty(scene: Scene, relay: Relay) -> None:
    make_requests(scene.drawn, [1])
    draw = make_draw(scene.drawn, 2)
    close(scene)
    close_draw(draw.pk, CLOSE_AT, SECRET)
    draw.refresh_from_db()
    assert draw.state == "empty"
    assert Request.objects.get().draws_lost == 0


def test_a_published_list_stands_and_its_winners_go_first_in_line(scene: Scene, relay: Relay) -> None:
    make_requests(scene.drawn, [1] * 9)
    draw = make_draw(scene.drawn, 6)
    close_draw(draw.pk, CLOSE_AT, SECRET)
    draw.refresh_from_db()
    expected = compute(draw, randomness_of(draw, AFTER))
    closed_counter = Counter.objects.get(post=scene.post, number=2)
    close(scene, counter=closed_counter)
    gone = set(Slot.objects.filter(counter=closed_counter).values_list("pk", flat=True))
    assert draw_now(draw.pk, AFTER)
    draw.refresh_from_db()

    # The record is what it would have been: nobody who closes a counter chooses among outcomes.
    assert bytes(draw.result_hash) == expected.result_hash
    assert verified(draw)
    sent_home = {ticket for ticket, slots in expected.winners if gone.intersection(slots)}
    given = {ticket: slots for ticket, slots in expected.winners if not gone.intersection(slots)}
    assert len(sent_home) == len(given) == draw.closed_count == 3
    # Those whose slots are open have exactly them; nobody was moved up or down.
    held = {
        place.booking.request.ticket_id: (place.slot_id,) for place in Place.objects.select_related("booking__request")
    }
    assert held == given
    assert not Booking.objects.filter(places__slot__in=gone).exists()
    home = Request.objects.filter(ticket_id__in=sent_home)
    assert {(row.state, row.weight) for row in home} == {("standing", 13)}
    losers = Request.objects.filter(state="standing").exclude(ticket_id__in=sent_home)
    assert {row.weight for row in losers} == {2}
    assert Slot.objects.filter(pk__in=gone, state="removed").count() == 3
    letters = Letter.objects.filter(kind="draw_closed")
    assert {letter.subject_key for letter in letters} == {f"{draw.pk}:{row.reference}" for row in home}
    envelope = render(letters[0].kind, letters[0].subject_key, letters[0].payload)
    assert envelope is not None
    assert "13" in envelope.text
    assert list(violations(AFTER)) == []
    # The public page says so.
    page = Client(headers={"accept-language": "en"}).get(f"/draws/{draw.pk}/").content.decode()
    assert "the post has closed" in page


def test_hours_that_do_not_touch_the_slots_take_nothing_out(scene: Scene, relay: Relay) -> None:
    make_requests(scene.drawn, [1, 1])
    draw = make_draw(scene.drawn, 2, counters=1)  # 9:00 and 9:15
    Closure.objects.create(post=scene.post, first_day=DAY, last_day=DAY, starts="09:15", ends="12:00", reason="x")
    close_draw(draw.pk, CLOSE_AT, SECRET)
    draw.refresh_from_db()
    assert draw.slots_count == 1
    assert Slot.objects.get(state="in_draw").local_time.hour == 9
    assert Slot.objects.get(state="in_draw").local_time.minute == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False])
def test_whoever_closes_while_a_result_is_written_sees_its_bookings(
    relay: Relay, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """The draw has read the closures and has not committed: without the lock, a winner stands before a closed door."""
    scene = make_scene()
    make_requests(scene.drawn, [1])
    draw = make_draw(scene.drawn, 1)
    close_draw(draw.pk, CLOSE_AT, SECRET)
    if not locked:
        monkeypatch.setattr(closing, "lock_draws_of", lambda _post: 0)
    written, asked = threading.Event(), threading.Event()

    def drawing() -> None:
        try:
            with transaction.atomic():
                draw_now(draw.pk, AFTER)
                written.set()
                asked.wait(1.5)
        finally:
            connections.close_all()

    thread = threading.Thread(target=drawing)
    thread.start()
    assert written.wait(20)
    close(scene)
    asked.set()
    thread.join(20)
    left = Booking.objects.filter(state="held", places__living=True).count()
    assert left == (0 if locked else 1)
    connection.close()


def test_the_lock_counts_living_draws_only(scene: Scene, relay: Relay) -> None:
    draw = make_draw(scene.drawn, 1)
    with transaction.atomic():
        assert lock_draws_of(scene.post) == 1
    close_draw(draw.pk, CLOSE_AT, SECRET)  # nobody asked: it is over
    with transaction.atomic():
        assert lock_draws_of(scene.post) == 0
