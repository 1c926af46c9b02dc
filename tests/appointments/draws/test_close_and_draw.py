"""From released slots to bookings: the list, the randomness it named, the result."""

from __future__ import annotations

import hashlib
import json
import zlib
from datetime import time, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from appointments.draws.closing import close_draw, due_to_close
from appointments.draws.drawing import TamperedListError, draw_now, due_to_draw
from appointments.draws.record import find_ticket, record_of
from appointments.integrity import violations
from appointments.models import Booking, Draw, DrawDocument, Place, ReleasePolicy, Request, Slot
from mailroom.models import Letter
from tests.appointments.draws.stage import (
    CLOSE_AT,
    ROUND,
    ROUND_AT,
    ROUNDS,
    SECRET,
    Relay,
    make_draw,
    make_requests,
)
from tests.cast import Scene

AFTER = ROUND_AT + timedelta(seconds=4)


def drawn(scene: Scene, slots: int, sizes: list[int], **options: object) -> Draw:
    make_requests(scene.drawn, sizes)
    draw = make_draw(scene.drawn, slots, **options)  # type: ignore[arg-type]
    assert close_draw(draw.pk, CLOSE_AT, SECRET)
    assert draw_now(draw.pk, AFTER)
    draw.refresh_from_db()
    return draw


def closed(draw: Draw) -> Draw:
    assert close_draw(draw.pk, CLOSE_AT, SECRET)
    draw.refresh_from_db()
    return draw


def test_the_list_is_published_hashed_and_mailed_before_the_round_exists(scene: Scene, relay: Relay) -> None:
    requests = make_requests(scene.drawn, [1, 1, 2])
    draw = make_draw(scene.drawn, 4)
    assert due_to_close(CLOSE_AT) == [draw.pk]
    close_draw(draw.pk, CLOSE_AT, SECRET)
    draw.refresh_from_db()
    text = b"".join(record_of(draw))
    header = json.loads(text.splitlines()[0])
    assert draw.state == "committed"
    assert hashlib.sha256(text).digest() == bytes(draw.list_hash)
    assert header["round"] == draw.round == ROUND
    assert draw.committed_at + timedelta(seconds=120) <= ROUND_AT
    assert (header["slots"], header["tickets"]) == (4, 3)
    assert header["source"] == "drand"
    letters = Letter.objects.filter(kind="draw_committed")
    assert {letter.subject_key for letter in letters} == {f"{draw.pk}:{request.reference}" for request in requests}
    assert due_to_draw(ROUND_AT - timedelta(seconds=1)) == []
    assert draw_now(draw.pk, ROUND_AT - timedelta(seconds=1)) is None
    assert relay.asked == []


def test_winners_hold_until_the_deadline_and_losers_weigh_more(scene: Scene, relay: Relay) -> None:
    draw = drawn(scene, 4, [1, 1, 1, 1, 1, 3])
    served = Request.objects.filter(state="served")
    lost = Request.objects.filter(state="standing")
    assert draw.state == "drawn"
    assert bytes(draw.randomness).hex() == ROUNDS[ROUND][1]
    assert served.count() == draw.winners_count
    assert {r.weight for r in lost} == {2}
    assert sum(r.size for r in served) == Place.objects.filter(living=True).count() == draw.assigned_count
    booking = Booking.objects.first()
    assert booking.state == "held"
    assert booking.hold_until == AFTER + timedelta(hours=72)
    assert booking.amount_cents == 2900 * booking.request.size
    assert Letter.objects.filter(kind="draw_won").count() == served.count()
    # Losing is told with the next list, unless somebody wishes it otherwise.
    assert not Letter.objects.filter(kind="draw_lost").exists()
    assert not list(violations(AFTER))


def test_a_service_without_a_fee_confirms_its_winners_at_once(scene: Scene, relay: Relay) -> None:
    scene.drawn.service_fee_cents = 0
    scene.drawn.save()
    drawn(scene, 2, [1])
    assert Booking.objects.get().state == "confirmed"
    assert Letter.objects.filter(kind="booking_confirmed").count() == 1


def test_slots_that_nobody_took_go_back_to_the_pool(scene: Scene, relay: Relay) -> None:
    drawn(scene, 5, [1, 1])
    assert Slot.objects.filter(state="pooled", release=None).count() == 3
    assert scene.drawn.pool_days.get().count == 3


