"""What starts, stops and cleans up."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devtool import environment, places, running, stack, testing
from devtool.children import Children, started_at

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_secrets_are_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    first = stack.kept_secrets(tmp_path)
    assert stack.kept_secrets(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert len(set(first.values())) == len(first)


def test_two_runs_on_the_same_data_are_refused(tmp_path: Path) -> None:
    with stack.only_one(tmp_path), pytest.raises(places.Trouble, match="Another run"), stack.only_one(tmp_path):
        pass
    with stack.only_one(tmp_path):
        pass


def test_servers_whose_address_is_set_are_not_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/x")
    monkeypatch.setenv("REDIS_URL", "redis://valkey.example/0")
    children = Children(tmp_path / "processes.json", str(tmp_path))
    with stack.services(tmp_path, children) as env:
        assert children.running == {}
        assert env["DATABASE_URL"] == "postgresql://db.example/x"
    assert not (tmp_path / "servers").exists()


def test_what_somebody_has_set_goes_before_what_was_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISA_SECRET_KEY", "mine")
    env = stack.settings(tmp_path, stack.kept_secrets(tmp_path))
    assert env["VISA_SECRET_KEY"] == "mine"
    assert env["VISA_INDEX_KEY"]
    assert "postgres" not in env


def test_children_end_in_order_and_leave_no_record(tmp_path: Path) -> None:
    children = Children(tmp_path / "processes.json", str(tmp_path))
    for name in ("first", "second"):
        children.start(name, SLEEP, env=dict(os.environ), cwd=tmp_path)
    pids = [process.pid for process, _ in children.running.values()]
    assert all(started_at(pid) for pid in pids)
    children.stop_all()
    assert not any(started_at(pid) for pid in pids)
    assert not children.record.exists()


def test_children_die_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    if not sys.platform.startswith("linux"):
        return  # there the next start ends them, as the following test shows
    code = (
        "import sys, os, pathlib; from devtool.children import Children; where = pathlib.Path(sys.argv[1]);"
        "c = Children(where / 'p.json', str(where));"
        "c.start('one', [sys.executable, '-c', 'import time; time.sleep(60)'], env=dict(os.environ), cwd=where);"
        "print('up', flush=True); import time; time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, cwd=places.ROOT)
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"up\n"
    (_, pid, started), *_ = json.loads((tmp_path / "p.json").read_text())
    assert started_at(pid) == started
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while started_at(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert started_at(pid) == ""


def test_leftovers_are_ended_and_nobody_else(tmp_path: Path) -> None:
    ours = subprocess.Popen(SLEEP, env={**os.environ, "DEVTOOL_OWNER": str(tmp_path)})
    recorded = subprocess.Popen(SLEEP)
    stranger = subprocess.Popen(SLEEP, env={**os.environ, "DEVTOOL_OWNER": "/somewhere/else"})
    record = tmp_path / "processes.json"
    # The stranger has the number that one of ours had before it died: only the start time tells them apart.
    rows = [["web", recorded.pid, started_at(recorded.pid)], ["worker", stranger.pid, "1"]]
    record.write_text(json.dumps(rows))
    try:
        assert Children(record, str(tmp_path)).end_leftovers() == ["a child process", "web"]
        assert (ours.wait(5) != 0, recorded.wait(5) != 0, stranger.poll()) == (True, True, None)
    finally:
        for process in (ours, recorded, stranger):
            process.kill()
            process.wait()


def test_a_killed_run_leaves_no_throw_away_data(tmp_path: Path) -> None:
    left = tmp_path / f"{stack.THROW_AWAY}tests-x"
    used = tmp_path / f"{stack.THROW_AWAY}tests-y"
    foreign = tmp_path / "somebody-elses"
    for folder in (left, used, foreign):
        folder.mkdir()
        (folder / "lock").touch()
    with stack.only_one(used):
        stack._sweep(tmp_path)
    assert (left.exists(), used.exists(), foreign.exists()) == (False, True, True)


def test_a_folder_that_is_closed_to_others_is_seen_as_such(tmp_path: Path) -> None:
    stranger = places.Account(os.geteuid() + 1234, os.getegid() + 1234)
    closed = tmp_path / "closed"
    (closed / "inside").mkdir(parents=True)
    closed.chmod(0o700)
    assert not places.reachable(closed / "inside", stranger)
    assert places.reachable(closed / "inside", places.Account(os.geteuid(), os.getegid()))


@pytest.mark.parametrize("port", ["0", "70000", "http"])
def test_a_wrong_port_is_refused_with_a_sentence(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(places.Trouble, match="PORT has to be a number"):
        running._port()


def test_a_port_in_use_is_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        monkeypatch.setenv("PORT", str(busy.getsockname()[1]))
        with pytest.raises(places.Trouble, match="Choose another"):
            running._port()


def test_no_browser_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(testing, "MAC_BROWSERS", ())
    with pytest.raises(places.Trouble, match="need Chromium") as trouble:
        testing.browser()
    assert "\n" not in str(trouble.value)


@pytest.mark.parametrize(
    ("arguments", "workers"),
    [([], 2), (["-q"], 2), (["tests/vault"], 0), (["-x", "-q"], 0), (["-n", "4"], 0), (["--collect-only"], 0)],
)
def test_two_processes_for_a_whole_run_only(arguments: list[str], workers: int) -> None:
    found = testing.parallel(arguments)
    assert found[:2] == (["-n", "2"] if workers and (os.cpu_count() or 1) > 1 else [])


def test_the_environment_is_made_again_when_lock_or_place_change(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = environment._fingerprint()
    assert environment.STAMP.read_text() == before
    monkeypatch.setattr(environment, "VENV", tmp_path)
    assert environment._fingerprint() != before
    monkeypatch.undo()
    lock = tmp_path / "lock"
    lock.write_text(environment.LOCK.read_text() + "# changed\n")
    monkeypatch.setattr(environment, "LOCK", lock)
    assert environment._fingerprint() != before
    assert environment._builder().startswith("setuptools==")


def test_commands_that_are_not_there_are_named() -> None:
    done = subprocess.run(
        [sys.executable, "dev.py", "fly"], cwd=places.ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "There is no command 'fly'" in done.stderr
    assert "Traceback" not in done.stderr
