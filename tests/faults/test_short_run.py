"""A short fault run on servers of its own: two nodes of everything, killed and restarted while people book."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from tests.processes import test_environment as environment_of_test

OURS = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "DATA_DIR", "PYTEST", "VISA_", "TEST_UPLOAD_DIR")


@dataclass
class Outcome:
    """What the run said, and its figures by name."""

    said: str
    code: int
    figures: dict[str, float]
    notes: dict[str, str]


@pytest.fixture(scope="module")
def outcome(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """One run for all the tests here; its tables are copied from this process's own, quicker than migrating."""
    sources = environment_of_test(tmp_path_factory.mktemp("faults"))
    env = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    copies = f"--copy-of={sources['DATABASE_URL']},{sources['VISA_KEYS_DATABASE_URL']}"
    done = subprocess.run(
        [sys.executable, "-m", "bench", "faults", "--short", copies],
        cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    said = done.stdout[-6000:] + done.stderr[-3000:]
    result = Path(settings.BASE_DIR) / "bench" / "results" / "faults-short.json"
    assert "violations" in said, said
    rows = json.loads(result.read_text())["rows"]
    figures = {row["what"]: row["value"] for row in rows}
    return Outcome(said, done.returncode, figures, {row["what"]: row["note"] for row in rows})


pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("faults")]


def test_nothing_is_lost_doubled_or_out_of_place_and_claims_are_linearizable(outcome: Outcome) -> None:
    assert (outcome.code, outcome.figures["violations"]) == (0, 0), outcome.said


def test_the_faults_were_real_and_people_went_on(outcome: Outcome) -> None:
    assert outcome.figures["parts started again"] >= 3, outcome.said  # a web node, a worker, PostgreSQL
    assert outcome.figures["PostgreSQL restarts"] > 0, outcome.said  # somebody saw it
    assert outcome.figures["takes that were answered yes"] >= 1, outcome.said
    assert outcome.figures["operations in the history"] >= 50, outcome.said


def test_a_person_books_with_every_page_at_the_other_node(outcome: Outcome) -> None:
    """Challenge, code, hold and payment: the walker's browser goes to the other node at each request."""
    assert outcome.figures["whole bookings"] >= 1, outcome.said


def test_two_beats_and_two_workers_do_everything_once_but_letters_whose_acknowledgement_was_lost(
    outcome: Outcome,
) -> None:
    assert outcome.figures["letters"] >= 10, outcome.said
    assert outcome.figures["ticks decided"] >= 1, outcome.said  # and none twice, or there were a violation
    assert "copies after a lost acknowledgement" in outcome.notes["letters"]