def test_nobody_asked(scene: Scene) -> None:
    make_requests(scene.drawn, [1], first_day=CLOSE_AT.date(), last_day=CLOSE_AT.date())
    draw = make_draw(scene.drawn, 2)
    assert close_draw(draw.pk, CLOSE_AT, SECRET).state == "empty"
    assert Slot.objects.filter(state="pooled").count() == 2
    assert Letter.objects.count() == 0
    assert Request.objects.get().draws_lost == 0


def test_wishes_that_match_nothing_neither_win_nor_gather_weight(scene: Scene, relay: Relay) -> None:
    (never,) = make_requests(scene.drawn, [1], earliest=time(3), latest=time(4))
    draw = drawn(scene, 1, [1, 1])
    never.refresh_from_db()
    assert draw.tickets_count == 2
    assert never.draws_lost == 0
    assert never.state == "standing"


def test_a_group_larger_than_the_release_loses_and_keeps_standing(scene: Scene, relay: Relay) -> None:
    draw = drawn(scene, 3, [5])
    request = Request.objects.get()
    assert (draw.winners_count, request.draws_lost, request.state) == (0, 1, "standing")
    assert Slot.objects.filter(state="pooled").count() == 3


def test_urgent_requests_are_first_in_their_quota(scene: Scene, relay: Relay) -> None:
    make_requests(scene.drawn, [1] * 30)
    urgent = make_requests(scene.drawn, [1, 1], quota="urgent")
    drawn(scene, 3, [], urgent=2)
    for request in urgent:
        request.refresh_from_db()
        assert request.state == "served"


def test_a_standby_draw_is_for_those_who_can_come_at_short_notice(scene: Scene, relay: Relay) -> None:
    make_requests(scene.drawn, [1, 1])
    ready = make_requests(scene.drawn, [1], short_notice=True)[0]
    draw = drawn(scene, 2, [], standby=True)
    ready.refresh_from_db()
    assert draw.tickets_count == 1
    assert ready.state == "served"
    assert Request.objects.filter(draws_lost=0, state="standing").count() == 2


def test_who_came_after_the_close_is_not_in_the_list(scene: Scene, relay: Relay) -> None:
    make_requests(scene.drawn, [1], entered_at=CLOSE_AT + timedelta(seconds=1))
    assert drawn(scene, 1, [1]).tickets_count == 1


def test_who_withdraws_after_the_list_is_published_gets_nothing_and_the_slot_returns(
    scene: Scene, relay: Relay
) -> None:
    (request,) = make_requests(scene.drawn, [1])
    draw = make_draw(scene.drawn, 1)
    close_draw(draw.pk, CLOSE_AT, SECRET)
    Request.objects.filter(pk=request.pk).update(state="ended", ended_reason="withdrawn", ended_at=CLOSE_AT)
    draw_now(draw.pk, AFTER)
    draw.refresh_from_db()
    assert (draw.winners_count, draw.assigned_count) == (1, 0)
    assert Booking.objects.count() == 0
    assert Slot.objects.get().state == "pooled"
    assert not list(violations(AFTER))


def test_a_slot_that_staff_removed_after_the_list_is_not_given(scene: Scene, relay: Relay) -> None:
    (request,) = make_requests(scene.drawn, [2])
    draw = make_draw(scene.drawn, 2)
    close_draw(draw.pk, CLOSE_AT, SECRET)
    Slot.objects.filter(pk=Slot.objects.first().pk).update(state="removed", release=None)
    draw_now(draw.pk, AFTER)
    request.refresh_from_db()
    assert request.state == "standing"
    assert request.draws_lost == 1
    assert sorted(Slot.objects.values_list("state", flat=True)) == ["pooled", "removed"]
    assert request.weight == 13
    assert Letter.objects.filter(kind="draw_closed").count() == 1


def test_the_committed_policy_and_wishes_count_whatever_changes_before_the_draw(scene: Scene, relay: Relay) -> None:
    (request,) = make_requests(scene.drawn, [1])
    draw = closed(make_draw(scene.drawn, 1))
    before = b"".join(record_of(draw))
    newer = ReleasePolicy.objects.get(service=scene.drawn)
    newer.pk, newer.version, newer.mode = None, 2, "first_come"
    newer.save(force_insert=True)
    Request.objects.filter(pk=request.pk).update(earliest=time(3), latest=time(4))
    draw_now(draw.pk, AFTER)
    draw.refresh_from_db()
    assert json.loads(before.splitlines()[0])["policy"] == 1
    assert b"".join(record_of(draw)).startswith(before)
    assert Booking.objects.count() == 1


