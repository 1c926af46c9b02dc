"""The public randomness: recorded real rounds are accepted, everything else postpones the draw with its reason."""

from __future__ import annotations

from datetime import timedelta

import pytest

from appointments.domain import beacon
from appointments.domain.beacon import QUICKNET, BadSignatureError, verified
from appointments.draws import beacons
from appointments.draws.closing import close_draw
from appointments.draws.drawing import PATIENCE, draw_now
from appointments.models import Booking, Draw
from tests.appointments.draws.stage import (
    CLOSE_AT,
    ROUND,
    ROUND_AT,
    ROUNDS,
    SECRET,
    Relay,
    make_draw,
    make_requests,
    utc,
)
from tests.cast import Scene


@pytest.mark.parametrize("number", ROUNDS)
def test_recorded_rounds_of_the_league_of_entropy_are_verified(number: int) -> None:
    signature, randomness = ROUNDS[number]
    found = verified(QUICKNET, number, bytes.fromhex(signature))
    assert not randomness or found.value.hex() == randomness


def test_a_signature_of_another_round_is_refused() -> None:
    with pytest.raises(BadSignatureError, match="round 1001 was not made by chain 52db9ba7"):
        verified(QUICKNET, 1001, bytes.fromhex(ROUNDS[1000][0]))


@pytest.mark.parametrize(
    ("signature", "says"),
    [
        ("00" * 47, "has 47 bytes instead of 48"),
        ("00" * 48, "not a point"),
        ("ff" * 48, "not a point"),
        ("c0" + "00" * 47, "not in the group"),
        ("b5" + ROUNDS[1000][0][2:], "round 1000"),
    ],
)
def test_bytes_that_are_no_signature_are_refused(signature: str, says: str) -> None:
    with pytest.raises(BadSignatureError, match=says):
        verified(QUICKNET, 1000, bytes.fromhex(signature))


def test_rounds_and_instants() -> None:
    assert QUICKNET.instant_of(1) == utc("2023-08-23T15:09:27")
    assert QUICKNET.instant_of(1000) == utc("2023-08-23T15:59:24")
    for late in (0, 1, 2):
        assert QUICKNET.round_after(ROUND_AT - timedelta(seconds=late)) == ROUND
    assert QUICKNET.round_after(ROUND_AT - timedelta(seconds=3)) == ROUND - 1
    assert QUICKNET.round_after(ROUND_AT + timedelta(microseconds=1)) == ROUND + 1
    assert QUICKNET.round_after(utc("2000-01-01T00:00:00")) == 1


def committed(scene: Scene) -> Draw:
    make_requests(scene.drawn, [1, 1])
    draw = make_draw(scene.drawn, 1)
    close_draw(draw.pk, CLOSE_AT, SECRET)
    draw.refresh_from_db()
    return draw


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ({"instead": 1000}, "WrongRound: {host} was asked for round 32398885 and answered with round 1000."),
        ({"rounds": {ROUND: (ROUNDS[1000][0], "")}}, "BadSignature: The signature of round 32398885 was not made by"),
        ({"rounds": {ROUND: (ROUNDS[ROUND][0], ROUNDS[1000][1])}}, "BadSignature: {host}: the randomness is not"),
        ({"rounds": {ROUND: ("zz", "")}}, "BadSignature: {host} gave an answer that is no beacon round."),
        ({"status": 500}, "Unreachable: {host} answered 500."),
        ({"rounds": {}}, "NotYetPublished: {host} does not have round 32398885 yet."),
    ],
)
def test_whatever_is_wrong_with_the_beacon_postpones_the_draw(
    scene: Scene, relay: Relay, trouble: dict[str, object], reason: str
) -> None:
    draw = committed(scene)
    for name, value in trouble.items():
        setattr(relay, name, value)
    late = ROUND_AT + PATIENCE
    assert draw_now(draw.pk, late) is None
    draw.refresh_from_db()
    assert draw.state == "committed"
    assert draw.randomness is None
    assert Booking.objects.count() == 0
    assert draw.postponed_reason.startswith(reason.format(host=relay.url.removeprefix("http://")))
    relay.rounds, relay.instead, relay.status = dict(ROUNDS), None, 200
    assert draw_now(draw.pk, late + timedelta(days=1)).state == "drawn"
    draw.refresh_from_db()
    assert draw.postponed_reason == ""
    assert bytes(draw.randomness).hex() == ROUNDS[ROUND][1]


def test_a_round_some_seconds_late_is_no_reason_yet(scene: Scene, relay: Relay) -> None:
    draw = committed(scene)
    relay.rounds = {}
    assert draw_now(draw.pk, ROUND_AT + timedelta(seconds=5)) is None
    draw.refresh_from_db()
    assert draw.postponed_reason == ""


def test_the_next_relay_is_asked_when_one_is_away_or_lies(relay: Relay, settings: object) -> None:
    dead = "http://127.0.0.1:9"
    assert beacons.fetch(QUICKNET, 1000, [dead, relay.url], ROUND_AT).value.hex() == ROUNDS[1000][1]
    with pytest.raises(beacon.UnreachableError, match=r"127\.0\.0\.1:9 could not be reached"):
        beacons.fetch(QUICKNET, 1000, [dead], ROUND_AT)
    with pytest.raises(beacon.UnreachableError, match="No relay is configured"):
        beacons.fetch(QUICKNET, 1000, [], ROUND_AT)
    relay.instead = 1001
    with pytest.raises(beacon.WrongRoundError):
        beacons.fetch(QUICKNET, 1000, [relay.url, dead], ROUND_AT)


def test_a_round_of_the_future_is_not_asked_for(relay: Relay) -> None:
    with pytest.raises(beacon.NotYetPublishedError, match=r"is produced at 2026-09-21 \d\d:\d\d:\d\d UTC"):
        beacons.fetch(QUICKNET, ROUND, [relay.url], ROUND_AT - timedelta(seconds=1))
    assert relay.asked == []
