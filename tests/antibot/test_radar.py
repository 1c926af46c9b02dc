"""The radar: officines are seen, families are not, and nothing acts without a person, a notice and a week."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone, translation

from antibot import doors
from antibot.actions.decide_case import DecisionRefusedError, dismiss, notify, uphold
from antibot.actions.watch import watch
from antibot.domain.clusters import Seen, Signal, clusters
from antibot.models import OutboxEvent, RadarCase, Sighting
from antibot.wording import explained
from tests.antibot.conftest import SCOPE, MakeRequest, new_session

START = datetime(2030, 1, 1, 9, 0, tzinfo=UTC)


def seen(number: int, **values: object) -> Seen:
    base: dict[str, object] = {
        "subject": f"request-{number}",
        "identity": number.to_bytes(4, "big"),
        "at": START + timedelta(minutes=7 * number),
        "session": f"session-{number}".encode(),
        "network": f"network-{number}".encode(),
        "shared_network": False,
    }
    return Seen(**(base | values))  # type: ignore[arg-type]


def test_ordinary_life_raises_nothing() -> None:
    family = [seen(n, session=b"s", contact=b"c", network=b"n", card=b"k", subject="request-1") for n in range(6)]
    village = [seen(100 + n, network=b"village") for n in range(12)]
    cafe = [seen(200 + n, network=b"cafe", shared_network=True) for n in range(400)]
    namesakes = [seen(700 + n, pattern=b"mohamed9@mail.example") for n in range(8)]
    strangers = [seen(1000 + n) for n in range(500)]
    assert clusters([*family, *village, *cafe, *namesakes, *strangers], 10) == []


def test_an_officine_is_seen_and_explained() -> None:
    office = [
        seen(
            n,
            session=f"tab-{n % 3}".encode(),
            contact=f"box-{n % 2}".encode(),
            network=b"n",
            card=b"k",
            at=START + timedelta(seconds=10 * n),
        )
        for n in range(40)
    ]
    found = clusters([*office, *(seen(1000 + n) for n in range(300))], 60)
    assert len(found) == 1
    assert found[0].identities == 40
    assert found[0].score == 100
    assert {reason.signal for reason in found[0].reasons} >= {
        Signal.SESSION,
        Signal.CONTACT,
        Signal.CARD,
        Signal.NETWORK,
        Signal.TEMPO,
    }


def test_one_weak_sign_alone_does_not_reach_the_threshold() -> None:
    assert clusters([seen(n, network=b"campus") for n in range(400)], 60) == []


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_every_reason_has_a_sentence(language: str) -> None:
    rows = [{"signal": str(signal), "count": 7, "points": 5} for signal in Signal]
    with translation.override(language):
        assert all("7" in text for text, _ in explained(rows))


def fill(visitor: MakeRequest, count: int = 20) -> None:
    for number in range(count):
        doors.report_identity(visitor(), SCOPE, f"person-{number}".encode())
        doors.report_identity(visitor(), SCOPE, f"person-{number}".encode(), subject=f"request:{number}")


def test_sightings_become_a_case_once(visitor: MakeRequest) -> None:
    fill(visitor)
    doors.report_identity(visitor(session=new_session(), address="192.0.2.1"), SCOPE, b"stranger", subject="request:x")
    assert Sighting.objects.count() == 21
    now = timezone.now()
    assert watch(now) == 1
    assert watch(now) == 0
    case = RadarCase.objects.get()
    assert case.identities == 20
    assert "request:x" not in case.subjects
    assert OutboxEvent.objects.count() == 0


def test_a_case_goes_from_notice_to_decision_and_never_faster(visitor: MakeRequest, django_user_model: type) -> None:
    fill(visitor)
    now = timezone.now()
    watch(now)
    case = RadarCase.objects.get()
    officer = django_user_model.objects.create(username="officer", role="officer", is_staff=True)
    with pytest.raises(DecisionRefusedError):
        uphold(case.pk, reason="clear", by=officer, now=now)
    notify(case.pk, now)
    assert OutboxEvent.objects.filter(kind="suspected", data__stage="notice").count() == 20
    with pytest.raises(DecisionRefusedError):
        uphold(case.pk, reason="clear", by=officer, now=now + timedelta(days=6, hours=23))
    too_soon = {"state": "upheld", "decided_at": now + timedelta(days=6), "decided_by": officer, "reason": "x"}
    with pytest.raises(IntegrityError), transaction.atomic():
        RadarCase.objects.filter(pk=case.pk).update(**too_soon)
    with pytest.raises(DecisionRefusedError):
        uphold(case.pk, reason=" ", by=officer, now=now + timedelta(days=8))
    uphold(case.pk, reason="clear", by=officer, now=now + timedelta(days=7))
    assert OutboxEvent.objects.filter(data__stage="upheld").count() == 20
    with pytest.raises(DecisionRefusedError):
        dismiss(case.pk, reason="no", by=officer, now=now)


def staff(client: Client, model: type, role: str, *posts: str) -> object:
    from django_otp.plugins.otp_static.models import StaticDevice

    person = model.objects.create(username=f"{role}-{len(posts)}", role=role, is_staff=True)  # type: ignore[attr-defined]
    for post in posts:
        person.post_scopes.create(post_key=post)
    device = StaticDevice.objects.create(user=person, name="test", confirmed=True)
    client.force_login(person)
    session = client.session
    session["otp_device_id"] = device.persistent_id
    session["second_factor_at"] = int(timezone.now().timestamp())
    session.save()
    return person


def test_the_queue_shows_evidence_to_the_right_people_only(
    visitor: MakeRequest, client: Client, django_user_model: type
) -> None:
    fill(visitor)
    watch(timezone.now())
    case = RadarCase.objects.get()
    page = f"/admin/antibot/radarcase/{case.pk}/change/"
    staff(client, django_user_model, "officer", "ma-rba")
    assert client.get(page).status_code == 404
    staff(client, django_user_model, "agent", "dz-alg", "x")
    assert client.get(page).status_code in {403, 404}
    staff(client, django_user_model, "officer", "dz-alg", "x", "y")
    shown = client.get(page)
    assert shown.status_code == 200
    page_text = shown.content.decode()
    assert "198.51.100.7/32" in page_text
    # The chart has words for those who do not see it, and a bar that says its day and number.
    assert 'role="img" aria-label="' in page_text
    assert f"<title>{timezone.now():%Y-%m-%d}: 20</title>" in page_text
    # Every reason with its points, none without a sentence.
    assert page_text.count("(+") == len(explained(case.explanation)) > 0
    decide = f"/admin/antibot/radarcase/{case.pk}/decide/"
    client.post(decide, {"act": "uphold", "reason": "x"})
    case.refresh_from_db()
    assert case.state == "open"
    client.post(decide, {"act": "dismiss", "reason": "an association"})
    case.refresh_from_db()
    assert (case.state, case.reason) == ("dismissed", "an association")
    assert client.get(decide).status_code == 403


@pytest.mark.parametrize("role", ["centre", "head", "auditor", "officer", "agent"])
def test_every_staff_page_opens_or_refuses_cleanly(client: Client, django_user_model: type, role: str) -> None:
    staff(client, django_user_model, role, "dz-alg")
    allowed = 0
    for model in (
        "policyversion",
        "shadowtally",
        "networkrange",
        "networkblock",
        "appeal",
        "payment",
        "charge",
        "paymentevent",
        "voucherbatch",
        "disposabledomain",
        "radarcase",
    ):
        for page in ("", "add/"):
            status = client.get(f"/admin/antibot/{model}/{page}").status_code
            assert status in {200, 403}, (model, page, status)
            allowed += status == 200
    assert allowed >= {"centre": 14, "head": 5, "auditor": 6, "officer": 3, "agent": 1}[role]
    for page in ("payment/report/", "networkrange/import/"):
        assert client.get(f"/admin/antibot/{page}").status_code in {200, 403}


def test_lists_and_vouchers_are_imported_by_the_centre(client: Client, django_user_model: type) -> None:
    from antibot.actions.pay_voucher import voucher_digest
    from antibot.models import NetworkRange, Voucher

    staff(client, django_user_model, "centre")
    lines = "192.0.2.0/24\n2001:db8::/32\nnonsense"
    done = client.post("/admin/antibot/networkrange/import/", {"kind": "hosting", "note": "list", "networks": lines})
    assert done.status_code == 302
    assert NetworkRange.objects.count() == 2
    batch = {
        "label": "bank",
        "post_key": "dz-alg",
        "amount_cents": 2900,
        "currency": "EUR",
        "valid_until": "2040-01-01",
        "digests": voucher_digest("0123456789ABCDEF"),
    }
    assert client.post("/admin/antibot/voucherbatch/add/", batch).status_code == 302
    assert Voucher.objects.count() == 1
    assert client.post("/admin/antibot/voucherbatch/add/", batch | {"label": "x", "digests": "zz"}).status_code == 200