@pytest.mark.parametrize("packed", [True, False])
def test_a_list_that_was_changed_in_the_database_is_not_drawn(scene: Scene, relay: Relay, *, packed: bool) -> None:
    make_requests(scene.drawn, [1, 1])
    draw = closed(make_draw(scene.drawn, 1))
    body = bytes(DrawDocument.objects.get().body)
    changed = body[:-9] if packed else zlib.compress(zlib.decompress(body).replace(b'"lost":0', b'"lost":1', 1))
    DrawDocument.objects.all().delete()
    DrawDocument.objects.create(draw=draw, part="list", body=changed, plain_bytes=1)
    with pytest.raises(TamperedListError, match="has another hash"):
        draw_now(draw.pk, AFTER)
    assert Booking.objects.count() == 0


def test_one_published_list_at_a_time_so_that_nobody_is_drawn_twice(scene: Scene, relay: Relay) -> None:
    make_requests(scene.drawn, [1, 1, 1])
    first = make_draw(scene.drawn, 1)
    second = make_draw(scene.drawn, 1, day=(CLOSE_AT + timedelta(days=15)).date())
    assert close_draw(first.pk, CLOSE_AT, SECRET)
    assert close_draw(second.pk, CLOSE_AT, SECRET) is None
    draw_now(first.pk, AFTER)
    assert close_draw(second.pk, AFTER, SECRET)
    first.refresh_from_db()
    second.refresh_from_db()
    header = json.loads(next(iter(record_of(second))).splitlines()[0])
    assert header["previous"] == bytes(first.list_hash).hex() == bytes(second.previous_hash).hex()
    assert header["tickets"] == 2


def test_closing_and_drawing_twice_changes_nothing(scene: Scene, relay: Relay) -> None:
    draw = drawn(scene, 2, [1, 1, 1])
    assert close_draw(draw.pk, AFTER, SECRET) is None
    assert draw_now(draw.pk, AFTER) is None
    assert set(Request.objects.filter(state="standing").values_list("draws_lost", flat=True)) == {1}


def test_the_demonstration_source_is_marked_everywhere(scene: Scene) -> None:
    make_requests(scene.drawn, [1, 1])
    draw = closed(make_draw(scene.drawn, 1, source=Draw.Source.DEMONSTRATION))
    header = json.loads(next(iter(record_of(draw))).splitlines()[0])
    assert header["source"] == header["chain"] == "demonstration"
    assert header["commitment"] == hashlib.sha256(b"demonstration|" + SECRET.hex().encode()).hexdigest()
    assert draw_now(draw.pk, CLOSE_AT + timedelta(seconds=1)).state == "drawn"
    result = json.loads(b"".join(record_of(Draw.objects.get())).splitlines()[1 + 1 + 2])
    assert result["signature"] == SECRET.hex()
    assert result["randomness"] == hashlib.sha256(SECRET).hexdigest()


def test_export_is_byte_for_byte_what_was_hashed_and_a_ticket_is_found_in_it(scene: Scene, relay: Relay) -> None:
    draw = drawn(scene, 2, [1, 1, 1])
    out = StringIO()
    call_command("export_draw", str(draw.pk), stdout=out)
    text = out.getvalue().encode("ascii")
    lines = text.splitlines(keepends=True)
    listed = b"".join(lines[: 1 + 2 + 3])
    assert hashlib.sha256(listed).digest() == bytes(draw.list_hash)
    assert hashlib.sha256(b"".join(lines[6:])).digest() == bytes(draw.result_hash)
    ranks = {request.ticket_id: find_ticket(draw, request.ticket_id) for request in Request.objects.all()}
    assert sorted(found.rank for found in ranks.values()) == [1, 2, 3]
    for request in Request.objects.all():
        assert ranks[request.ticket_id].slots == (1 if request.state == "served" else 0)
    assert find_ticket(draw, "0" * 32) is None


def test_export_says_why_there_is_no_record(scene: Scene) -> None:
    draw = make_draw(scene.drawn, 1)
    with pytest.raises(CommandError, match="still collects"):
        call_command("export_draw", str(draw.pk))
    with pytest.raises(CommandError, match="There is no draw 0"):
        call_command("export_draw", "0")
