"""The public pages of draws: light, cacheable, honest, in three languages."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.test import Client

from appointments.draws.closing import close_draw
from appointments.draws.drawing import draw_now
from appointments.draws.retention import reduce_records
from appointments.models import Draw, Request
from tests.appointments.draws.stage import CLOSE_AT, ROUND_AT, SECRET, Relay, make_draw, make_requests
from tests.cast import Scene

AFTER = ROUND_AT + timedelta(seconds=4)
LANGUAGES = ("fr", "ar", "en")


@pytest.fixture
def draw(scene: Scene, relay: Relay) -> Draw:
    make_requests(scene.drawn, [1, 1, 2, 1])
    row = make_draw(scene.drawn, 3)
    close_draw(row.pk, CLOSE_AT, SECRET)
    row.refresh_from_db()
    return row


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_are_there_in_each_language_before_and_after_the_draw(
    client: Client, draw: Draw, language: str
) -> None:
    client.cookies["django_language"] = language
    for step in ("committed", "drawn"):
        if step == "drawn":
            assert draw_now(draw.pk, AFTER)
        for address in ("/draws/", f"/draws/{draw.pk}/"):
            answer = client.get(address)
            assert answer.status_code == 200
            assert len(answer.content) < 25_000
            assert f'lang="{language}"' in answer.content.decode()
            assert ('dir="rtl"' in answer.content.decode()[:200]) == (language == "ar")
    assert bytes(draw.list_hash).hex() in answer.content.decode()


def test_the_pages_are_cacheable_and_answered_with_304(client: Client, draw: Draw) -> None:
    for address in ("/draws/", f"/draws/{draw.pk}/"):
        answer = client.get(address)
        assert "public" in answer["Cache-Control"]
        assert client.get(address, headers={"If-None-Match": answer["ETag"]}).status_code == 304


def test_the_record_is_served_as_it_was_hashed(client: Client, draw: Draw) -> None:
    answer = client.get(f"/draws/{draw.pk}/record")
    body = b"".join(answer.streaming_content)
    assert hashlib.sha256(body).digest() == bytes(draw.list_hash)
    assert "attachment" in answer["Content-Disposition"]


def test_an_applicant_finds_their_ticket(client: Client, draw: Draw) -> None:
    client.cookies["django_language"] = "en"
    ticket = Request.objects.first().ticket_id
    before = client.get(f"/draws/{draw.pk}/", {"ticket": ticket.upper() + " "})
    assert "The draw has not taken place yet" in before.content.decode()
    draw_now(draw.pk, AFTER)
    for request in Request.objects.all():
        page = client.get(f"/draws/{draw.pk}/", {"ticket": request.ticket_id}).content.decode()
        assert ("was given this many places" in page) == (request.state == "served")
        assert ("When its turn came, no free place was left" in page) == (request.state == "standing")
    page = client.get(f"/draws/{draw.pk}/", {"ticket": "0" * 32}).content.decode()
    assert "This ticket is not in this draw" in page
    page = client.get(f"/draws/{draw.pk}/", {"ticket": "<b>mine</b>"}).content.decode()
    assert "A ticket has 32 characters" in page
    assert client.get(f"/draws/{draw.pk}/", {"ticket": "a\r\nSet-Cookie: x=\0é"}).status_code == 200
    assert "<b>mine" not in page


def test_odds_by_size_are_published(client: Client, draw: Draw) -> None:
    client.cookies["django_language"] = "en"
    draw_now(draw.pk, AFTER)
    page = client.get(f"/draws/{draw.pk}/").content.decode()
    assert "Who was drawn, counted from the record" in page


def test_a_demonstration_says_so_and_keeps_its_secret_until_the_draw(client: Client, scene: Scene) -> None:
    client.cookies["django_language"] = "en"
    make_requests(scene.drawn, [1])
    row = make_draw(scene.drawn, 1, source=Draw.Source.DEMONSTRATION)
    close_draw(row.pk, CLOSE_AT, SECRET)
    page = client.get(f"/draws/{row.pk}/").content.decode()
    assert "Demonstration, not verifiable" in page
    assert SECRET.hex() not in page
    assert "Demonstration, not verifiable" in client.get("/draws/").content.decode()
    draw_now(row.pk, CLOSE_AT)
    assert SECRET.hex() in client.get(f"/draws/{row.pk}/").content.decode()


def test_a_postponed_draw_says_why(client: Client, draw: Draw, relay: Relay) -> None:
    client.cookies["django_language"] = "en"
    relay.status = 503
    draw_now(draw.pk, AFTER)
    page = client.get(f"/draws/{draw.pk}/").content.decode()
    assert "No relay of the beacon can be reached." in page
    assert "No other number takes its place" in page


def test_what_is_not_public_is_not_found(client: Client, scene: Scene, draw: Draw) -> None:
    collecting = make_draw(scene.drawn, 1, day=(CLOSE_AT + timedelta(days=20)).date())
    for address in (f"/draws/{collecting.pk}/", f"/draws/{collecting.pk}/record", "/draws/999999/"):
        assert client.get(address).status_code == 404
    assert client.get("/draws/", {"service": "<x>"}).status_code == 404
    assert client.get("/draws/", {"before": "x" * 99}).status_code == 200


def test_after_a_year_only_hashes_and_counts_stay(client: Client, draw: Draw) -> None:
    client.cookies["django_language"] = "en"
    draw_now(draw.pk, AFTER)
    assert reduce_records(AFTER + timedelta(days=364)) == 0
    assert reduce_records(AFTER + timedelta(days=366)) == 2
    assert client.get(f"/draws/{draw.pk}/record").status_code == 404
    page = client.get(f"/draws/{draw.pk}/").content.decode()
    assert "deleted a year after it" in page
    assert bytes(draw.list_hash).hex() in page


def test_draws_that_nobody_took_part_in_are_not_listed(client: Client, scene: Scene) -> None:
    row = make_draw(scene.drawn, 1)
    close_draw(row.pk, CLOSE_AT, SECRET)
    assert f"/draws/{row.pk}/" not in client.get("/draws/").content.decode()
    assert client.get(f"/draws/{row.pk}/").status_code == 200


def test_the_list_turns_pages_and_costs_the_same(client: Client, scene: Scene, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    over = {
        "service": scene.drawn,
        "policy": scene.drawn.policies.latest(),
        "source": Draw.Source.DRAND,
        "opened_at": CLOSE_AT,
        "closes_at": CLOSE_AT,
        "committed_at": CLOSE_AT,
        "list_hash": bytes(32),
        "round": 1,
    }
    Draw.objects.bulk_create(Draw(**over, state="drawn", drawn_at=AFTER, randomness=bytes(32)) for _ in range(45))
    with django_assert_max_num_queries(2):
        page = client.get("/draws/").content.decode()
    newest = Draw.objects.latest("pk").pk
    assert f"?before={newest - 39}" in page
    assert client.get("/draws/", {"before": newest - 39}).content.decode().count('scope="row"') == 5
    assert client.get("/draws/", {"service": "dz-alg/c-tour"}).status_code == 200
