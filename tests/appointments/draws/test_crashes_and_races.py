"""Real processes: killed at every statement, and several at once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from appointments.draws.closing import close_draw
from appointments.integrity import violations
from appointments.models import Booking, Draw, Request
from mailroom.models import Letter
from tests.appointments.draws.stage import CLOSE_AT, ROUND_AT, SECRET, make_draw, make_requests
from tests.cast import make_scene
from tests.processes import test_environment as environment_of

SIZES = [1, 1, 2, 1, 3, 1, 1]


def start(folder: Path, script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", f"tests.appointments.{script}", *map(str, arguments)],
        env=environment_of(folder),
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answers(*processes: subprocess.Popen[str]) -> list[dict[str, object]]:
    ended = [process.communicate(timeout=90) for process in processes]
    for process, (_, said) in zip(processes, ended, strict=True):
        assert process.returncode == 0, said[-3000:]
    return [json.loads(out.splitlines()[-1]) for out, _ in ended]


def staged() -> Draw:
    scene = make_scene()
    make_requests(scene.drawn, SIZES)
    make_requests(scene.drawn, [1], quota="urgent")
    return make_draw(scene.drawn, 5, urgent=1)


@pytest.mark.django_db(transaction=True)
def test_killed_at_every_statement_of_close_and_of_draw_the_outcome_is_the_same(tmp_path: Path) -> None:
    draw = staged()
    for step, least in (("close", 8), ("draw", 15)):
        (found,) = answers(start(tmp_path, "draws.crashing", step, draw.pk))
        assert found == {"deaths": found["deaths"], "torn": 0, "as_without": True, "moved": True}
        assert int(str(found["deaths"])) >= least
    draw.refresh_from_db()
    assert draw.state == "drawn"
    assert not list(violations(ROUND_AT))


@pytest.mark.django_db(transaction=True)
def test_two_workers_close_and_draw_once(tmp_path: Path) -> None:
    draw = staged()
    for step in ("close", "draw"):
        both = [start(tmp_path, "draws.together", step, draw.pk) for _ in range(2)]
        assert sorted(bool(one["did"]) for one in answers(*both)) == [False, True]
    assert Letter.objects.filter(kind="draw_committed").count() == len(SIZES) + 1
    assert Booking.objects.count() == Request.objects.filter(state="served").count() > 0
    assert set(Request.objects.filter(state="standing").values_list("draws_lost", flat=True)) <= {1}


@pytest.mark.django_db(transaction=True)
def test_two_lists_of_a_service_are_not_published_at_once(tmp_path: Path) -> None:
    first = staged()
    second = make_draw(first.service, 2, day=first.closes_at.date())
    both = [start(tmp_path, "draws.together", "close", pk) for pk in (first.pk, second.pk)]
    assert sorted(bool(one["did"]) for one in answers(*both)) == [False, True]
    assert Draw.objects.filter(state="committed").count() == 1
    assert close_draw(second.pk, CLOSE_AT, SECRET) is None


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_two_lists_are_published_at_once(tmp_path: Path) -> None:
    first = staged()
    second = make_draw(first.service, 2, day=first.closes_at.date())
    answers(*[start(tmp_path, "draws.together", "unlocked", pk) for pk in (first.pk, second.pk)])
    assert Draw.objects.filter(state="committed").count() == 2
