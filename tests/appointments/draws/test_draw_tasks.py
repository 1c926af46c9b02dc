"""The tasks that the clock starts: they do what is due, and one draw that fails does not stop the others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from appointments.draws import closing, tasks
from appointments.models import Draw, DrawDocument, Request
from tests.appointments.draws.stage import make_draw, make_requests
from tests.cast import Scene, make_service


def due(scene: Scene) -> tuple[Draw, Draw]:
    now = timezone.now() - timedelta(seconds=1)
    other = make_service(scene.post, "windowed", code="C-STUDY", family="study")
    for service in (scene.drawn, other):
        make_requests(service, [1, 1], now=now)
    options = {"now": now, "source": Draw.Source.DEMONSTRATION}
    first = make_draw(scene.drawn, 1, **options)  # type: ignore[arg-type]
    second = make_draw(other, 1, day=(now + timedelta(days=15)).date(), **options)  # type: ignore[arg-type]
    return first, second


def test_what_is_due_is_closed_and_drawn(scene: Scene) -> None:
    due(scene)
    assert tasks.close_draws() == 2
    assert tasks.draw_committed() == 2
    assert tasks.close_draws() == tasks.draw_committed() == 0
    assert Request.objects.filter(state="served").count() == 2


def test_a_damaged_list_stops_only_its_own_draw(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    first, second = due(scene)
    tasks.close_draws()
    DrawDocument.objects.filter(draw=first).delete()
    assert tasks.draw_committed() == 1
    assert set(Draw.objects.filter(state="drawn")) == {second}
    assert "draw_not_drawn" in caplog.text


def test_a_list_that_took_too_long_is_not_published(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    make_requests(scene.drawn, [1], now=now)
    draw = make_draw(scene.drawn, 1, now=now)
    monkeypatch.setattr(closing, "SAFETY", timedelta(minutes=5))
    with pytest.raises(closing.ListTooSlowError, match="took 0 s to write"):
        closing.close_draw(draw.pk, now, bytes(32))
    draw.refresh_from_db()
    assert draw.state == "collecting"
    assert not DrawDocument.objects.exists()
    assert tasks.close_draws() == 0
