"""How often people hear of draws: at most one letter a day besides being drawn, or as they wish."""

from __future__ import annotations

from datetime import timedelta

import pytest

from appointments.draws.closing import close_draw
from appointments.draws.drawing import draw_now
from appointments.models import Draw, Request
from mailroom.models import Letter
from mailroom.renderers import render
from tests.appointments.draws.stage import CLOSE_AT, SECRET, make_draw, make_requests
from tests.appointments.pages.visitor import Visitor
from tests.cast import ALICE, ALICE_MAIL, Scene

pytestmark = pytest.mark.django_db
MANY = 6


def many_draws_of_a_day(scene: Scene) -> None:
    """Draws every few minutes, each with one place for three people, of whom one group never fits."""
    for number in range(MANY):
        at = CLOSE_AT + timedelta(minutes=5 * number)
        draw = make_draw(
            scene.drawn,
            1,
            now=at,
            source=Draw.Source.DEMONSTRATION,
            day=(CLOSE_AT + timedelta(days=20 + number)).date(),
        )
        assert close_draw(draw.pk, at, SECRET)
        draw_now(draw.pk, at + timedelta(minutes=1))  # an empty one, once all are served, is over already


@pytest.mark.parametrize(("wish", "lists", "losses"), [("daily", 1, 0), ("each", MANY, MANY), ("few", 0, 0)])
def test_people_are_written_to_as_often_as_they_wish(scene: Scene, wish: str, lists: int, losses: int) -> None:
    family = make_requests(scene.drawn, [3], letters=wish)[0]  # of three: it loses every draw of one place
    many_draws_of_a_day(scene)
    family.refresh_from_db()
    assert family.draws_lost == MANY
    mine = Letter.objects.filter(subject_key__endswith=family.reference)
    kinds = list(mine.values_list("kind", flat=True))
    assert (kinds.count("draw_committed"), kinds.count("draw_lost")) == (lists, losses)


def test_being_drawn_is_always_told(scene: Scene) -> None:
    requests = make_requests(scene.drawn, [1, 1, 1], letters="few")
    many_draws_of_a_day(scene)
    assert Letter.objects.filter(kind="draw_won").count() == len(requests)


def test_the_letter_of_the_day_says_what_was_lost_so_far(scene: Scene) -> None:
    family = make_requests(scene.drawn, [3], draws_lost=4, language="en")[0]
    many_draws_of_a_day(scene)
    letter = Letter.objects.get(kind="draw_committed", subject_key__endswith=family.reference)
    envelope = render(letter.kind, letter.subject_key, letter.payload)
    assert envelope is not None
    assert f"Draws you have lost so far: {4 + MANY}" in envelope.text.replace("\n", " ")
    assert "at most one letter a day" in envelope.text


def test_people_choose_it_on_the_page_of_their_request(scene: Scene) -> None:
    alice = Visitor(ALICE_MAIL)
    row = alice.ask(scene.drawn, ALICE)
    page = alice.get(f"/my/{row.reference}/").content.decode()
    assert 'value="daily" checked' in page
    for wish in ("few", "nonsense"):
        assert alice.post(f"/my/{row.reference}/letters/", letters=wish).status_code == 302
    row.refresh_from_db()
    assert row.letters == Request.Letters.FEW
    assert Visitor("charlie@example.org").post(f"/my/{row.reference}/letters/", letters="each").status_code == 302
    row.refresh_from_db()
    assert row.letters == Request.Letters.FEW
