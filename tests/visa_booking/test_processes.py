"""Real processes: worker, beat, several web nodes."""

from __future__ import annotations

import http.cookiejar
import json
import re
import signal
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.core.cache import cache

from tests.processes import Beat, Node, WebNode, Worker, wait_for
from visa_booking.health import WORKER_KEY

pytestmark = [pytest.mark.worker]


def ready(node: WebNode) -> tuple[int, dict[str, str]]:
    try:
        with urllib.request.urlopen(f"{node.url}/readyz", timeout=10) as answer:
            return answer.status, json.load(answer)["parts"]
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)["parts"]


@pytest.mark.timeout(120)
def test_ready_only_while_worker_and_beat_live(transactional_db: None, tmp_path: Path) -> None:
    with WebNode(tmp_path) as web:
        status, parts = ready(web)
        assert status == 503
        assert (parts["database"], parts["redis"], parts["worker"], parts["beat"]) == ("ok", "ok", "down", "down")
        with Worker(tmp_path):
            assert [name for name, state in ready(web)[1].items() if state != "ok"] == ["beat"]
        with Worker(tmp_path), Beat(tmp_path):
            wait_for(lambda: ready(web)[0] == 200, 30, "readiness")


@pytest.mark.timeout(120)
def test_figures_of_one_server_add_up_over_its_processes(transactional_db: None, tmp_path: Path) -> None:
    shared = tmp_path / "metrics"
    with WebNode(tmp_path, PROMETHEUS_MULTIPROC_DIR=str(shared), WORKERS="2") as web:
        for _ in range(20):
            urllib.request.urlopen(f"{web.url}/healthz", timeout=10).close()
        with urllib.request.urlopen(f"{web.url}/metrics", timeout=10) as answer:
            said = answer.read().decode()
    counted = re.search(r'visa_requests_total\{method="GET",route="healthz",status="200"\} (\d+)', said)
    assert counted
    assert int(counted.group(1)) >= 20


@pytest.mark.timeout(120)
def test_two_workers_share_the_queue_and_one_may_be_lost(transactional_db: None, tmp_path: Path) -> None:
    from visa_booking.tasks import heartbeat

    with Worker(tmp_path, "first") as first, Worker(tmp_path, "second"):
        first.stop(signal.SIGKILL)
        cache.delete(WORKER_KEY)
        heartbeat.delay()
        wait_for(lambda: cache.get(WORKER_KEY), 20, "the other worker")


@pytest.mark.timeout(120)
def test_a_session_of_one_node_holds_on_another(transactional_db: None, tmp_path: Path) -> None:
    with WebNode(tmp_path, "one") as one, WebNode(tmp_path, "two") as two:
        jar = http.cookiejar.CookieJar()
        person = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        with person.open(f"{one.url}/language/ar/?next=/healthz", timeout=10) as answer:
            assert answer.status == 200
        request = urllib.request.Request(f"{two.url}/does-not-exist")
        with pytest.raises(urllib.error.HTTPError) as refused:
            person.open(request, timeout=10)
        assert refused.value.code == 404
        assert b'dir="rtl"' in refused.value.read()


def test_every_beat_entry_names_a_task_that_exists() -> None:
    from visa_booking.celery import app, beat_schedule

    app.loader.import_default_modules()
    schedule = beat_schedule()
    assert schedule
    assert {entry["task"] for entry in schedule.values()} <= set(app.tasks)


def test_a_node_takes_no_connection_before_it_can_answer(transactional_db: None, tmp_path: Path) -> None:
    """While it loads, whoever is in front tries another one; a listening node that loads made everybody wait."""
    node, began = WebNode(tmp_path), time.monotonic()
    Node.__enter__(node)
    links: list[socket.socket] = []

    def taken() -> bool:
        try:
            links.append(socket.create_connection(("127.0.0.1", node.port), timeout=60))
        except OSError:
            return False
        return True

    try:
        wait_for(taken, what="a connection")
        loaded = time.monotonic()
        links[0].sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert links[0].recv(100).startswith(b"HTTP/1.1 200")
        assert time.monotonic() - loaded < (loaded - began) / 10
    finally:
        links[0].close()
        node.stop()
