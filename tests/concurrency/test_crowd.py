"""The crowd itself: each of its processes has a connection of its own, whatever else runs in the thread that forks."""

import asyncio
import threading

import pytest
from django.db import connection, connections

from tests.concurrency import crowd
from tests.concurrency.crowd import at_once

pytestmark = pytest.mark.django_db(transaction=True)
CROWD = 4


def _session(_argument: None) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return str(cursor.fetchone()[0])


def _sessions_beside_a_loop() -> list[str]:
    """What a browser test leaves: a connection of this thread was open when an event loop began to run in it."""
    found: list[str] = []

    async def fork() -> None:
        found.extend(at_once(_session, [None] * CROWD))

    def thread() -> None:
        connection.ensure_connection()
        try:
            asyncio.run(fork())
        finally:
            connections.close_all()

    runs = threading.Thread(target=thread)
    runs.start()
    runs.join()
    return found


def test_each_process_of_the_crowd_has_its_own_session_beside_a_running_loop() -> None:
    sessions = _sessions_beside_a_loop()
    assert all(session.isdigit() for session in sessions), sessions
    assert len(set(sessions)) == CROWD


def test_control_without_connections_of_their_own_they_speak_through_one_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(crowd, "own_connections", lambda: None)
    sessions = _sessions_beside_a_loop()
    assert len({session for session in sessions if session.isdigit()}) < CROWD
