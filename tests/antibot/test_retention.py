"""Everything antibot keeps is gone on its day, and nothing before."""

from __future__ import annotations

from datetime import timedelta

from captcha.models import CaptchaStore
from django.utils import timezone

from antibot import doors
from antibot.domain.scores import Fault
from antibot.limits.faults import record_fault
from antibot.models import NetworkBlock, OneTimeCode, Sighting
from antibot.retention import SWEEPERS
from tests.antibot.conftest import SCOPE, MakeRequest


def sweep(days: float) -> dict[str, int]:
    return {name: sweeper(timezone.now() + timedelta(days=days), 100) for name, sweeper in SWEEPERS.items()}


def test_each_kind_has_its_day(visitor: MakeRequest) -> None:
    str(doors.challenge_form(visitor(method="get"), SCOPE))
    doors.send_code(visitor(), "alice@example.org", "apply", SCOPE, "fr")
    doors.report_identity(visitor(), SCOPE, b"x")
    record_fault(visitor(), Fault.PROOF_FORGED, SCOPE, timezone.now(), 20)
    assert set(sweep(0).values()) == {0}
    assert sweep(6 / 1440)["captchas"] == 1
    assert not CaptchaStore.objects.exists()
    assert sweep(24 / 24)["codes"] == 0
    assert sweep(25.1 / 24)["codes"] == 1
    assert not OneTimeCode.objects.exists()
    assert sweep(179)["sightings"] == 0
    assert sweep(180.1)["sightings"] == 1
    assert sweep(180.4)["blocks"] == 1
    assert not Sighting.objects.exists()
    assert not NetworkBlock.objects.exists()


def test_a_sweep_keeps_to_its_limit(visitor: MakeRequest) -> None:
    for _ in range(5):
        str(doors.challenge_form(visitor(method="get"), SCOPE))
    late = timezone.now() + timedelta(hours=1)
    assert [SWEEPERS["captchas"](late, 2) for _ in range(4)] == [2, 2, 1, 0]
