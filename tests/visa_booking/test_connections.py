"""Connections to the database are kept, and one that is gone is noticed before it is used."""

import time

import pytest
from celery.fixups.django import DjangoWorkerFixup  # type: ignore[attr-defined]
from django.db import connection, connections

from visa_booking.celery import app


@pytest.mark.django_db
def test_a_living_connection_is_found_usable_without_a_question() -> None:
    other = connections.create_connection("default")
    other.ensure_connection()
    asked = 0

    def count(execute: object, *arguments: object) -> object:
        nonlocal asked
        asked += 1
        return execute(*arguments)  # type: ignore[operator]

    with other.execute_wrapper(count):
        assert other.is_usable()
    assert asked == 0
    other.close()
    assert not other.is_usable()


@pytest.mark.django_db
def test_a_connection_that_the_server_ended_is_noticed() -> None:
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
    deadline = time.monotonic() + 10
    while other.is_usable() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not other.is_usable()
    other.close()


def test_celery_leaves_connections_open_from_task_to_task() -> None:
    fixup = DjangoWorkerFixup(app)
    assert fixup.db_reuse_max is not None
    assert fixup.db_reuse_max > 10**12
