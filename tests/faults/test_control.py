"""A claim that is broken on purpose gives a history that the checker refutes; ours, from the same crowd, does not."""

import json
import math
import time

import pytest
from django.db import connection, transaction
from django.utils import timezone

from appointments.actions.holds import hold
from appointments.models import Service
from appointments.refusals import RefusedError
from bench.chaos.linear import Operation, refutations
from tests.cast import make_scene, open_slots, person
from tests.concurrency.crowd import at_once

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault_keys"])
CROWD = 8


def _look_first_write_later(who: int) -> str:
    began = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT taken_by FROM broken_slot")
        free = cursor.fetchone()[0] is None
        time.sleep(0.05)
        if free:
            cursor.execute("UPDATE broken_slot SET taken_by = %s", [who])
    return json.dumps(["ok" if free else "refused", began, time.monotonic()])


def _hold(argument: tuple[int, int, int]) -> str:
    service, slot, who = argument
    began = time.monotonic()
    try:
        hold(
            service=Service.objects.select_related("post", "category").get(pk=service), slot_id=slot,
            people=[person(who)], contact=f"p{who}@example.org", language="fr", now=timezone.now(),
        )  # fmt: skip
        outcome = "ok"
    except RefusedError:
        outcome = "refused"
    return json.dumps([outcome, began, time.monotonic()])


def _history(results: list[str]) -> list[Operation]:
    told = [json.loads(result) for result in results]
    return [
        Operation("take", "1", str(who), began, ended if outcome != "unknown" else math.inf, outcome)
        for who, (outcome, began, ended) in enumerate(told)
    ]


def test_control_a_claim_that_looks_first_and_writes_later_is_refuted() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE broken_slot (taken_by int)")
        cursor.execute("INSERT INTO broken_slot VALUES (NULL)")
    try:
        history = _history(at_once(_look_first_write_later, list(range(CROWD))))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE broken_slot")
    assert len(refutations(history)) == 1


def test_our_claim_in_the_same_crowd_is_linearizable() -> None:
    scene = make_scene()
    slot = open_slots(scene.first_come, 1)[0]
    history = _history(at_once(_hold, [(scene.first_come.pk, slot.pk, who) for who in range(CROWD)]))
    assert [one.outcome for one in history].count("ok") == 1
    assert refutations(history) == []
